/** What the step does if the version tag already exists: before the build, and once more before the tag moves. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BuildKit, startBuildKit } from '../support/buildkit.ts';
import { runTool } from '../support/images.ts';
import { lab } from '../support/lab.ts';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { type Runner, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'client');
let buildkit: BuildKit;

beforeAll(async () => {
  buildkit = await startBuildKit();
});
afterAll(() => buildkit?.[Symbol.asyncDispose]());

function aRunner(image: string, text: string): Runner {
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${image}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /hello.txt\n');
  runner.write('hello.txt', text);
  return runner;
}

async function publish(image: string, text: string, inputs: Readonly<Record<string, string>>) {
  const runner = aRunner(image, text);
  return { runner, step: await runner.main({ registry: suite.registry, ...inputs }) };
}

const builds = (runner: Runner): number => runner.commands().filter(({ args }) => args.includes('build')).length;

describe('a version that already exists', () => {
  const image = uniqueName('version');
  let first: StepResult;
  beforeAll(async () => {
    ({ step: first } = await publish(image, 'first\n', { tags: '1.0' }));
    expect(first.exitCode).toBe(0);
  });

  test('`skip` builds nothing, succeeds, and points at what is there', async () => {
    const { runner, step } = await publish(image, 'second\n', { tags: '1.0\nlatest', 'if-exists': 'skip' });
    expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
    expect(builds(runner)).toBe(0);
    const name = `${suite.registry}/octo-org/${image}`;
    expect(step.outputs).toMatchObject({
      published: 'false',
      reason: `${name}:1.0 already exists, and \`if-exists\` is skip`,
      digest: first.outputs.digest,
      reference: `${name}@${first.outputs.digest}`,
      image: `${name}:1.0`,
      tags: `${name}:1.0`,
      platforms: first.outputs.platforms,
      imageid: first.outputs.imageid,
    });
    expect(await suite.client.tagsOf(name)).toEqual(['1.0']);
  });

  test('`fail` fails before the build and names the version', async () => {
    const { registry } = suite;
    const { runner, step } = await publish(image, 'second\n', { tags: '1.0', 'if-exists': 'fail' });
    expect(step).toMatchObject({ exitCode: 1, code: 'TAG_EXISTS' });
    expect(step.failure).toContain(`${registry}/octo-org/${image}:1.0 already exists (${first.outputs.digest})`);
    expect(builds(runner)).toBe(0);
  });

  test('`fail` does not mind other tags, `skip` neither', async () => {
    const failing = await publish(image, 'third\n', { tags: '1.1', 'if-exists': 'fail' });
    expect({ exitCode: failing.step.exitCode, failure: failing.step.failure }).toEqual({ exitCode: 0, failure: '' });
    const skipping = await publish(image, 'fourth\n', { tags: '1.2', 'if-exists': 'skip' });
    expect(skipping.step.outputs).toMatchObject({ published: 'true', reason: '' });
    expect(skipping.step.outputs.digest).not.toBe(first.outputs.digest);
  });

  test('a source is not opened for it', async () => {
    const { step } = await publish(image, '', {
      tags: '1.0',
      source: `docker://${suite.registry}/octo-org/${image}:nothing`,
      'if-exists': 'skip',
    });
    expect(step).toMatchObject({ exitCode: 0, outputs: { digest: first.outputs.digest, published: 'false' } });
  });

  test('`overwrite`, the default, moves it', async () => {
    const { step } = await publish(image, 'fifth\n', { tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 0, outputs: { published: 'true' } });
    expect(await suite.client.digestOf(`${suite.registry}/octo-org/${image}:1.0`)).toBe(step.outputs.digest);
    expect(step.outputs.digest).not.toBe(first.outputs.digest);
  });
});

describe('a version that is new', () => {
  interface Way {
    readonly engine: () => Promise<Readonly<Record<string, string>>>;
    readonly inputs: Readonly<Record<string, string>>;
    readonly platforms: readonly string[];
  }
  const files = { outputs: 'type=local,dest=out', 'no-cache': 'true' };
  const several = { platforms: 'linux/amd64,linux/arm64', annotations: 'index:org.example.kind=several' };
  const ways: Readonly<Record<string, () => Way>> = {
    'the classic image store': () => ({
      engine: async () => (await lab.engine()).environment,
      inputs: files,
      platforms: ['linux/amd64'],
    }),
    'the containerd image store': () => ({
      engine: async () => (await lab['engine-containerd']()).environment,
      inputs: files,
      platforms: ['linux/amd64'],
    }),
    'the containerd image store, for two platforms': () => ({
      engine: async () => (await lab['engine-containerd']()).environment,
      inputs: { ...files, ...several },
      platforms: ['linux/amd64', 'linux/arm64'],
    }),
    'a builder of its own, for two platforms': () => ({
      engine: async () => (await lab.engine()).environment,
      inputs: { ...files, ...several, builder: buildkit.endpoint },
      platforms: ['linux/amd64', 'linux/arm64'],
    }),
    'an engine without buildx': () => ({
      engine: async () => (await lab['engine-20.10']()).environment,
      inputs: { 'no-cache': 'true' },
      platforms: ['linux/amd64'],
    }),
  };

  test.each(Object.keys(ways))('is built once by %s, and published whole', async (kind) => {
    const { action, registry, client } = suite;
    const way = ways[kind]?.();
    if (way === undefined) throw new Error(`There is no way ${kind}.`);
    const image = uniqueName('new');
    const runner = action.newRunner({ engine: await way.engine(), repository: `octo-org/${image}` });
    runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /hello.txt\n');
    runner.write('hello.txt', `${kind}\n`);
    const step = await runner.main({ registry, tags: '1.0\nlatest', 'if-exists': 'fail', ...way.inputs });
    expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
    expect(builds(runner)).toBe(1);
    const name = `${registry}/octo-org/${image}`;
    expect(await client.tagsOf(name)).toEqual(['1.0', 'latest']);
    expect(await client.digestOf(`${name}:1.0`)).toBe(step.outputs.digest);
    expect(await client.digestOf(`${name}:latest`)).toBe(step.outputs.digest);
    expect(Object.keys(JSON.parse(step.outputs.platforms ?? ''))).toEqual(way.platforms);
    expect(await client.contentOf(`${name}:1.0`, 'hello.txt')).toBe(`${kind}\n`);
    if (way.inputs.outputs !== undefined) {
      expect(runner.filesIn(join(runner.workspace, 'out')).some((path) => path.endsWith('hello.txt'))).toBe(true);
    }
    if (way.inputs.annotations !== undefined) {
      expect(await client.manifestOf(`${name}:1.0`)).toMatchObject({ annotations: { 'org.example.kind': 'several' } });
    }
  });
});

describe('a version that another run publishes during this one', () => {
  /** After it was looked for the first time, the tag is there. */
  async function racing(image: string, inputs: Readonly<Record<string, string>>) {
    const other = await publish(image, 'the other run\n', { tags: '0.9' });
    const name = `${suite.registry}/octo-org/${image}`;
    let asked = 0;
    const meddling = await startMeddlingRegistry(suite.registry, async (request) => {
      if (request.startsWith('HEAD') && request.endsWith('/manifests/1.0')) {
        asked += 1;
        if (asked === 2) await suite.client.tag(`${name}:0.9`, '1.0');
      }
    });
    try {
      const runner = aRunner(image, 'this run\n');
      const step = await runner.main({ registry: meddling.address, tags: '1.0\nlatest', ...inputs });
      return { step, runner, name, digest: other.step.outputs.digest, asked: () => asked };
    } finally {
      meddling[Symbol.dispose]();
    }
  }

  const wholeDay: Readonly<Record<string, (name: string) => Readonly<Record<string, string>>>> = {
    'that builds': () => ({}),
    'whose builder is one of its own': () => ({ builder: buildkit.endpoint }),
    'that promotes': (name) => ({ source: `docker://${name}` }),
  };

  test.each(Object.keys(wholeDay))('keeps its image with `skip` in a run %s', async (kind) => {
    const base = await publish(uniqueName('base'), 'base\n', { tags: '1' });
    const inputs = wholeDay[kind]?.(base.step.outputs.image ?? '') ?? {};
    const { step, name, digest } = await racing(uniqueName('race'), { 'if-exists': 'skip', ...inputs });
    expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
    expect(step.outputs).toMatchObject({ published: 'false', digest });
    expect(await suite.client.digestOf(`${name}:1.0`)).toBe(digest);
    expect(await suite.client.tagsOf(name)).toEqual(['0.9', '1.0']);
  });

  test.each(Object.keys(wholeDay))('keeps its image with `fail` in a run %s', async (kind) => {
    const base = await publish(uniqueName('base'), 'base\n', { tags: '1' });
    const inputs = wholeDay[kind]?.(base.step.outputs.image ?? '') ?? {};
    const { step, name, digest } = await racing(uniqueName('race'), { 'if-exists': 'fail', ...inputs });
    expect(step).toMatchObject({ exitCode: 1, code: 'TAG_EXISTS' });
    expect(await suite.client.digestOf(`${name}:1.0`)).toBe(digest);
    expect(await suite.client.tagsOf(name)).toEqual(['0.9', '1.0']);
  });
});

