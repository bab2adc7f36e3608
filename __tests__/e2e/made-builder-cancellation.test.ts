/** A step with a builder of its own that is asked to end, or killed, while it waits: at each moment of the builder's life. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { type Runner, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry');
/** References: BuildKit's image, a base image with commands, and an image of BuildKit that never becomes ready. */
let images: { readonly image: string; readonly busybox: string; readonly stuck: string };

beforeAll(async () => {
  const found = await lab['buildkit-image']();
  if (found.image === null) throw new Error('BuildKit’s image is made by a Go toolchain on Debian.');
  const stuck = `${suite.registry}/lab/${uniqueName('stuck')}:1`;
  images = { ...found, image: found.image, stuck };
  const dockerfile = `FROM ${images.image}\nENTRYPOINT ["busybox", "sh", "-c", "sleep 1000"]\n`;
  const env = { ...process.env, ...suite.engine };
  execFileSync('docker', ['build', '--quiet', '--tag', stuck, '-'], { env, input: dockerfile });
  execFileSync('docker', ['push', '--quiet', stuck], { env });
});
afterAll(() => {
  execFileSync('docker', ['image', 'rm', '--force', images.stuck], { env: { ...process.env, ...suite.engine } });
});

/** The containers and volumes of a builder. */
async function made(runner: Runner, name: string): Promise<readonly string[]> {
  const list = async (what: string, field: string): Promise<string> => {
    const all = what === 'container' ? ['--all'] : [];
    return (await runner.run(['docker', what, 'ls', ...all, '--filter', `name=${name}`, '--format', `{{.${field}}}`]))
      .stdout;
  };
  const names = (await list('container', 'Names')) + (await list('volume', 'Name'));
  return names.split('\n').filter((line) => line !== '');
}

function handlers(): readonly string[] {
  return existsSync('/proc/sys/fs/binfmt_misc') ? readdirSync('/proc/sys/fs/binfmt_misc') : [];
}

/** Where a step waits: for an answer of its registry, after a line of its log, or for a command that does not end. */
interface Moment {
  readonly moment: string;
  readonly request?: RegExp;
  readonly line?: RegExp;
  readonly command?: string;
  readonly inputs?: () => Readonly<Record<string, string>>;
  /** A RUN that takes long. */
  readonly isSlow?: true;
  /** Whether the builder is for later steps by then. */
  readonly isUsed?: true;
}

const builderIsMade = /^Builder: publish-job-/m;
const moments: readonly Moment[] = [
  { moment: 'its image is pulled', request: /^GET \/v2\/b\//, inputs: () => ({ 'builder-image': 'HERE/b:1' }) },
  { moment: 'it starts', command: 'create', inputs: () => ({ 'builder-image': images.stuck }) },
  { moment: 'its emulators are looked for', command: 'container exec' },
  { moment: 'the step logs in', request: /^GET \/v2\/$/, line: builderIsMade, inputs: () => ({ push: 'false' }) },
  { moment: 'the step asks whether it may push', request: /^POST .*\/blobs\/uploads\//, line: builderIsMade },
  { moment: 'it builds', line: /^#\d+ \d\S* underway/m, isSlow: true, isUsed: true },
  { moment: 'it pushes', request: /^(?:PATCH|PUT) .*\/blobs\/uploads\//, isUsed: true },
  { moment: 'the step moves tags', request: /^PUT .*\/manifests\/second$/, isUsed: true },
];

describe.each(moments)('while $moment', ({ moment, request, line, command, inputs, isSlow, isUsed }) => {
  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('%s leaves nothing after the post step', async (signal) => {
    let isAsked = false;
    using meddling = await startMeddlingRegistry(suite.registry, (asked) => {
      if (request === undefined || !request.test(asked)) return undefined;
      isAsked = true;
      return new Promise<undefined>(() => {});
    });
    const runner = suite.action.newRunner({
      engine: suite.engine,
      repository: `octo-org/${uniqueName('app')}`,
      token: `canary-${crypto.randomUUID()}`,
      ...(moment === 'its emulators are looked for' && {
        beforeDocker: 'case "$1 $2" in "container exec") sleep 300 ;; esac',
      }),
    });
    const run = `RUN echo ${uniqueName('run')} && echo under""way && sleep 300\n`;
    runner.write('Dockerfile', isSlow ? `FROM ${images.busybox}\n${run}` : 'FROM scratch\nCOPY Dockerfile /\n');
    const before = handlers();
    const given: Record<string, string> = {
      ...{ registry: meddling.address, username: 'octocat', tags: 'first\nsecond', provenance: 'true' },
      ...{ platforms: isSlow ? 'linux/amd64' : 'linux/amd64,linux/arm64', 'builder-image': images.image },
      ...inputs?.(),
    };
    given['builder-image'] = (given['builder-image'] ?? '').replace('HERE', meddling.address);
    const step = runner.start(given);
    let log = '';
    step.process.stdout?.on('data', (text: string) => {
      log += text;
    });
    const isThere = (): boolean =>
      (request === undefined || isAsked) &&
      (line === undefined || line.test(log)) &&
      (command === undefined || runner.commands().some(({ args }) => args.join(' ').startsWith(command)));
    for (const deadline = Date.now() + 120_000; !isThere(); await sleep(50)) {
      if (step.process.exitCode !== null || Date.now() > deadline) throw new Error(`It did not come to that:\n${log}`);
    }
    // A container that starts is made by then.
    if (command !== undefined) await sleep(1_000);

    step.process.kill(signal);
    const ended = await step.ended;
    const { name = '' } = JSON.parse(ended.state['job-builder'] ?? '{}');
    expect(name).toMatch(/^publish-job-/);
    if (signal !== 'SIGKILL') {
      expect(ended).toMatchObject({ code: 'CANCELLED', outputs: {} });
      expect(await made(runner, name)).toHaveLength(isUsed ? 2 : 0);
    }
    expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
    expect(await made(runner, name)).toEqual([]);
    expect(readdirSync(runner.temp)).toEqual([]);
    expect(handlers()).toEqual(before);
  });
});
