/**
 * The workflows of the recipes, run by act on this machine. Of each only the registry is another one; the action is
 * `org/publish-docker-package@v1`, which act takes from here.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { blocksOf } from '../support/doc-workflows.ts';
import { lab } from '../support/lab.ts';
import { copyAction, type Ended, type Runner, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** `null` where there is no Go toolchain; where there is one that cannot build it, this says so and fails. */
const { path: act } = await lab.act();

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps?: readonly Step[] }>>;
}

/** The workflow of a recipe, or the first of README.md. */
function readWorkflow(name: string): string {
  if (name !== 'readme') return readFileSync(join(root, 'examples/workflows', `${name}.yml`), 'utf8');
  return blocksOf('README.md', 'yaml')[0]?.text ?? '';
}

/** A workflow whose images go to a registry of this machine. */
function recipe(name: string, registry: string): string {
  const workflow: Workflow = parse(readWorkflow(name).replaceAll('ghcr.io', registry));
  const redirect = (step: Step): Step =>
    /^org\/publish-docker-package(?:\/pull)?@v1$/.test(step.uses ?? '') && step.with?.images === undefined
      ? { ...step, with: { registry, ...step.with } }
      : step;
  const jobs = Object.entries(workflow.jobs).map(([id, job]) => [
    id,
    job.steps === undefined ? job : { ...job, steps: job.steps.map(redirect) },
  ]);
  return stringify({ ...workflow, jobs: Object.fromEntries(jobs) });
}