test('of two registries only the one that lacks the version gets it', async () => {
  const image = uniqueName('two');
  const { address, username, password } = await lab['registry-auth']();
  const inputs = {
    images: `${suite.registry}/octo-org/${image}\n${address}/octo-org/${image}`,
    'registry-auth': JSON.stringify([{ registry: address, username, password }]),
    tags: '1.0',
    'if-exists': 'skip',
  };
  const first = await publish(image, 'first\n', { tags: '1.0' });
  const { step } = await publish(image, 'second\n', inputs);
  expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
  expect(await suite.client.digestOf(`${suite.registry}/octo-org/${image}:1.0`)).toBe(first.step.outputs.digest);
  expect(await suite.client.digestOf(`${address}/octo-org/${image}:1.0`)).not.toBe(first.step.outputs.digest);
});

test('of two repositories a leg is named after the one that lacks the version, where it is staged', async () => {
  const image = uniqueName('leg');
  const [there, lacking] = [`${suite.registry}/octo-org/${image}`, `${suite.registry}/octo-org/${image}-lacking`];
  const { step } = await publish(image, 'first\n', { tags: '1.0' });
  const inputs = { images: `${there}\n${lacking}`, tags: '1.0', 'if-exists': 'skip', source: `docker://${there}:1.0` };
  const staged = await suite.action.newRunner({ engine: suite.engine }).main({ ...inputs, stage: 'true' });
  expect(staged).toMatchObject({ exitCode: 0, failure: '' });
  expect(staged.outputs.reference).toBe(`${lacking}@${step.outputs.digest}`);
  expect(await suite.client.digestOf(staged.outputs.reference ?? '')).toBe(step.outputs.digest);
});

