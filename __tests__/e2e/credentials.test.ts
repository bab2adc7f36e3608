/**
 * A registry that asks for a login, and where the token may be found: on no command line, in no environment, log, output
 * or file, nor in the image; and after the step not even in its own folder.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { searchFor } from '../support/canaries.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { writeRecorder } from '../support/recorder.ts';
import { shownLog, withoutMasks } from '../support/runner-files.ts';
import { type Runner, type RunnerOptions, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

// The canary is the token of the login: a real password, so that the whole job is done with it.
const suite = openSuite('engine', 'registry', 'login', 'client');

function aRunner(options: RunnerOptions = {}): Runner {
  const { action, engine, login } = suite;
  const repository = `octo-org/${uniqueName('app')}`;
  const runner = action.newRunner({ engine, repository, token: login.token, ...options });
  runner.write('Dockerfile', 'FROM scratch\nARG GITHUB_TOKEN\nCOPY hello.txt /\nLABEL planted="<$GITHUB_TOKEN>"\n');
  runner.write('hello.txt', 'Hello\n');
  return runner;
}

function publishTo(runner: Runner, inputs: Readonly<Record<string, string>> = {}): Promise<StepResult> {
  const { registry, username, token } = suite.login;
  return runner.main(
    { registry, username, tags: '1.0\nlatest', 'build-args': 'GITHUB_TOKEN', ...inputs },
    { GITHUB_TOKEN: token, NPM_TOKEN: `npm-${token}` },
  );
}

/** Whether a text holds the token in any form; the text itself is shown by no failure of a test. */
function holdsToken(text: string): boolean {
  return searchFor([suite.login.token])(text);
}

/** The files beneath a folder that hold the token. */
function filesWithToken(runner: Runner, folder: string): readonly string[] {
  return runner.filesIn(folder).filter((path) => holdsToken(readFileSync(join(folder, path), 'latin1')));
}

describe('the token', () => {
  let runner: Runner;
  let step: StepResult;
  let configBefore: string;
  beforeAll(async () => {
    runner = aRunner({ env: { ACTIONS_STEP_DEBUG: 'true', RUNNER_DEBUG: '1' } });
    configBefore = readFileSync(join(runner.home, '.docker/config.json'), 'utf8');
    step = await publishTo(runner);
  });

  test('is what the registry asks for: the image is there', async () => {
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    const { registry } = suite.login;
    expect(await suite.client.digestOf(`${registry}/${step.outputs.repository}:latest`)).toBe(step.outputs.digest);
  });

  test('is on no command line and in the environment of no child', () => {
    const commands = runner.commands();
    expect(commands.some(({ args }) => args.includes('build'))).toBe(true);
    for (const { program, args, env } of commands) {
      expect({ program, inArguments: args.some(holdsToken) }).toEqual({ program, inArguments: false });
      const variables = Object.keys(env).filter((name) => holdsToken(env[name] ?? ''));
      expect({ program, variables }).toEqual({ program, variables: [] });
      expect(Object.keys(env).filter((name) => /^(?:INPUT|STATE)_/.test(name))).toEqual([]);
    }
  });

  test('is masked before anything else is printed, as is its form in the CLI’s configuration', () => {
    const masks = step.commands.filter(({ name }) => name === 'add-mask').map(({ data }) => data);
    const { username, token } = suite.login;
    expect(masks).toEqual(expect.arrayContaining([token, Buffer.from(`${username}:${token}`).toString('base64')]));
    expect(
      step.log
        .split('\n')
        .slice(0, masks.length)
        .every((line) => line.startsWith('::add-mask::')),
    ).toBe(true);
  });

  test('is not in the log, the outputs, the state or the variables for later steps', () => {
    expect(holdsToken(withoutMasks(step.log))).toBe(false);
    expect(holdsToken(JSON.stringify([step.outputs, step.state, step.env]))).toBe(false);
  });

  test('is in no file afterwards: temporary folder, home, workspace', () => {
    expect(runner.filesIn(runner.temp)).toEqual([]);
    expect(filesWithToken(runner, runner.home)).toEqual([]);
    expect(filesWithToken(runner, runner.workspace)).toEqual([]);
  });

  test('is not in the image, though the Dockerfile asks for a variable that holds it', async () => {
    expect(await suite.client.labelsOf(step.outputs.reference ?? '')).toMatchObject({ planted: '<>' });
  });

  test('leaves the runner’s own configuration as it was, byte for byte', () => {
    expect(readFileSync(join(runner.home, '.docker/config.json'), 'utf8')).toBe(configBefore);
    expect(runner.filesIn(runner.home)).toEqual(['.docker/config.json']);
  });
});

