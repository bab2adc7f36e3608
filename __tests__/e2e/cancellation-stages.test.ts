/** A step that is asked to end while it waits, at each stage: the registry, or the build, holds it there. */

import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type HeldStep, isAlive, startHeldStep } from '../support/held-step.ts';
import { runTool } from '../support/images.ts';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'podman', 'registry', 'busybox');
const token = `canary-${crypto.randomUUID()}`;

const parts = () => ({ action: suite.action, registry: suite.registry, busybox: suite.busybox, token });

beforeAll(async () => {
  await runTool(['podman', 'pull', '--quiet', '--tls-verify=false', suite.busybox], suite.podman);
});

const ends = [
  { signal: 'SIGINT', exitCode: 130 },
  { signal: 'SIGTERM', exitCode: 143 },
] as const;

const stages = ['prepare', 'login', 'build', 'push', 'tag', 'verify'] as const;

/** What comes after the push is our own client's, whatever engine pushed. */
const cases = (['docker', 'podman'] as const).flatMap((program) =>
  stages
    .filter((stage) => program === 'docker' || ['login', 'build', 'push'].includes(stage))
    .flatMap((stage) => ends.map((end) => ({ program, stage, ...end }))),
);

describe.each(cases)('$signal while $program waits to $stage', ({ program, stage, signal, exitCode }) => {
  test('ends it and its children, and leaves nothing, neither before nor after its post', async () => {
    const engine = program === 'podman' ? suite.podman : suite.engine;
    using held = await startHeldStep(stage, parts(), { engine }, { engine: program });
    const { runner, step } = held;
    const asked = performance.now();
    step.process.kill(signal);
    const ended = await step.ended;
    const seconds = (performance.now() - asked) / 1000;
    process.stderr.write(
      `${signal} while ${program} waits to ${stage}: the step ended ${seconds.toFixed(2)} s later.\n`,
    );
    // To be 5 on a quiet machine; here it is told from what it waits for, which takes 300 or never ends.
    expect(seconds).toBeLessThan(60);
    expect(ended).toMatchObject({ exitCode, signal: null, code: 'CANCELLED', outputs: {} });
    expect(ended.failure).toContain(signal);
    expect(ended.summary).toContain('<code>CANCELLED</code>');
    const commands = runner.commands();
    expect(commands.filter(({ pid }) => isAlive(pid)).map(({ args }) => args)).toEqual([]);
    expect(readdirSync(runner.temp)).toEqual([]);
    expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
    expect(readdirSync(runner.temp)).toEqual([]);
    expect(held.hasOwnConfig()).toBe(true);
  });
});

/** How long after the first signal the second one comes: at once, while the children end, and while the folder goes. */
const again = stages.flatMap((stage, index) =>
  (
    [
      ['SIGINT', 'SIGTERM'],
      ['SIGTERM', 'SIGTERM'],
    ] as const
  ).map((signals, turn) => ({ stage, signals, delay: [0, 5, 40, 150][(index + turn) % 4] ?? 0 })),
);

test.each(again)(
  '$signals.0, and $signals.1 $delay ms later, while docker waits to $stage: one message, and nothing is left',
  async ({ stage, signals, delay }) => {
    using held = await startHeldStep(stage, parts(), { engine: suite.engine });
    const { runner, step } = held;
    await expectCancelled(held, signals, delay);
    expect(runner.commands().filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(step.process.signalCode).toBeNull();
  },
);

test.each([
  ['SIGINT', 'SIGTERM'],
  ['SIGTERM', 'SIGTERM'],
] as const)(
  '%s, and %s again and again, while the clean-up waits for a child that hears neither: one message, and nothing is left',
  async (first, second) => {
    const beforeDocker = 'case "$*" in build*) trap "" INT TERM; sleep 300 & wait; wait ;; esac';
    const options = { engine: suite.engine, beforeDocker };
    const runner = suite.action.newRunner({ ...options, repository: `octo-org/${uniqueName('app')}`, token });
    runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
    const step = runner.start({ registry: suite.registry, username: 'octocat', tags: 'first' });
    for (
      const end = Date.now() + 60_000;
      !runner.commands().some(({ args: [name] }) => name === 'build');
      await sleep(20)
    )
      expect(Date.now()).toBeLessThan(end);
    // The child is made to end 3.5 s after the first; the others come until then.
    await expectCancelled({ runner, step }, [first, second, second, second, second, second], 700);
    expect(runner.commands().filter(({ pid }) => isAlive(pid))).toEqual([]);
  },
);

test.each(ends)(
  '$signal, and SIGTERM, while the report is made: all tags have moved, and the step says so',
  async (end) => {
    using held = await startHeldStep('report', parts(), { engine: suite.engine });
    const { runner, step } = held;
    const asked = performance.now();
    step.process.kill(end.signal);
    step.process.kill('SIGTERM');
    const ended = await step.ended;
    expect((performance.now() - asked) / 1000).toBeLessThan(60);
    expect(ended).toMatchObject({ exitCode: 0, signal: null, code: '', outputs: { published: 'true' } });
    expect(ended.log).not.toContain('cancelled');
    expect(ended.summary).toContain('second');
    expect(readdirSync(runner.temp)).toEqual([]);
    expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
    expect(held.hasOwnConfig()).toBe(true);
  },
);

/** Whether a signal that was sent to a process has yet to reach it (proc_pid_status(5), ShdPnd). */
function isPending(pid: number | undefined, signal: NodeJS.Signals): boolean {
  let status = '';
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return false;
  }
  const [, mask = '0'] = /^ShdPnd:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return (BigInt(`0x${mask}`) & (1n << BigInt(constants.signals[signal] - 1))) !== 0n;
}