(act === null ? describe.skip : describe)('act runs (needs a Go toolchain)', () => {
  const suite = openSuite('engine', 'registry', 'client');
  /** Only for act, which packs the whole folder: in the other one the runners write meanwhile. */
  const packed = copyAction();
  afterAll(() => packed[Symbol.dispose]());

  /** A checkout of `Octo-Org/NAME` with the workflows of some recipes. */
  async function aCheckout(
    name: string,
    recipes: readonly string[],
    dockerfile = 'FROM scratch\nARG NODE_VERSION\nLABEL node=$NODE_VERSION\nCOPY Dockerfile /\n',
  ): Promise<Runner> {
    const runner = suite.action.newRunner({ engine: suite.engine });
    for (const folder of ['.', 'services/api', 'services/web']) runner.write(join(folder, 'Dockerfile'), dockerfile);
    for (const each of recipes) runner.write(`.github/workflows/${each}.yml`, recipe(each, suite.registry));
    for (const line of [
      'init --quiet --initial-branch main',
      `remote add origin https://github.com/Octo-Org/${name}.git`,
      'add --all',
      '-c user.name=Octo -c user.email=octo@example.com commit --quiet --message checkout',
    ])
      expect(await runner.run(['git', ...line.split(' ')])).toMatchObject({ exitCode: 0 });
    // With a configuration of its own act asks nothing; its defaults are images that it would pull.
    mkdirSync(join(runner.home, '.config/act'), { recursive: true });
    writeFileSync(join(runner.home, '.config/act/actrc'), '-P ubuntu-latest=-self-hosted\n');
    return runner;
  }

  /** Runs one workflow for an event. */
  async function run(
    runner: Runner,
    name: string,
    workflow: string,
    [event, payload]: readonly [event: string, payload: Readonly<Record<string, unknown>>],
  ): Promise<Ended> {
    const repository = {
      name,
      full_name: `Octo-Org/${name}`,
      default_branch: 'main',
      description: '',
      html_url: '',
      license: null,
    };
    const file = join(runner.temp, 'event.json');
    writeFileSync(file, JSON.stringify({ repository, ...payload }));
    // act runs actions with the `node` of PATH, whatever `using` says.
    const env = {
      PATH: `${join(root, 'node_modules/.bin')}:${runner.path}`,
      XDG_CACHE_HOME: join(runner.home, '.cache'),
    };
    const here = ['--local-repository', `org/publish-docker-package@v1=${packed.folder}`];
    const workflows = ['--workflows', `.github/workflows/${workflow}.yml`];
    const options = ['--no-cache-server', '--pull=false', '--eventpath', file, ...here, ...workflows];
    const ended = await runner.run([act ?? '', event, ...options], env);
    if (ended.exitCode !== 0) throw new Error(ended.log);
    expect(ended.log).not.toContain('api.github.com');
    return ended;
  }

  const pushOf = (ref: string): readonly [string, Readonly<Record<string, unknown>>] => ['push', { ref }];
  const nameOf = (image: string): string => `${suite.registry}/octo-org/${image.toLowerCase()}`;

  test('the first workflow of README.md publishes a new repository that has a Dockerfile and nothing else', async () => {
    const { client } = suite;
    const name = uniqueName('Fresh');
    const runner = await aCheckout(name, ['readme']);
    await run(runner, name, 'readme', pushOf('refs/heads/main'));
    expect(await client.tagsOf(nameOf(name))).toEqual(['main']);
    expect(await client.labelsOf(`${nameOf(name)}:main`)).toMatchObject({ 'org.opencontainers.image.title': name });
  });

  test('release tags: a version, its lines and latest', async () => {
    const name = uniqueName('Release');
    const runner = await aCheckout(name, ['release-tags']);
    await run(runner, name, 'release-tags', pushOf('refs/tags/v1.2.3'));
    expect(await suite.client.tagsOf(nameOf(name))).toEqual(['1', '1.2', '1.2.3', 'latest']);
    await run(runner, name, 'release-tags', pushOf('refs/tags/v2.0.0-rc.1'));
    expect(await suite.client.tagsOf(nameOf(name))).toEqual(['1', '1.2', '1.2.3', '2.0.0-rc.1', 'latest']);
  });

  test.each([
    { whose: 'a fork', from: 'stranger/app', tags: [] },
    { whose: 'the repository itself', from: '', tags: ['pr-15'] },
  ])('pull requests: one of $whose is published as $tags', async ({ from, tags }) => {
    const name = uniqueName('Pulled');
    const runner = await aCheckout(name, ['pull-requests']);
    const head = { sha: '0'.repeat(40), ref: 'topic', repo: { full_name: from || `Octo-Org/${name}` } };
    const payload = {
      number: 15,
      ref: 'refs/pull/15/merge',
      pull_request: { number: 15, head, base: { ref: 'main' } },
    };
    const { log } = await run(runner, name, 'pull-requests', ['pull_request', payload]);
    expect(log).toContain('Nothing was published, because the run is for pull request');
    const found = await suite.client.tagsOf(nameOf(name)).catch(() => []);
    expect(found).toEqual(tags);
  });

  test('monorepo: a tag of one service publishes that service alone', async () => {
    const name = uniqueName('Mono');
    const runner = await aCheckout(name, ['monorepo']);
    const { log } = await run(runner, name, 'monorepo', pushOf('refs/tags/api/v1.2.3'));
    expect(await suite.client.tagsOf(`${nameOf(name)}/api`)).toEqual(['1.2', '1.2.3', 'latest']);
    expect(log).toContain('Nothing was published, because no tag came out of `tags`');
    await run(runner, name, 'monorepo', pushOf('refs/heads/main'));
    expect(await suite.client.tagsOf(`${nameOf(name)}/web`)).toEqual(['edge']);
  });

  test('matrix over versions: each leg has tags of its own, and one has latest', async () => {
    const name = uniqueName('Matrix');
    const runner = await aCheckout(name, ['matrix-versions']);
    await run(runner, name, 'matrix-versions', pushOf('refs/tags/v1.2.3'));
    const tags = ['22', '24'].flatMap((node) => ['1', '1.2', '1.2.3'].map((version) => `${version}-node${node}`));
    expect(await suite.client.tagsOf(nameOf(name))).toEqual([...tags, 'latest'].sort());
    expect(await suite.client.labelsOf(`${nameOf(name)}:latest`)).toMatchObject({ node: '24' });
    expect(await suite.client.labelsOf(`${nameOf(name)}:1-node22`)).toMatchObject({ node: '22' });
  });

  test('reusable workflow: a later job of the caller has the reference', async () => {
    const name = uniqueName('Called');
    const runner = await aCheckout(name, ['reusable-caller', 'reusable-publish']);
    const { log } = await run(runner, name, 'reusable-caller', pushOf('refs/heads/main'));
    expect(log).toContain(
      `deploy ${suite.registry}/octo-org/shop@${await suite.client.digestOf(`${suite.registry}/octo-org/shop:main`)}`,
    );
  });

  test('pull: a later job runs exactly what was published', async () => {
    const { client } = suite;
    const name = uniqueName('Tried');
    const { busybox } = await lab.images();
    const runner = await aCheckout(name, ['pull'], `FROM ${busybox}\nENTRYPOINT ["echo", "${name} was run with"]\n`);
    const { log } = await run(runner, name, 'pull', pushOf('refs/heads/main'));
    expect(log).toContain(`${name} was run with --version`);
    expect(log).toContain(`Pulled ${nameOf(name)}@${await client.digestOf(`${nameOf(name)}:main`)}`);
  });

  test('promote: the tag is the same image, and no Docker was asked', async () => {
    const version = uniqueName('1.2.3-t');
    const source = suite.action.newRunner({ engine: suite.engine, repository: 'octo-org/app' });
    source.write('Dockerfile', `FROM scratch\nLABEL version=${version}\nCOPY Dockerfile /\n`);
    const { outputs } = await source.main({ registry: suite.registry, tags: version });
    const name = uniqueName('Promoter');
    const runner = await aCheckout(name, ['promote']);
    await run(runner, name, 'promote', ['workflow_dispatch', { ref: 'refs/heads/main', inputs: { version } }]);
    expect(await suite.client.digestOf(`${suite.registry}/octo-org/app:production`)).toBe(outputs.digest);
    expect(runner.commands()).toEqual([]);
  });
});
