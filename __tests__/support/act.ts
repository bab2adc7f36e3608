/** Workflows of the documents, run by act on this machine with the action from here. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { lab } from './lab.ts';
import type { ActionCopy, Ended, Runner, RunnerOptions } from './step.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `null` where there is no Go toolchain; where there is one that cannot build it, this says so and fails. */
export const { path: act } = await lab.act();

/** A step of a workflow, as far as a test changes it. */
export interface WorkflowStep {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps?: readonly WorkflowStep[] }>>;
}

/** The same workflow with other steps in it. */
export function withSteps(workflow: string, change: (step: WorkflowStep) => WorkflowStep): string {
  const parsed: Workflow = parse(workflow);
  const jobs = Object.entries(parsed.jobs).map(([id, job]) => [
    id,
    job.steps === undefined ? job : { ...job, steps: job.steps.map(change) },
  ]);
  return stringify({ ...parsed, jobs: Object.fromEntries(jobs) });
}

/** Whether a step uses this action, or one of its sub-actions, and names no registry in `images`. */
export function takesRegistry({ uses = '', with: given }: WorkflowStep): boolean {
  return /^org\/publish-docker-package(?:\/[a-z]+)?@v1$/.test(uses) && given?.images === undefined;
}

/** What a workflow of a checkout is run for. */
export interface Triggered {
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Secrets and variables of the repository. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  readonly owner?: string;
}

export function pushOf(ref: string): Triggered {
  return { event: 'push', payload: { ref } };
}

/**
 * A checkout of `Octo-Org/NAME` with workflows.
 * @param files what else is in it, and the workflows below `.github/workflows/`
 */
export async function checkOut(
  action: ActionCopy,
  name: string,
  files: Readonly<Record<string, string>>,
  options: RunnerOptions,
  owner = 'Octo-Org',
): Promise<Runner> {
  const runner = action.newRunner(options);
  for (const [path, text] of Object.entries(files)) runner.write(path, text);
  for (const line of [
    'init --quiet --initial-branch main',
    `remote add origin https://github.com/${owner}/${name}.git`,
    'add --all',
    '-c user.name=Octo -c user.email=octo@example.com commit --quiet --message checkout',
  ]) {
    const ended = await runner.run(['git', ...line.split(' ')]);
    if (ended.exitCode !== 0) throw new Error(`git ${line}: ${ended.log}`);
  }
  // With a configuration of its own act asks nothing; its defaults are images that it would pull.
  mkdirSync(join(runner.home, '.config/act'), { recursive: true });
  const labels = ['ubuntu-latest', 'ubuntu-24.04', 'ubuntu-24.04-arm'];
  writeFileSync(join(runner.home, '.config/act/actrc'), labels.map((label) => `-P ${label}=-self-hosted\n`).join(''));
  return runner;
}

/**
 * Runs one workflow of a checkout.
 * @param workflow its name below `.github/workflows/`, without `.yml`
 * @param packed a folder of the action that nothing writes to meanwhile: act packs it whole
 * @throws Error with the log, if a job fails
 */
export async function runWorkflow(
  runner: Runner,
  name: string,
  workflow: string,
  { event, payload, secrets = {}, vars = {}, owner = 'Octo-Org' }: Triggered,
  packed: ActionCopy,
): Promise<Ended> {
  const repository = {
    name,
    full_name: `${owner}/${name}`,
    default_branch: 'main',
    description: '',
    html_url: '',
    license: null,
  };
  const write = (file: string, text: string): string => {
    writeFileSync(join(runner.temp, file), text);
    return join(runner.temp, file);
  };
  const lines = (values: Readonly<Record<string, string>>): string =>
    Object.entries(values)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('');
  // act runs actions with the `node` of PATH, whatever `using` says.
  const env = {
    PATH: `${join(root, 'node_modules/.bin')}:${runner.path}`,
    XDG_CACHE_HOME: join(runner.home, '.cache'),
  };
  const ended = await runner.run(
    [
      act ?? '',
      event,
      '--no-cache-server',
      '--pull=false',
      ...['--eventpath', write('event.json', JSON.stringify({ repository, ...payload }))],
      ...['--secret-file', write('secrets.env', lines(secrets))],
      ...['--var-file', write('vars.env', lines(vars))],
      ...['--local-repository', `org/publish-docker-package@v1=${packed.folder}`],
      ...['--workflows', `.github/workflows/${workflow}.yml`],
    ],
    env,
  );
  if (ended.exitCode !== 0) throw new Error(ended.log);
  if (ended.log.includes('api.github.com')) throw new Error(`act asked GitHub:\n${ended.log}`);
  return ended;
}