/**
 * The step names the first signal, and ends as that says.
 * @param delay in milliseconds, from the moment in which the signal before has reached the process. Of signals sent without any
 *   delay, either may come first: the order of pending signals is unspecified (signal(7)).
 */
async function expectCancelled(
  { runner, step }: Pick<HeldStep, 'runner' | 'step'>,
  signals: readonly NodeJS.Signals[],
  delay: number,
): Promise<void> {
  const asked = performance.now();
  for (const [index, signal] of signals.entries()) {
    const before = signals[index - 1];
    while (before !== undefined && delay > 0 && isPending(step.process.pid, before)) await sleep(1);
    if (before !== undefined) await sleep(delay);
    step.process.kill(signal);
  }
  const ended = await step.ended;
  const seconds = (performance.now() - asked) / 1000;
  process.stderr.write(
    `${signals.join(', ')} each ${delay} ms: the step ended ${seconds.toFixed(2)} s after the first.\n`,
  );
  // To be 5 on a quiet machine; here it is told from what it waits for, which takes 300 or never ends.
  expect(seconds).toBeLessThan(60);
  const first = delay === 0 ? signals : signals.slice(0, 1);
  const heard = ends.find(({ signal }) => first.includes(signal) && ended.failure.includes(`(${signal})`));
  expect(ended).toMatchObject({ exitCode: heard?.exitCode, signal: null, code: 'CANCELLED', outputs: {} });
  // `main` of the runner fails for a second error; nothing else says it, either.
  expect(ended.log.match(/The step was cancelled/g)).toHaveLength(1);
  expect(readdirSync(runner.temp)).toEqual([]);
  expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
  expect(readdirSync(runner.temp)).toEqual([]);
}

