/**
 * The post entry: ends and removes what `main` left. `main` was killed, or kept it on purpose for the later steps of
 * the job (`login-scope: job`, a builder). Loads nothing but this, unless something is left.
 */

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isStepFolder } from '../login/private-folder.ts';
import { getState } from '../runner/step-inputs.ts';
import { annotate } from '../runner/workflow-commands.ts';
import { outliveReaders } from './lost-reader.ts';

export async function run(): Promise<void> {
  outliveReaders();
  const folder = getState('folder');
  if (!isStepFolder(folder)) return;
  const isLeft = existsSync(folder);
  // A step that came to its end has ended its children. What one that was killed started may write the folder again.
  if (getState('ended') !== 'true') {
    const { endProcessesOf } = await import('./left-processes.ts');
    await endProcessesOf(folder);
  }
  // The posts of a job run from its last step to its first: nobody needs the builder any more that this step made.
  const jobBuilder = getState('job-builder');
  if (jobBuilder !== '') {
    const { removeLeftBuilder } = await import('./left-builder.ts');
    const left = await removeLeftBuilder(jobBuilder, process.env);
    if (left !== '') warn(left);
  }
  if (!isLeft && !existsSync(folder)) return;
  // Left by a step that was killed with a builder of its own: where its state is gone, so is the builder.
  const builder = getState('builder');
  if (builder !== '' && existsSync(join(folder, 'docker', 'buildx', 'instances'))) {
    await removeBuilder(builder, folder).catch((error: unknown) =>
      warn(`The builder of this step could not be removed: ${error}`),
    );
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) =>
    warn(`${folder}, with the login of this step, could not be removed: ${error}`),
  );
}

function warn(message: string): void {
  annotate('warning', message);
}

/**
 * @param noted by `main`, as JSON: the command line, and the names of the variables that hold no secret
 * @throws Error
 */
async function removeBuilder(noted: string, folder: string): Promise<void> {
  const { createCommandRunner } = await import('../engine/command.ts');
  const { argv, variables } = JSON.parse(noted);
  const [program = 'docker-buildx', ...args] = argv.map(String);
  const config = join(folder, 'docker');
  const inherited = Object.entries(process.env).filter(([name]) => variables.includes(name));
  const env = {
    ...Object.fromEntries(inherited),
    DOCKER_CONFIG: config,
    BUILDX_CONFIG: join(config, 'buildx'),
  };
  const { run: start } = createCommandRunner(AbortSignal.timeout(30_000));
  const { exitCode, stderr } = await start([program, ...args], { env });
  if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${stderr.trim()}`);
}
