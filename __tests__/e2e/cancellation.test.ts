/** A step that is killed, or asked to end, in the middle of a build. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { isAlive } from '../support/held-step.ts';
import { type Runner, type RunningStep, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'login', 'busybox');

/** Starts a publish and waits until its build is under way. */
async function startSlowBuild(): Promise<{ runner: Runner; step: RunningStep; children: () => readonly number[] }> {
  const { action, engine, busybox } = suite;
  const { registry, username, token } = suite.login;
  const runner = action.newRunner({ engine, repository: `octo-org/${uniqueName('app')}`, token });
  runner.write('Dockerfile', `FROM ${busybox}\nRUN echo ${uniqueName('run')} && echo under""way && sleep 300\n`);
  const step = runner.start({ registry, username, tags: '1.0' });
  let log = '';
  step.process.stdout?.on('data', (text: string) => {
    log += text;
  });
  for (const end = Date.now() + 120_000; !log.includes('underway'); await sleep(20)) {
    if (Date.now() > end) throw new Error(`The build did not begin:\n${log}`);
  }
  const children = (): readonly number[] =>
    runner
      .commands()
      .map(({ pid }) => pid)
      .filter(isAlive);
  expect(children()).not.toEqual([]);
  return { runner, step, children };
}

test.each([
  { signal: 'SIGINT', exitCode: 130 },
  { signal: 'SIGTERM', exitCode: 143 },
] as const)('$signal ends the children, removes the folder and exits with $exitCode', async ({ signal, exitCode }) => {
  const { runner, step, children } = await startSlowBuild();
  const asked = performance.now();
  step.process.kill(signal);
  const ended = await step.ended;
  expect(ended).toMatchObject({ exitCode, signal: null, code: 'CANCELLED', outputs: {} });
  expect(ended.failure).toContain(signal);
  expect(ended.summary).toContain('Not published: <code>CANCELLED</code>');
  // Children that were asked end at once; only those that were not have to be killed, 3.5 s later. (The runner itself waits
  // 7.5 s after SIGINT before it sends SIGTERM.) The limit is there to tell both from the end of the sleep.
  expect(performance.now() - asked).toBeLessThan(60_000);
  expect(children()).toEqual([]);
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
});

test('what a killed step left is removed by its post, the login in it too', async () => {
  const { runner, step, children } = await startSlowBuild();
  step.process.kill('SIGKILL');
  const ended = await step.ended;
  // The runner ends what a step leaves running.
  for (const pid of children()) process.kill(pid, 'SIGKILL');
  expect(ended).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  expect(runner.filesIn(runner.temp)).toEqual(expect.arrayContaining([expect.stringMatching(/docker\/config\.json$/)]));

  expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
  expect(runner.filesIn(runner.temp)).toEqual([]);
});

test('a build that goes on when its step is killed ends with the post, and nothing of the login is there after it', async () => {
  const { runner, step, children } = await startSlowBuild();
  step.process.kill('SIGKILL');
  const killed = await step.ended;
  expect(children()).not.toEqual([]);
  expect(await runner.post(killed)).toMatchObject({ exitCode: 0, log: '' });
  expect(children()).toEqual([]);
  expect(runner.filesIn(runner.temp)).toEqual([]);
});

test('a post without a state, or with the folder of someone else, removes nothing', async () => {
  const runner = suite.action.newRunner();
  const file = runner.write('keep/me.txt', '');
  expect(await runner.post({ state: {} })).toMatchObject({ exitCode: 0, log: '' });
  expect(await runner.post({ state: { folder: runner.workspace } })).toMatchObject({ exitCode: 0, log: '' });
  const below = join(file, `publish-docker-package-${crypto.randomUUID()}`);
  expect(await runner.post({ state: { folder: below } })).toMatchObject({ exitCode: 0, log: '' });
  expect(existsSync(file)).toBe(true);
});

test.each(['no JSON', 'null', '{"argv": 5}'])(
  'a post whose builder was noted as %s still removes the login',
  async (builder) => {
    const runner = suite.action.newRunner();
    const folder = join(runner.temp, `publish-docker-package-${crypto.randomUUID()}`);
    mkdirSync(join(folder, 'docker/buildx/instances'), { recursive: true });
    writeFileSync(join(folder, 'docker/config.json'), '{}');
    expect(await runner.post({ state: { folder, builder } })).toMatchObject({
      exitCode: 0,
      log: expect.stringMatching(/^::warning::The builder of this step could not be removed: .+\n$/),
    });
    expect(existsSync(folder)).toBe(false);
  },
);