describe('a credential in a URL', () => {
  const secret = `canary-${crypto.randomUUID()}`;
  const git = `http://octocat:${secret}@127.0.0.1:9/octo-org/app.git`;
  test.each([
    { inputs: { context: git } },
    { inputs: { context: git.replace('octocat:', '') } },
    { inputs: { 'build-contexts': `other=${git}` } },
    { inputs: { 'build-args': `HTTP_PROXY=http://octocat:${secret}@127.0.0.1:9` } },
    { inputs: { builder: `tcp://octocat:${secret}@127.0.0.1:9` } },
    { inputs: { registry: `https://octocat:${secret}@ghcr.io` } },
    { inputs: { 'registry-auth': `- registry: https://octocat:${secret}@ghcr.io\n  username: a\n  password: b\n` } },
  ])('is *** in the log, the plan and the summary: $inputs', async ({ inputs }) => {
    const runner = aRunner();
    for (const dryRun of ['true', 'false']) {
      const step = await publishTo(runner, { 'dry-run': dryRun, retries: '1', ...inputs });
      expect(searchFor([secret])([shownLog(step.log), step.summary, JSON.stringify(step.outputs)].join('\n'))).toBe(
        false,
      );
    }
    const plan = ['plan', ...Object.entries(inputs).flatMap(([name, value]) => [`--${name}`, value])];
    expect(searchFor([secret])((await runner.terminal('cli.js', plan)).log)).toBe(false);
  });
});

test('the token of the checkout that comes into an image is warned of, and not shown', async () => {
  const runner = aRunner();
  const persisted = `canary-${crypto.randomUUID()}`;
  runner.write('.git/config', `[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic ${persisted}\n`);
  runner.write('Dockerfile', 'FROM scratch\nCOPY . /\n');
  const warningsOf = ({ commands }: StepResult): readonly string[] =>
    commands.filter(({ name }) => name === 'warning').map(({ data }) => data);
  const warned = await publishTo(runner);
  expect(warningsOf(warned)).toEqual([expect.stringContaining('.git/config holds a credential')]);
  expect(warned.log).not.toContain(persisted);
  expect(await suite.client.contentOf(warned.outputs.image ?? '', '.git/config')).toContain(persisted);
  runner.write('.dockerignore', '.git\n');
  expect(warningsOf(await publishTo(runner))).toEqual([]);
});

describe('several registries', () => {
  test('are published to in one step, each with its own login of `registry-auth`, of which nothing is left', async () => {
    const { registry, username, token } = suite.login;
    const runner = aRunner({ token: 'ghs_canary' });
    const path = uniqueName('octo-org/app');
    const step = await runner.main({
      images: `${suite.registry}/${path}\n${registry}/${path}`,
      'registry-auth': `- registry: ${registry}\n  username: ${username}\n  password: ${token}\n`,
      tags: '1.0\nlatest',
    });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    const { digest, tags } = step.outputs;
    expect(tags?.split('\n')).toEqual(
      [suite.registry, registry].flatMap((each) => [`${each}/${path}:1.0`, `${each}/${path}:latest`]),
    );
    for (const reference of tags?.split('\n') ?? []) expect(await suite.client.digestOf(reference)).toBe(digest);
    expect(holdsToken(withoutMasks(step.log))).toBe(false);
    expect(holdsToken(JSON.stringify([step.outputs, step.state, step.env]))).toBe(false);
    expect(runner.commands().filter(({ args, env }) => [...args, ...Object.values(env)].some(holdsToken))).toEqual([]);
    expect(runner.filesIn(runner.temp)).toEqual([]);
    expect(filesWithToken(runner, runner.home)).toEqual([]);
  });
});

describe('a runner that keeps its logins in a credential store', () => {
  test.each([
    { store: 'credsStore', dockerConfig: { credsStore: 'recorded' } },
    {
      store: 'credHelpers',
      dockerConfig: { credHelpers: { 'localhost:5001': 'recorded', 'example.com': 'recorded' } },
    },
  ])('by $store is never given the token', async ({ dockerConfig }) => {
    const runner = aRunner({ dockerConfig });
    // Answers as a helper that knows nothing does.
    const helper = join(runner.bin, 'docker-credential-recorded');
    writeRecorder(
      helper,
      "cat >/dev/null; echo 'credentials not found in native keychain'; exit 1",
      join(runner.bin, '../records'),
    );
    const step = await publishTo(runner);
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    const asked = runner.commands().filter(({ program }) => program === 'docker-credential-recorded');
    expect(asked.map(({ args }) => args[0]).filter((verb) => verb === 'store' || verb === 'erase')).toEqual([]);
    expect(readFileSync(join(runner.home, '.docker/config.json'), 'utf8')).toContain('recorded');
  });
});

test('a credential helper that may lack a variable, because the build has it as a secret, is named', async () => {
  const runner = aRunner({ token: '', dockerConfig: { credHelpers: { 'localhost:5001': 'recorded' } } });
  const helper = join(runner.bin, 'docker-credential-recorded');
  writeRecorder(helper, 'cat >/dev/null; test -n "$AWS_SECRET_ACCESS_KEY"', join(runner.bin, '../records'));
  const step = await runner.main(
    { registry: suite.login.registry, tags: '1.0', 'secret-envs': 'aws=AWS_SECRET_ACCESS_KEY' },
    { AWS_SECRET_ACCESS_KEY: 'canary-secret-of-the-build' },
  );
  expect(step.exitCode).toBe(1);
  expect(step.log).toContain('docker-credential-recorded gave no login. It runs without AWS_SECRET_ACCESS_KEY');
});

