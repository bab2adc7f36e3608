/** What ends a builder in the middle of its work: a disk that is full, an engine that is killed or restarted. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { type Runner, type RunningStep, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('registry');
/** References of the lab: BuildKit's image, a base image with commands. */
let images: { readonly image: string; readonly busybox: string };
let engine: OwnEngine;

beforeAll(async () => {
  const found = await lab['buildkit-image']();
  if (found.image === null) throw new Error('BuildKit’s image is made by a Go toolchain on Debian.');
  images = found;
});

/** An engine that has BuildKit's image and nothing else. */
function ownEngine(megabytes?: number): void {
  beforeAll(async () => {
    engine = await startOwnEngine('engine', megabytes);
    docker('pull', '--quiet', images.image);
  });
  afterAll(() => engine.close());
}

function docker(...args: readonly string[]): string {
  return execFileSync('docker', args, { env: { ...process.env, ...engine.environment }, encoding: 'utf8' });
}

function aRunner(dockerfile: string): Runner {
  const repository = `octo-org/${uniqueName('fault')}`;
  const runner = suite.action.newRunner({ engine: engine.environment, repository, token: 'ghs_canary' });
  runner.write('Dockerfile', dockerfile);
  return runner;
}

/** The inputs of a step that needs a builder on a classic store. */
function inputs(): Readonly<Record<string, string>> {
  return { registry: suite.registry, tags: '1.0', provenance: 'true', 'builder-image': images.image };
}

/** All that the engine has beside images, the binfmt handlers of the machine, and what is below the runner's temporary folder. */
function leftOf(runner: Runner): readonly string[] {
  const containers = docker('container', 'ls', '--all', '--format', '{{.Names}}');
  const volumes = docker('volume', 'ls', '--format', '{{.Name}}');
  const handlers = existsSync('/proc/sys/fs/binfmt_misc') ? readdirSync('/proc/sys/fs/binfmt_misc') : [];
  const names = (containers + volumes).split('\n').filter((line) => line !== '');
  return [...names, ...handlers, ...readdirSync(runner.temp)];
}

function errorsOf({ commands }: StepResult): readonly string[] {
  return commands.filter(({ name }) => name === 'error').map(({ data }) => data);
}

describe('a disk that is full', () => {
  ownEngine(300);

  /** Megabytes. */
  function free(): number {
    const { bavail, bsize } = statfsSync(engine.data);
    return Math.floor((bavail * bsize) / 1e6);
  }

  /** Fills the engine's disk. */
  function fill(megabytes: number): Disposable {
    const path = join(engine.data, 'filler');
    // The last of it may be less than a block.
    execFileSync('sh', ['-c', 'head -c "$1" /dev/zero >"$2" || true', 'sh', `${megabytes}000000`, path]);
    return { [Symbol.dispose]: () => rmSync(path) };
  }

  const random = (megabytes: number): Buffer =>
    execFileSync('head', ['-c', `${megabytes}000000`, '/dev/urandom'], { maxBuffer: 2e9 });

  const copy = (): string => 'FROM scratch\nCOPY big /\n';
  const write = (): string => `FROM ${images.busybox}\nRUN dd if=/dev/zero of=/big bs=1M count=2000\n`;

  test.each([
    ['a command writes to it', 'BUILD_FAILED', write, 0],
    ['the context is sent', 'FILE_REFUSED', copy, 1.2],
    ['a file is copied', 'FILE_REFUSED', copy, 0.7],
    ['the layer is written', 'FILE_REFUSED', copy, 0.4],
  ] as const)(
    'while %s ends in one error that names it, and leaves nothing',
    async (_title, code, dockerfile, size) => {
      const runner = aRunner(dockerfile());
      const before = leftOf(runner);
      if (size > 0) writeFileSync(join(runner.workspace, 'big'), random(Math.floor(free() * size)));
      const step = await runner.main(inputs());
      expect(step).toMatchObject({ exitCode: 1, code });
      expect(errorsOf(step)).toHaveLength(1);
      expect(step.log.toLowerCase()).toContain('no space left on device');
      expect(step.failure).toContain('docker system prune --all --force');
      expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
      expect(leftOf(runner)).toEqual(before);
    },
  );

  test('before the builder starts is no fault of its image', async () => {
    const runner = aRunner('FROM scratch\nCOPY Dockerfile /\n');
    const before = leftOf(runner);
    using _filler = fill(free() + 1);
    const step = await runner.main(inputs());
    expect(step).toMatchObject({ exitCode: 1, code: 'FILE_REFUSED' });
    expect(step.failure).toContain('This build needs a builder');
    expect(step.failure).not.toContain('builder-image');
    expect(errorsOf(step)).toHaveLength(1);
    expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
    expect(leftOf(runner)).toEqual(before);
  });

  test('while its image is pulled is no fault of the image either; the next job has its builder', async () => {
    const runner = aRunner('FROM scratch\nCOPY Dockerfile /\n');
    const before = leftOf(runner);
    docker('image', 'rm', images.image);
    {
      using _filler = fill(free() - 20);
      const step = await runner.main(inputs());
      expect(step).toMatchObject({ exitCode: 1, code: 'FILE_REFUSED' });
      expect(step.failure).not.toContain('builder-image');
      expect(errorsOf(step)).toHaveLength(1);
      expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
      expect(leftOf(runner)).toEqual(before);
    }
    const again = await runner.main(inputs());
    expect(again).toMatchObject({ exitCode: 0, code: '' });
    await runner.post(again);
    expect(leftOf(runner)).toEqual(before);
  });
});

