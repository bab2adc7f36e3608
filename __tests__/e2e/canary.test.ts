/**
 * A canary in place of each secret, looked for after every way in which a step can end: in command lines, environments of
 * children, log, outputs, state, summary, and every file of the runner.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { withoutMasks } from '../support/runner-files.ts';
import { copyAction, type Runner, type StepResult, uniqueName } from '../support/step.ts';

jest.setTimeout(60_000);

const action = copyAction();
const repository = `octo-org/${uniqueName('app')}`;
/** One that no registry knows, for logins that are refused and registries that are not reached. */
const stray = `canary-${crypto.randomUUID()}`;
let engine: Record<string, string>;
let registry: string;
let username: string;
let password: string;
let published: StepResult;

function aRunner(dockerfile = 'FROM scratch\nCOPY Dockerfile /\n', subAction = '.'): Runner {
  const runner = action.newRunner({ engine, repository, token: stray, subAction, env: { RUNNER_DEBUG: '1' } });
  runner.write('Dockerfile', dockerfile);
  return runner;
}

beforeAll(async () => {
  const [{ environment }, account] = await Promise.all([lab.engine(), lab['registry-auth']()]);
  engine = environment;
  registry = account.address;
  username = account.username ?? '';
  password = account.password ?? '';
  published = await aRunner().main({ registry, username, token: password, tags: '1.0' });
  expect(published).toMatchObject({ exitCode: 0, failure: '' });
});
afterAll(() => action[Symbol.dispose]());

/** Where a canary is, in any form in which it can be written down. */
function placesOfCanary(runner: Runner, step: StepResult): readonly string[] {
  const forms = [password, stray].flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(`${username}:${secret}`).toString('base64'),
  ]);
  const holds = (text: string): boolean => forms.some((form) => text.includes(form));
  const all = join(runner.temp, '..');
  const files = runner.filesIn(all).filter((file) => holds(readFileSync(join(all, file), 'latin1')));
  const commands = runner.commands().filter(({ args, env }) => [...args, ...Object.values(env)].some(holds));
  return [
    ...files,
    ...commands.map(({ program, args }) => `${program} ${args[0]}`),
    ...(holds(withoutMasks(step.log)) ? ['the log'] : []),
    ...(holds(JSON.stringify([step.outputs, step.state, step.env])) ? ['what the step tells later ones'] : []),
  ];
}

const login = () => ({ registry, username, token: password });

interface Case {
  readonly what: string;
  readonly exitCode: number;
  readonly dockerfile?: string;
  readonly subAction?: string;
  readonly inputs: () => Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  { what: 'a publish', exitCode: 0, inputs: () => ({ ...login(), tags: '1.1' }) },
  { what: 'a plan', exitCode: 0, inputs: () => ({ ...login(), 'dry-run': 'true' }) },
  {
    what: 'a publish with `registry-auth`',
    exitCode: 0,
    inputs: () => ({
      registry,
      tags: '1.2',
      'registry-auth': `- registry: ${registry}\n  username: ${username}\n  password: ${password}\n`,
    }),
  },
  {
    what: 'a build that fails',
    exitCode: 1,
    dockerfile: 'FROM scratch\nCOPY missing /\n',
    inputs: () => ({ ...login(), tags: '1.3' }),
  },
  { what: 'a bad input', exitCode: 1, inputs: () => ({ ...login(), tags: 'type=nothing' }) },
  { what: 'a login that is refused', exitCode: 1, inputs: () => ({ registry, username, tags: '1.4' }) },
  {
    what: 'a registry that is not there',
    exitCode: 1,
    inputs: () => ({ registry: '127.0.0.1:9', username, token: stray, retries: '1' }),
  },
  { what: 'a pull', exitCode: 0, subAction: 'pull', inputs: () => ({ ...login(), tag: '1.0' }) },
  { what: 'a pull of nothing', exitCode: 1, subAction: 'pull', inputs: () => ({ ...login(), tag: 'missing' }) },
  {
    what: 'a pull that is refused',
    exitCode: 1,
    subAction: 'pull',
    inputs: () => ({ registry, username, token: stray, tag: '1.0', retries: '1' }),
  },
];

test.each(cases)('after $what no canary is anywhere', async ({ exitCode, dockerfile, subAction, inputs }) => {
  const runner = aRunner(dockerfile, subAction);
  const step = await runner.main(inputs());
  expect(step).toMatchObject({ exitCode, signal: null });
  expect(placesOfCanary(runner, step)).toEqual([]);
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
  expect(placesOfCanary(runner, step)).toEqual([]);
});

test('the search finds a canary that is there', async () => {
  const runner = aRunner();
  runner.write('found.txt', Buffer.from(`${username}:${stray}`).toString('base64'));
  await runner.run(['docker', 'version', '--format', stray]);
  const step = { ...published, log: `${stray}\n`, outputs: { digest: password } };
  expect(placesOfCanary(runner, step)).toEqual(
    expect.arrayContaining(['workspace/found.txt', 'docker version', 'the log', 'what the step tells later ones']),
  );
});