const ofSubActions = [
  { subAction: 'pull', stage: 'log in', held: /^GET \/v2\/$/, inputs: { tag: 'first' } },
  { subAction: 'pull', stage: 'pull', held: /^(?:GET|HEAD) .*\/manifests\//, inputs: { tag: 'first' } },
  { subAction: 'merge', stage: 'collect the legs', held: /^GET .*\/tags\/list/, inputs: { tags: 'first\nsecond' } },
  { subAction: 'merge', stage: 'tag', held: /^PUT .*\/manifests\/second$/, inputs: { tags: 'first\nsecond' } },
  { subAction: 'merge', stage: 'remove the markers', held: /^DELETE /, inputs: { tags: 'first\nsecond' } },
] as const;

test.each(ofSubActions.flatMap((each) => ends.map((end) => ({ ...each, ...end }))))(
  '$signal while $subAction/ waits to $stage ends it and its children, and leaves nothing',
  async ({ subAction, held, inputs, signal, exitCode }) => {
    const repository = `octo-org/${uniqueName('app')}`;
    const options = { repository, token, env: { GITHUB_RUN_ID: `${Date.now()}` } };
    if (subAction === 'merge') {
      const leg = suite.action.newRunner({ ...options, engine: suite.containerd });
      leg.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
      expect(await leg.main({ registry: suite.registry, stage: 'true' })).toMatchObject({ exitCode: 0, failure: '' });
    }
    let reach: () => void = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    using meddling = await startMeddlingRegistry(suite.registry, (request) => {
      if (!held.test(request)) return undefined;
      reach();
      return new Promise<undefined>(() => {});
    });
    const runner = suite.action.newRunner({ ...options, subAction, engine: suite.engine });
    const step = runner.start({ registry: meddling.address, username: 'octocat', ...inputs });
    expect(await Promise.race([reached, step.ended.then(({ log }) => log)])).toBeUndefined();
    const asked = performance.now();
    step.process.kill(signal);
    const ended = await step.ended;
    // As above: without the signal, the registry would be waited for.
    expect((performance.now() - asked) / 1000).toBeLessThan(60);
    expect(ended).toMatchObject({ exitCode, signal: null, code: 'CANCELLED', outputs: {} });
    expect(runner.commands().filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(readdirSync(runner.temp)).toEqual([]);
    expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
  },
);

/** Of all processes of the machine, those that have a text in their command line. */
function processesWith(text: string): readonly string[] {
  const commandOf = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(commandOf).filter((command) => command.includes(text));
}

test.each(ends)(
  '$signal ends the instruction that Podman runs, and its container goes',
  async ({ signal, exitCode }) => {
    const runner = suite.action.newRunner({ engine: suite.podman, repository: `octo-org/${uniqueName('app')}`, token });
    // An image of its own: by that its containers are known.
    const base = `localhost/${uniqueName('base')}`;
    runner.write('base/Dockerfile', `FROM ${suite.busybox}\nLABEL name=${base}\n`);
    await runTool(['podman', 'build', '--tag', base, join(runner.workspace, 'base')], suite.podman);
    // What a shell runs as the first process of a container hears no signal that it does not listen to.
    const mark = uniqueName('mark');
    runner.write('Dockerfile', `FROM ${base}\nRUN echo under""way; for i in ${mark} 1 2; do sleep 300; done\n`);
    const step = runner.start({ registry: suite.registry, username: 'octocat', tags: 'first', engine: 'podman' });
    let log = '';
    step.process.stdout?.on('data', (text: string) => {
      log += text;
    });
    for (const end = Date.now() + 120_000; !log.includes('underway'); await sleep(20)) {
      if (Date.now() > end) throw new Error(`The build did not begin:\n${log}`);
    }
    expect(processesWith(mark)).not.toEqual([]);
    step.process.kill(signal);
    expect(await step.ended).toMatchObject({ exitCode, code: 'CANCELLED', outputs: {} });
    expect(processesWith(mark)).toEqual([]);
    const containers = await runTool(['podman', 'ps', '--all', '--external', '--format', '{{.Image}}'], suite.podman);
    expect(containers).not.toContain(base);
    await runTool(['podman', 'rmi', base], suite.podman);
  },
);

test.each(ends)('$signal while an engine does not answer ends the step', async ({ signal, exitCode }) => {
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${uniqueName('app')}`, token });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const socket = join(runner.temp, '../hung.sock');
  const server = createServer();
  const isAsked = once(server, 'connection');
  server.listen(socket);
  const step = runner.start(
    { registry: suite.registry, username: 'octocat', tags: 'first' },
    { DOCKER_HOST: `unix://${socket}` },
  );
  const [connection] = await isAsked;
  connection.on('error', () => undefined);
  // Drop by drop, so that no time-out of a connection that stands still ends it either.
  connection.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
  const dripping = setInterval(() => connection.write(' '), 1_000);
  step.process.kill(signal);
  expect(await step.ended).toMatchObject({ exitCode, code: 'CANCELLED', outputs: {} });
  clearInterval(dripping);
  server.close();
  expect(readdirSync(runner.temp)).toEqual([]);
});

test('a terminal whose Ctrl-C is pressed again and again, and then closed, is left without a login', async () => {
  const runner = suite.action.newRunner({
    engine: suite.engine,
    beforeDocker: 'case "$*" in build*) trap "" INT TERM; sleep 2 ;; esac',
  });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const args = [
    '--registry',
    suite.registry,
    '--owner',
    'octo-org',
    '--image',
    'app',
    '--tags',
    '1',
    '--username',
    'octocat',
  ];
  const step = runner.startTerminal('cli.js', args, { GITHUB_TOKEN: token });
  for (
    const end = Date.now() + 60_000;
    !runner.commands().some(({ args: [name] }) => name === 'build');
    await sleep(20)
  )
    expect(Date.now()).toBeLessThan(end);
  for (const signal of ['SIGINT', 'SIGINT', 'SIGINT', 'SIGHUP'] as const) {
    step.process.kill(signal);
    await sleep(50);
  }
  step.process.stdout?.destroy();
  step.process.stderr?.destroy();
  expect(await step.ended).toMatchObject({ exitCode: 130, signal: null });
  expect(readdirSync(runner.temp)).toEqual([]);
});

test('a child of a child that nobody ends does not keep the step from ending', async () => {
  const runner = suite.action.newRunner({
    engine: suite.engine,
    repository: `octo-org/${uniqueName('app')}`,
    token,
    // Stands for a credential helper that hangs: it has the output of the build, and no signal reaches it in its own session.
    beforeDocker: 'case "$*" in build*) setsid sleep 300 & echo $! >"$HOME/helper"; wait ;; esac',
  });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const step = runner.start({ registry: suite.registry, username: 'octocat', tags: 'first' });
  const helper = join(runner.home, 'helper');
  for (const end = Date.now() + 120_000; !existsSync(helper); await sleep(20)) expect(Date.now()).toBeLessThan(end);
  await sleep(100);
  const asked = performance.now();
  step.process.kill('SIGTERM');
  // The step has ended with its process; the helper keeps the runner's pipe open until it is ended, too.
  const exited = new Promise((resolve) => step.process.once('exit', resolve));
  expect(await exited).toBe(143);
  expect(performance.now() - asked).toBeLessThan(60_000);
  expect(readdirSync(runner.temp)).toEqual([]);
  process.kill(Number(readFileSync(helper, 'utf8')), 'SIGKILL');
  expect(await step.ended).toMatchObject({ exitCode: 143, code: 'CANCELLED' });
});