describe('an engine that ends during the build', () => {
  ownEngine();

  /** A step in the middle of a RUN. */
  async function underway(runner: Runner): Promise<RunningStep> {
    const step = runner.start(inputs());
    let log = '';
    step.process.stdout?.on('data', (text: string) => {
      log += text;
    });
    for (const deadline = Date.now() + 120_000; !/^#\d+ \d\S* underway/m.test(log); await sleep(50)) {
      if (Date.now() > deadline) throw new Error(`The build did not begin:\n${log}`);
    }
    return step;
  }
  const slow = (): string => `FROM ${images.busybox}\nRUN echo ${uniqueName('x')} && echo under""way && sleep 5\n`;

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'by %s and is started again: one error, or a build with a builder that is made anew; then nothing is left',
    async (signal) => {
      const runner = aRunner(slow());
      const before = leftOf(runner);
      const step = await underway(runner);
      await engine.kill(signal);
      await engine.start();
      const ended = await step.ended;
      expect(['', 'ENGINE_DOWN']).toContain(ended.code);
      expect(errorsOf(ended)).toHaveLength(ended.code === '' ? 0 : 1);
      expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
      expect(leftOf(runner)).toEqual(before);
    },
  );

  test('for good: one error names the engine, and the post step says what is left there, and leaves no file', async () => {
    const runner = aRunner(slow());
    const before = leftOf(runner);
    const step = await underway(runner);
    await engine.kill();
    const ended = await step.ended;
    expect(ended).toMatchObject({ exitCode: 1, code: 'ENGINE_DOWN' });
    expect(errorsOf(ended)).toHaveLength(1);
    expect(ended.failure).toMatch(
      /The builder publish-job-\S+ went away during the build: .*\. The Docker engine does not answer: /,
    );
    expect(ended.log).not.toContain('makes it anew');
    const post = await runner.post(ended);
    expect(post.exitCode).toBe(0);
    const [, remedy = ''] =
      /^::warning::The engine did not remove the builder .*`(docker .*)`\.$/m.exec(post.log) ?? [];
    expect(readdirSync(runner.temp)).toEqual([]);
    await engine.start();
    execFileSync('sh', ['-c', remedy], { env: { ...process.env, ...engine.environment } });
    expect(leftOf(runner)).toEqual(before);
  });
});
