/**
 * The workflow of docs/recipes/multi-platform.md, run by act: a real matrix, a real `needs`, the expressions of the real
 * syntax. Of the recipe only the place of the action, the registry and the image are others.
 */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { lab, openIndependentClient } from '../support/lab.ts';
import { copyAction, uniqueName } from '../support/step.ts';

const execute = promisify(execFile);
const { path: act } = await lab.act();

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
}

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: Step[] }>>;
}

/** The workflow of the recipe that has a matrix, with its inputs laid over. */
function recipe(inputs: Readonly<Record<string, string>>): Workflow {
  const text = readFileSync(new URL('../../docs/recipes/multi-platform.md', import.meta.url), 'utf8');
  const [, whole = ''] = /```yaml\n((?:(?!```)[\s\S])*?matrix:[\s\S]*?)```/.exec(text) ?? [];
  const workflow: Workflow = parse(whole);
  for (const { steps } of Object.values(workflow.jobs)) {
    for (const step of steps) {
      const [isOurs, folder = ''] = /^org\/publish-docker-package(\/\w+)?@v1$/.exec(step.uses ?? '') ?? [];
      if (isOurs === undefined) continue;
      step.uses = `.${folder || '/'}`;
      step.with = { ...step.with, ...inputs };
    }
    // An action of the repository itself has to be checked out.
    if (!steps.some(({ uses }) => uses?.startsWith('actions/checkout'))) steps.unshift({ uses: 'actions/checkout@v5' });
  }
  return workflow;
}

(act === null ? test.skip : test)('the workflow of the recipe publishes one image of two platforms', async () => {
  const [{ environment }, { address: registry }, { busybox }] = await Promise.all([
    lab['engine-containerd'](),
    lab.registry(),
    lab.images(),
  ]);
  using client = await openIndependentClient();
  using action = copyAction();
  const folder = await mkdtemp(join(tmpdir(), 'merge-workflow-'));
  try {
    const image = uniqueName('recipe');
    const repository = join(folder, 'app');
    const git = (...args: readonly string[]) => execute('git', ['-C', repository, ...args]);
    await mkdir(join(repository, '.github/workflows'), { recursive: true });
    for (const part of ['action.yml', 'merge', 'dist']) {
      await cp(join(action.folder, part), join(repository, part), { recursive: true });
    }
    await writeFile(join(repository, 'Dockerfile'), `FROM ${busybox}\nCOPY Dockerfile /leg.txt\n`);
    await writeFile(join(repository, '.github/workflows/publish.yml'), stringify(recipe({ registry, image })));
    await git('init', '--quiet', '--initial-branch', 'main');
    await git('remote', 'add', 'origin', 'https://github.com/octo-org/app.git');
    await git('add', '--all');
    await git(
      '-c',
      'user.name=octocat',
      '-c',
      'user.email=octocat@example.com',
      'commit',
      '--quiet',
      '--message',
      'App',
    );

    const labels = ['ubuntu-24.04', 'ubuntu-24.04-arm'].flatMap((label) => ['--platform', `${label}=-self-hosted`]);
    const env = {
      ...environment,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      PATH: [dirname(process.execPath), environment.PATH].join(delimiter),
    };
    const run = await execute(act ?? '', ['push', ...labels, '--actor', 'octocat'], { cwd: repository, env }).catch(
      (error: { readonly stdout: string }) => error,
    );
    expect(run.stdout.match(/Job (?:succeeded|failed)/g)).toEqual(['Job succeeded', 'Job succeeded', 'Job succeeded']);

    const name = `${registry}/octo-org/${image}`;
    expect(await client.tagsOf(name)).toEqual(['main']);
    expect(await client.manifestOf(`${name}:main`)).toMatchObject({
      manifests: [{ platform: { architecture: 'amd64' } }, { platform: { architecture: 'arm64' } }],
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
