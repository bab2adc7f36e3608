/**
 * A canary in place of each secret, after every way in which a step can end. The runner of `support/step.ts` looks for it in
 * command lines, environments of children, log, outputs, state, summary and every file that the step can write; here are the
 * secrets and the endings.
 */

import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { shownLog } from '../support/runner-files.ts';
import { type Runner, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'login', 'busybox', 'client');
const repository = `octo-org/${uniqueName('app')}`;
const aCanary = (): string => `canary-${crypto.randomUUID()}`;
/** One that no registry knows, for logins that are refused and registries that are not reached. */
const stray = aCanary();

function aRunner(dockerfile = 'FROM scratch\nCOPY Dockerfile /\n', subAction = '.'): Runner {
  const { action, engine } = suite;
  const env = { RUNNER_DEBUG: '1', ACTIONS_RUNTIME_TOKEN: aCanary(), ACTIONS_ID_TOKEN_REQUEST_TOKEN: aCanary() };
  const runner = action.newRunner({ engine, repository, token: stray, subAction, env });
  runner.write('Dockerfile', dockerfile);
  return runner;
}

beforeAll(async () => {
  expect(await aRunner().main({ ...suite.login, tags: '1.0' })).toMatchObject({ exitCode: 0, failure: '' });
});

interface Case {
  readonly what: string;
  readonly exitCode: number;
  readonly dockerfile?: string;
  readonly subAction?: string;
  readonly inputs: () => Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  { what: 'a publish', exitCode: 0, inputs: () => ({ ...suite.login, tags: '1.1' }) },
  { what: 'a plan', exitCode: 0, inputs: () => ({ ...suite.login, 'dry-run': 'true' }) },
  {
    what: 'a build that fails',
    exitCode: 1,
    dockerfile: 'FROM scratch\nCOPY missing /\n',
    inputs: () => ({ ...suite.login, tags: '1.3' }),
  },
  { what: 'a bad input', exitCode: 1, inputs: () => ({ ...suite.login, tags: 'type=nothing' }) },
  {
    what: 'a login that is refused',
    exitCode: 1,
    inputs: () => {
      const { registry, username } = suite.login;
      return { registry, username, tags: '1.4' };
    },
  },
  {
    what: 'a registry that is not there',
    exitCode: 1,
    inputs: () => ({ ...suite.login, registry: '127.0.0.1:9', token: stray, retries: '1' }),
  },
  { what: 'a pull', exitCode: 0, subAction: 'pull', inputs: () => ({ ...suite.login, tag: '1.0' }) },
  { what: 'a pull of nothing', exitCode: 1, subAction: 'pull', inputs: () => ({ ...suite.login, tag: 'missing' }) },
  {
    what: 'a pull that is refused',
    exitCode: 1,
    subAction: 'pull',
    inputs: () => ({ ...suite.login, token: stray, tag: '1.0', retries: '1' }),
  },
];

test.each(cases)('after $what no canary is anywhere', async ({ exitCode, dockerfile, subAction, inputs }) => {
  const runner = aRunner(dockerfile, subAction);
  const step = await runner.main(inputs());
  expect(step).toMatchObject({ exitCode, signal: null });
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
});