describe('a version whose base image may have moved', () => {
  const image = uniqueName('nightly');
  const base = uniqueName('base');
  const moveBase = async (label: string): Promise<string> => {
    const { crane = 'crane' } = await lab.tools();
    const { busybox } = await lab.images();
    const name = `${suite.registry}/octo-org/${base}:1`;
    await runTool([crane, 'copy', '--platform', 'linux/amd64', busybox, name], {});
    await runTool([crane, 'mutate', '--label', `version=${label}`, '--tag', name, name], {});
    return suite.client.digestOf(name);
  };
  const build = async (dockerfile = `ARG VERSION=1\nFROM ${suite.registry}/octo-org/${base}:$VERSION\n`) => {
    const runner = aRunner(image, 'hello\n');
    runner.write('Dockerfile', dockerfile);
    const inputs = { registry: suite.registry, tags: '1.0', 'if-exists': 'skip-unless-base-changed' };
    const step = await runner.main(inputs);
    expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
    return { step, isBuilt: builds(runner) > 0 };
  };
  const name = (): string => `${suite.registry}/octo-org/${image}:1.0`;

  test('is built when it is new, not while its base stays, and again when its base has moved', async () => {
    const first = await moveBase('first');
    expect(await build()).toMatchObject({ isBuilt: true, step: { outputs: { published: 'true' } } });
    expect(await suite.client.labelsOf(name())).toMatchObject({
      'org.opencontainers.image.base.name': `${suite.registry}/octo-org/${base}:1`,
      'org.opencontainers.image.base.digest': first,
    });
    const reason = `${name()} already exists, and \`if-exists\` is skip-unless-base-changed`;
    expect(await build()).toMatchObject({ isBuilt: false, step: { outputs: { published: 'false', reason } } });

    const second = await moveBase('second');
    const { isBuilt, step } = await build();
    expect({ isBuilt, published: step.outputs.published }).toEqual({ isBuilt: true, published: 'true' });
    expect(step.log).toContain(`at ${first}. Now `);
    expect(await suite.client.labelsOf(name())).toMatchObject({
      version: 'second',
      'org.opencontainers.image.base.digest': second,
    });
    expect(await build()).toMatchObject({ isBuilt: false });
  });

  test('stays, with a notice, if its Dockerfile begins with nothing', async () => {
    const { isBuilt, step } = await build('FROM scratch\nCOPY hello.txt /\n');
    expect(isBuilt).toBe(false);
    expect(step.commands.filter(({ name }) => name === 'notice').map(({ data }) => data)).toEqual(
      expect.arrayContaining([expect.stringContaining('names no base image')]),
    );
  });
});
