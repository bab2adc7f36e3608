/** One merge into several registries: those that have legs, and those that get a copy of them. */

import { describe, expect, test } from '@jest/globals';
import { tagPush } from '../support/event.ts';
import { lab } from '../support/lab.ts';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { type Runner, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('containerd', 'registry', 'login', 'busybox', 'client');

type Inputs = Readonly<Record<string, string>>;

const platforms = 'linux/amd64,linux/arm64';
const succeeded = { exitCode: 0, failure: '' };
const tags = ['1', '1.2', '1.2.3', 'latest'];

/** The jobs of one run, which publishes to a registry that asks for no login and to one that does. */
function newRun() {
  const path = `octo-org/${uniqueName('registries')}`;
  const env = { GITHUB_RUN_ID: `${Date.now()}`, GITHUB_RUN_ATTEMPT: '1' };
  const { registry: address, username, token } = suite.login;
  const names = { open: `${suite.registry}/${path}`, closed: `${address}/${path}` };
  const auth = `- registry: ${address}\n  username: ${username}\n  password: ${token}\n`;
  const newRunner = (subAction: string, engine: Inputs): Runner =>
    suite.action.newRunner({ subAction, engine, env, event: tagPush('v1.2.3'), repository: path, token: 'ghs_canary' });
  return {
    ...names,
    images: `${names.open}\n${names.closed}`,
    async stage(inputs: Inputs): Promise<readonly string[]> {
      const digests: string[] = [];
      for (const platform of platforms.split(',')) {
        const runner = newRunner('.', suite.containerd);
        runner.write('Dockerfile', `FROM ${suite.busybox}\nCOPY leg.txt /leg.txt\n`);
        runner.write('leg.txt', platform);
        const step = await runner.main({ stage: 'true', platforms: platform, 'registry-auth': auth, ...inputs });
        expect(step).toMatchObject(succeeded);
        digests.push(step.outputs.digest ?? '');
      }
      return digests;
    },
    /** @returns the step, and the runner of its job */
    async merge(inputs: Inputs): Promise<{ readonly step: StepResult; readonly runner: Runner }> {
      // A merge needs no engine.
      const runner = newRunner('merge', { PATH: '/usr/bin:/bin', DOCKER_HOST: 'unix:///nonexistent/docker.sock' });
      return { step: await runner.main({ platforms, 'registry-auth': auth, ...inputs }), runner };
    },
  };
}

async function expectWhole(name: string, digest: string | undefined): Promise<void> {
  expect(await suite.client.tagsOf(name)).toEqual(tags);
  for (const tag of tags) expect(await suite.client.digestOf(`${name}:${tag}`)).toBe(digest);
  for (const platform of platforms.split(',')) {
    expect(await suite.client.contentOf(`${name}:latest`, 'leg.txt', platform)).toBe(platform);
  }
}

describe('a merge into two registries', () => {
  test('joins the legs that each has', async () => {
    const run = newRun();
    await run.stage({ images: run.images });
    const { step } = await run.merge({ images: run.images });
    expect(step).toMatchObject(succeeded);
    for (const name of [run.open, run.closed]) await expectWhole(name, step.outputs.digest);
    expect(step.log).not.toContain('copied from');
    expect(step.outputs.tags?.split('\n')).toEqual([run.open, run.closed].flatMap((name) => tagged(name)));
  });

  test.each([
    ['the second', (run: ReturnType<typeof newRun>) => ({ full: run.open, empty: run.closed })],
    ['the first', (run: ReturnType<typeof newRun>) => ({ full: run.closed, empty: run.open })],
  ])('copies the legs to %s, if that has none', async (_which, chosenOf) => {
    const run = newRun();
    const { full, empty } = chosenOf(run);
    await run.stage({ images: full });
    const { step } = await run.merge({ images: run.images });
    expect(step).toMatchObject(succeeded);
    expect(step.log).toContain(`${empty} has no legs of its own, so they are copied from ${full}.`);
    for (const name of [run.open, run.closed]) await expectWhole(name, step.outputs.digest);
  });

  test('copies legs that `digests` names', async () => {
    const run = newRun();
    const digests = await run.stage({ images: run.open });
    const { step } = await run.merge({ images: run.images, digests: digests.join('\n') });
    expect(step).toMatchObject(succeeded);
    expect(await suite.client.digestOf(`${run.closed}:latest`)).toBe(step.outputs.digest);
    expect(await suite.client.contentOf(`${run.closed}:1`, 'leg.txt', 'linux/arm64')).toBe('linux/arm64');
  });

  test('of which none has legs moves nothing, and says what is missing', async () => {
    const run = newRun();
    const { step } = await run.merge({ images: run.images });
    expect(step).toMatchObject({ exitCode: 1, code: 'LEG_MISSING' });
    expect(step.failure).toContain(`${run.open} has no leg`);
  });

  test.each(['skip', 'fail'])(
    'that failed half way is finished with `%s`, also where the legs were copied',
    async (policy) => {
      const run = newRun();
      let isRefused = true;
      using second = await startMeddlingRegistry(suite.registry, (request) =>
        isRefused && /^PUT .*\/manifests\/1$/.test(request)
          ? { status: 403, error: { code: 'DENIED', message: 'Not now.' } }
          : undefined,
      );
      const copy = `${second.address}/octo-org/${uniqueName('copy')}`;
      await run.stage({ images: run.closed });
      const inputs = { images: `${run.closed}\n${copy}`, 'if-exists': policy };
      const first = await run.merge(inputs);
      expect(first.step).toMatchObject({ exitCode: 1, code: 'PUSH_DENIED' });
      isRefused = false;
      const { step } = await run.merge(inputs);
      expect(step).toMatchObject(succeeded);
      await expectWhole(copy, step.outputs.digest);
    },
  );
});

function tagged(name: string): readonly string[] {
  return ['1.2.3', '1.2', '1', 'latest'].map((tag) => `${name}:${tag}`);
}

describe('`login-scope` of a merge', () => {
  test('`job`: a later step, such as cosign, is logged in until the post step, without any Docker', async () => {
    const { crane = 'crane' } = await lab.tools();
    const run = newRun();
    await run.stage({ images: run.closed });
    const { step, runner } = await run.merge({ images: run.closed, 'login-scope': 'job' });
    expect(step).toMatchObject(succeeded);
    expect(Object.keys(step.env)).toEqual(['DOCKER_CONFIG']);
    const read = (env: Inputs) => runner.run([crane, 'digest', `${run.closed}:latest`], env);
    expect(await read(step.env)).toMatchObject({ exitCode: 0, stdout: `${step.outputs.digest}\n` });
    expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
    expect(runner.filesIn(runner.temp)).toEqual([]);
    expect(await read(step.env)).toMatchObject({ exitCode: 1 });
  });

  test('`step`, the default: a later step is not', async () => {
    const run = newRun();
    await run.stage({ images: run.closed });
    const { step, runner } = await run.merge({ images: run.closed });
    expect(step).toMatchObject({ ...succeeded, env: {} });
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });
});