describe('a build from a private repository, with each kind of secret', () => {
  /** Of a form that is the job's own, so that BuildKit gets it for the Git server of the run. */
  const token = `ghs_${crypto.randomUUID().replaceAll('-', '')}`;
  const values = {
    'an-input': aCanary(),
    lines: `${aCanary()}\n${aCanary()}`,
    'a-variable': aCanary(),
    'a-file': aCanary(),
  };
  const ids = Object.keys(values);
  const mounts = ids.map((id) => `--mount=type=secret,id=${id}`).join(' ');
  const eachSecret = (command: string): string => `for id in ${ids.join(' ')}; do ${command} /run/secrets/$id; done`;
  let git: GitServer;

  beforeAll(async () => {
    const from = `FROM ${suite.busybox}\n`;
    git = await startGitServer(token, {
      uses: `${from}RUN ${mounts} ${eachSecret('sha256sum')} > /sums.txt\n`,
      prints: `${from}RUN ${mounts} ${eachSecret('cat')}; echo\n`,
      fails: `${from}RUN ${mounts} ${eachSecret('sha256sum')}; exit 1\n`,
      'prints-and-fails': `${from}RUN ${mounts} ${eachSecret('cat')}; echo; exit 1\n`,
      waits: `${from}RUN ${mounts} ${eachSecret('sha256sum')}; echo under""way; sleep 30\n`,
    });
  });
  afterAll(() => git?.[Symbol.dispose]());

  /** @param file the Dockerfile, by what it does */
  function startBuild(file: string): { readonly runner: Runner; readonly step: ReturnType<Runner['start']> } {
    const env = { RUNNER_DEBUG: '1', GITHUB_SERVER_URL: git.origin };
    const runner = suite.action.newRunner({ engine: suite.engine, repository, token, env });
    const { registry, username, token: password } = suite.login;
    runner.write('secret.txt', values['a-file']);
    const inputs = {
      ...{ context: git.remote, file, tags: file, registry, 'no-cache': 'true' },
      'registry-auth': `- registry: ${registry}\n  username: ${username}\n  password: ${password}\n`,
      secrets: `an-input=${values['an-input']}\n"lines=${values.lines}"`,
      'secret-envs': 'a-variable=FROM_ENVIRONMENT',
      'secret-files': 'a-file=secret.txt',
    };
    return { runner, step: runner.start(inputs, { FROM_ENVIRONMENT: values['a-variable'] }) };
  }

  async function expectNothingLeft(runner: Runner, step: Awaited<ReturnType<Runner['main']>>): Promise<void> {
    expect(runner.filesIn(runner.temp)).toEqual([]);
    expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
    expect(runner.filesIn(runner.temp)).toEqual([]);
  }

  test('that succeeds: the build had each, and the image has none', async () => {
    const { runner, step } = startBuild('uses');
    const ended = await step.ended;
    expect(ended).toMatchObject({ code: '', exitCode: 0 });
    const { reference = '' } = ended.outputs;
    const { client, login } = suite;
    const sums = (await client.contentOf(reference, 'sums.txt')).match(/^[0-9a-f]{64}/gm);
    expect(sums).toEqual(Object.values(values).map((value) => createHash('sha256').update(value).digest('hex')));
    const image = JSON.stringify(await Promise.all([client.configOf(reference), client.manifestOf(reference)]));
    for (const secret of [token, login.token, ...Object.values(values)]) expect(image.includes(secret)).toBe(false);
    await expectNothingLeft(runner, ended);
  });

  test('that fails after it has read them', async () => {
    const { runner, step } = startBuild('fails');
    const ended = await step.ended;
    expect(ended).toMatchObject({ code: 'BUILD_FAILED', exitCode: 1 });
    await expectNothingLeft(runner, ended);
  });

  test.each([
    { file: 'prints', exitCode: 0 },
    { file: 'prints-and-fails', exitCode: 1 },
  ])('whose Dockerfile $file: whoever reads the log sees ***', async ({ file, exitCode }) => {
    const { runner, step } = startBuild(file);
    const ended = await step.ended;
    expect(ended).toMatchObject({ exitCode });
    const lines = Object.values(values).flatMap((value) => value.split('\n'));
    // Once, in the command that names it to the runner: the step writes what the build printed with its secrets hidden.
    for (const line of lines) expect(ended.log.split(line)).toHaveLength(2);
    for (const line of lines) expect(shownLog(ended.log).includes(line)).toBe(false);
    expect(ended.log.split('***').length - 1).toBeGreaterThanOrEqual(lines.length);
    await expectNothingLeft(runner, ended);
  });

  async function startSlowBuild(): Promise<ReturnType<typeof startBuild>> {
    const build = startBuild('waits');
    let log = '';
    build.step.process.stdout?.on('data', (text: string) => {
      log += text;
    });
    for (const end = Date.now() + 120_000; !log.includes('underway'); await sleep(20)) {
      if (Date.now() > end) throw new Error('The build did not begin.');
    }
    return build;
  }

  test('that is cancelled', async () => {
    const { runner, step } = await startSlowBuild();
    step.process.kill('SIGTERM');
    const ended = await step.ended;
    expect(ended).toMatchObject({ code: 'CANCELLED', exitCode: 143 });
    await expectNothingLeft(runner, ended);
  });

  test('that is killed: until its post they are in files that nobody else can read', async () => {
    const { runner, step } = await startSlowBuild();
    step.process.kill('SIGKILL');
    const ended = await step.ended;
    // The runner ends what a step leaves running.
    for (const { pid } of runner.commands()) if (existsSync(`/proc/${pid}/exe`)) process.kill(pid, 'SIGKILL');
    expect(ended).toMatchObject({ signal: 'SIGKILL' });
    const left = runner.filesIn(runner.temp);
    const secret = left.filter((path) => /\/docker\/config\.json$|\/secrets\/\d+$/.test(path));
    // The login; two of `secrets`, one of `secret-envs`, and that of Git. What stands in a file is read from there.
    expect(secret).toHaveLength(5);
    for (const path of secret) expect(statSync(join(runner.temp, path)).mode & 0o777).toBe(0o600);
    expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });
});
