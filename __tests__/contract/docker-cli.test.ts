/** The command lines that go to the Docker CLI and buildx: a recording executable in their place, which never is a real one. */

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { BuildRequest } from '../../src/build/build-request.ts';
import { buildWithBuildx } from '../../src/engine/buildx-build.ts';
import type { BuildxPorts } from '../../src/engine/buildx-run.ts';
import { createCommandRunner } from '../../src/engine/command.ts';
import { type BuildTarget, buildWithDocker } from '../../src/engine/docker.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import { aBuild, aDecision } from '../support/builders.ts';
import { type RecordedCommand, readRecords, writeRecorder } from '../support/recorder.ts';

const digest = `sha256:${'a1'.repeat(32)}`;
const references = ['localhost:5000/octo/app:1.0', 'example.com/octo/app:1.0'];
const request: BuildRequest = aBuild({
  context: 'services/api; rm -rf "$HOME"',
  file: 'docker/Dockerfile.api',
  target: 'runtime',
  platforms: [parsePlatform('linux/amd64'), parsePlatform('linux/arm/v7')],
  buildArgs: ['VERSION=1 2=$(id)', 'FROM_ENVIRONMENT'],
  labels: ['com.example.team=octo & co', 'empty='],
});
const plain = aBuild();
const decision = aDecision();

let folder: string;
let output: string;
let retried: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'publish-docker-cli-'));
  for (const name of ['bin', 'records', 'temp']) mkdirSync(join(folder, name));
  output = '';
  retried = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a program in place of the real one: what it does is a line of shell. */
function install(name: string, does: string): string {
  const path = join(folder, 'bin', name);
  writeRecorder(path, does, join(folder, 'records'));
  return path;
}

/** What was called, with the path of a build's private folder as `TEMP`. */
function called(): readonly (readonly string[])[] {
  return records().map(({ program, args }) => [
    program,
    ...args.map((arg) => arg.replace(/^.*\/temp\/build-[^/]+/, 'TEMP')),
  ]);
}

function records(): readonly RecordedCommand[] {
  return readRecords(join(folder, 'records'));
}

function target(push: boolean, names = references): BuildTarget {
  const inside = join(folder, 'temp', 'build-x');
  mkdirSync(inside, { recursive: true });
  return { references: names, push, folder: inside, secrets: new Map() };
}

function ports(): BuildxPorts {
  return {
    run: createCommandRunner(new AbortController().signal).run,
    env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, DOCKER_CONFIG: join(folder, 'config') },
    temp: join(folder, 'temp'),
    signal: new AbortController().signal,
    onOutput: (text) => {
      output += text;
    },
    warn: () => undefined,
    onWarnings: () => undefined,
    retry: (what, attempt) => {
      retried.push(what);
      return attempt();
    },
  };
}

describe('buildx', () => {
  /** Writes what buildx writes: an image ID and a report. */
  const succeeds = `for arg; do case $last in --iidfile) echo ${digest} >"$arg";; --metadata-file) echo '{"containerimage.digest":"${digest}"}' >"$arg";; esac; last=$arg; done; echo '#1 DONE' >&2`;

  test('gets every option as an argument of its own, and never a shell’s', async () => {
    const buildx = install('docker-buildx', succeeds);
    const built = await buildWithBuildx(
      ports(),
      decision,
      { buildx, builder: undefined, endpoints: [] },
      request,
      target(true),
    );
    expect(called()).toEqual([
      [
        'docker-buildx',
        'build',
        ...['--progress', 'plain'],
        ...['--tag', 'localhost:5000/octo/app:1.0', '--tag', 'example.com/octo/app:1.0'],
        ...['--file', 'docker/Dockerfile.api', '--target', 'runtime', '--platform', 'linux/amd64,linux/arm/v7'],
        ...['--build-arg', 'VERSION=1 2=$(id)', '--build-arg', 'FROM_ENVIRONMENT'],
        ...['--label', 'com.example.team=octo & co', '--label', 'empty='],
        ...['--iidfile', 'TEMP/image-id', '--metadata-file', 'TEMP/metadata.json', '--push'],
        'services/api; rm -rf "$HOME"',
      ],
    ]);
    expect(built).toMatchObject({ digest, imageId: digest, metadata: expect.stringContaining(digest) });
    expect(output).toBe('#1 DONE\n');
  });

  test('gets no option that nobody asked for', async () => {
    const buildx = install('docker-buildx', succeeds);
    const built = await buildWithBuildx(
      ports(),
      decision,
      { buildx, builder: undefined, endpoints: [] },
      plain,
      target(false, references.slice(0, 1)),
    );
    expect(called()).toEqual([
      [
        ...['docker-buildx', 'build', '--progress', 'plain', '--tag', 'localhost:5000/octo/app:1.0'],
        ...['--iidfile', 'TEMP/image-id', '--metadata-file', 'TEMP/metadata.json', '.'],
      ],
    ]);
    expect(built.digest).toBeUndefined();
    expect(records()[0]?.env.BUILDX_NO_DEFAULT_ATTESTATIONS).toBe('1');
  });

  test('that reports no digest after a push is an error, not a guess', async () => {
    const buildx = install('docker-buildx', 'true');
    await expect(
      buildWithBuildx(ports(), decision, { buildx, builder: undefined, endpoints: [] }, plain, target(true)),
    ).rejects.toMatchObject({ code: 'DIGEST_MISSING' });
  });
});