describe('a login that the runner has', () => {
  test('as an identity token, the way `az acr login` leaves it, is what the step publishes with', async () => {
    const identity = uniqueName('identity');
    const upstream = new URL(`http://${suite.registry}/`);
    await using proxy = await startFaultProxy(upstream, { asksForToken: true, identity });
    const auth = Buffer.from('00000000-0000-0000-0000-000000000000:').toString('base64');
    const dockerConfig = { auths: { [proxy.registry]: { auth, identitytoken: identity } } };
    const step = await aRunner({ dockerConfig }).main({ registry: proxy.registry, token: '', tags: '1.0\nlatest' });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    const published = `${suite.registry}/${step.outputs.repository}:latest`;
    expect(await suite.client.digestOf(published)).toBe(step.outputs.digest);
  });

  test('in DOCKER_AUTH_CONFIG is what the step publishes with', async () => {
    const { registry, username, token } = suite.login;
    const auth = Buffer.from(`${username}:${token}`).toString('base64');
    const DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { [registry]: { auth } } });
    const runner = aRunner({ token: '', env: { DOCKER_AUTH_CONFIG } });
    const step = await runner.main({ registry, tags: '1.0\nlatest' });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(await suite.client.digestOf(step.outputs.image ?? '')).toBe(step.outputs.digest);
  });
});

describe('a registry that refuses the login', () => {
  test('ends the step before the build, with what to check, and leaves nothing', async () => {
    const runner = aRunner();
    const step = await publishTo(runner, { token: 'wrong-canary' });
    expect(step).toMatchObject({ exitCode: 1, outputs: {} });
    expect(['LOGIN_REFUSED', 'TOKEN_REJECTED', 'PUSH_DENIED']).toContain(step.code);
    expect(step.failure).toContain(suite.login.registry);
    expect(step.failure).toContain('`token`');
    expect(withoutMasks(step.log)).not.toContain('wrong-canary');
    expect(runner.commands().filter(({ args }) => args.includes('build'))).toEqual([]);
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });

  test.each(['true', 'false'])('of `registry-auth`, too, where the step itself has push: %s', async (push) => {
    const runner = aRunner();
    const entry = [{ registry: suite.login.registry, username: suite.login.username, password: 'wrong-canary' }];
    const step = await runner.main({
      ...{ registry: suite.registry, tags: '1.0', push },
      'registry-auth': JSON.stringify(entry),
    });
    expect(step).toMatchObject({ exitCode: 1, code: 'LOGIN_REFUSED', outputs: {} });
    expect(step.failure).toContain(`${suite.login.registry} refused the login`);
    expect(step.failure).toContain('`registry-auth`');
    expect(withoutMasks(step.log)).not.toContain('wrong-canary');
    expect(runner.commands().filter(({ args }) => args.includes('build'))).toEqual([]);
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });

  test('because no token was given says so', async () => {
    const runner = aRunner();
    const step = await runner.main({ registry: suite.login.registry, token: '', tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 1 });
    expect(step.failure).toContain(suite.login.registry);
    expect(runner.commands().filter(({ args }) => args.includes('build'))).toEqual([]);
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });
});

describe('login-scope', () => {
  const digestBy = (runner: Runner, reference: string, env = {}) =>
    runner.run(['docker', 'pull', '--quiet', reference], env);

  test('`step`: a later step is not logged in', async () => {
    const runner = aRunner();
    const step = await publishTo(runner);
    expect(step).toMatchObject({ exitCode: 0, env: {} });
    expect(await digestBy(runner, `${suite.login.registry}/octo-org/${uniqueName('none')}:1`, step.env)).toMatchObject({
      exitCode: 1,
      log: expect.stringMatching(/no basic auth credentials|unauthorized|authentication required/),
    });
  });

  test('`job`: a later step is logged in through DOCKER_CONFIG, until the post step', async () => {
    const runner = aRunner();
    const step = await publishTo(runner, { 'login-scope': 'job' });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(Object.keys(step.env)).toEqual(['DOCKER_CONFIG']);
    const { DOCKER_CONFIG = '' } = step.env;
    expect(DOCKER_CONFIG.startsWith(runner.temp)).toBe(true);

    await runner.run(['docker', 'image', 'rm', step.outputs.image ?? '']);
    const later = await digestBy(runner, step.outputs.image ?? '', step.env);
    expect(later).toMatchObject({ exitCode: 0, log: expect.stringContaining(step.outputs.image ?? '') });

    expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
    expect(runner.filesIn(runner.temp)).toEqual([]);
    expect(filesWithToken(runner, runner.home)).toEqual([]);
  });

  test('`job`: of a step that failed nothing stays', async () => {
    const runner = aRunner();
    runner.write('Dockerfile', 'FROM scratch\nCOPY missing.txt /\n');
    const step = await publishTo(runner, { 'login-scope': 'job' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED' });
    expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });
});