describe('the classic commands', () => {
  const succeeds = `case $1 in build) for arg; do [ "$last" = --iidfile ] && printf sha256:feed >"$arg"; last=$arg; done;; push) echo '1.0: digest: ${digest} size: 528';; esac`;

  test('build, tag, push each repository once, and tell which digest was pushed', async () => {
    install('docker', succeeds);
    const single: BuildRequest = { ...request, platforms: [] };
    const built = await buildWithDocker(ports(), false, single, target(true));
    expect(called()).toEqual([
      [
        ...['docker', 'build', '--tag', 'localhost:5000/octo/app:1.0'],
        ...['--file', 'docker/Dockerfile.api', '--target', 'runtime'],
        ...['--build-arg', 'VERSION=1 2=$(id)', '--build-arg', 'FROM_ENVIRONMENT'],
        ...['--label', 'com.example.team=octo & co', '--label', 'empty='],
        ...['--iidfile', 'TEMP/image-id', 'services/api; rm -rf "$HOME"'],
      ],
      ['docker', 'tag', 'sha256:feed', 'example.com/octo/app:1.0'],
      ['docker', 'push', 'localhost:5000/octo/app:1.0'],
      ['docker', 'push', 'example.com/octo/app:1.0'],
    ]);
    expect(built).toMatchObject({ imageId: 'sha256:feed', digest, metadata: '' });
    expect(records()[0]?.env.DOCKER_BUILDKIT).toBe('0');
  });

  test('push nothing that is only built', async () => {
    install('docker', succeeds);
    await buildWithDocker(ports(), false, plain, target(false, references.slice(0, 1)));
    expect(called().map(([, verb]) => verb)).toEqual(['build']);
  });

  test('stop at the first that fails', async () => {
    install('docker', `${succeeds}; [ "$1" = push ] && { echo 'denied: no' >&2; exit 1; }; true`);
    await expect(buildWithDocker(ports(), false, plain, target(true))).rejects.toMatchObject({
      code: 'PUSH_DENIED',
      message: expect.stringContaining('denied: no'),
    });
    expect(called().map(([, verb]) => verb)).toEqual(['build', 'tag', 'push']);
  });
});

test('a program that is not there is ENGINE_MISSING, and names it', async () => {
  const { run, env } = ports();
  await expect(run(['docker-of-nobody'], { env })).rejects.toMatchObject({
    code: 'ENGINE_MISSING',
    message: expect.stringContaining('"docker-of-nobody"'),
  });
});

test('a program that is asked to end, and does not, is made to', async () => {
  const controller = new AbortController();
  const { run, end } = createCommandRunner(controller.signal);
  const ready = join(folder, 'ready');
  install('docker', `trap '' TERM; touch '${ready}'; while :; do sleep 0.1; done`);
  const running = run(['docker'], { env: ports().env, onOutput: () => undefined });
  const outcome = expect(running).rejects.toThrow('enough');
  while (records().length === 0 || !existsSync(ready)) await new Promise((resolve) => setTimeout(resolve, 20));
  controller.abort(new Error('enough'));
  await outcome;
  await end();
  await expect(run(['docker'], { env: ports().env })).rejects.toThrow('enough');
});
