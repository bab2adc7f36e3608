/** Bake files on builders outside of the engine, on a runner that lacks buildx, and on GitHub's own registries. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BuildKit, startBuildKit } from '../support/buildkit.ts';
import { openGitHubLab } from '../support/github-lab.ts';
import { lab } from '../support/lab.ts';
import { findBuildx, type Runner, type RunnerOptions, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'client');
const github = await openGitHubLab();
afterAll(() => github[Symbol.dispose]());
let buildkit: BuildKit;
let buildkitImage: string;

beforeAll(async () => {
  const { image } = await lab['buildkit-image']();
  if (image === null) throw new Error('BuildKit’s image is made by a Go toolchain on Debian.');
  buildkitImage = image;
  buildkit = await startBuildKit();
});
afterAll(() => buildkit?.[Symbol.asyncDispose]());

const bakeFile = `
group "default" { targets = ["app", "worker"] }
target "base" {
  dockerfile-inline = "FROM scratch\\nCOPY hello.txt /hello.txt\\n"
}
target "app" {
  contexts = { base = "target:base" }
  dockerfile-inline = "FROM base\\nCOPY docker-bake.hcl /\\n"
  platforms = ["linux/amd64", "linux/arm64"]
  annotations = ["index,manifest:com.example.baked=yes"]
}
target "worker" {
  dockerfile-inline = "FROM scratch\\nCOPY hello.txt /worker.txt\\n"
  attest = ["type=provenance,mode=min"]
}
`;

function fill(runner: Runner, text = bakeFile): Runner {
  runner.write('docker-bake.hcl', text);
  runner.write('hello.txt', 'Hello\n');
  return runner;
}

function aRunner(options: RunnerOptions = {}): Runner & { readonly name: string } {
  const repository = `octo-org/${uniqueName('bake')}`;
  const runner = suite.action.newRunner({ engine: suite.engine, repository, token: 'ghs_canary', ...options });
  return { ...fill(runner), name: `${suite.registry}/${repository}` };
}

interface Target {
  readonly reference: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly platforms: Readonly<Record<string, string>>;
}

function targetsIn({ outputs }: StepResult): Readonly<Record<string, Target | undefined>> {
  return JSON.parse(outputs.bake ?? '{}');
}

async function lookAt(step: StepResult, name: string): Promise<void> {
  expect(step.failure).toBe('');
  const { app, worker } = targetsIn(step);
  expect(Object.keys(app?.platforms ?? {})).toEqual(['linux/amd64', 'linux/arm64']);
  expect(await suite.client.digestOf(`${name}/app:1.0`)).toBe(app?.digest);
  expect(await suite.client.digestOf(`${name}/worker:latest`)).toBe(worker?.digest);
  expect(await suite.client.manifestOf(app?.reference ?? '')).toMatchObject({
    annotations: { 'com.example.baked': 'yes', 'org.opencontainers.image.version': '1.0' },
  });
  const { manifests } = await suite.client.manifestOf(worker?.reference ?? '');
  expect(manifests).toHaveLength(2);
}

test('a remote builder pushes each target by digest, and keeps a cache for each', async () => {
  const runner = aRunner();
  const inputs = { registry: suite.registry, builder: buildkit.endpoint, cache: 'registry', tags: '1.0\nlatest' };
  const step = await runner.main({ ...inputs, bake: 'docker-bake.hcl' });
  await lookAt(step, runner.name);
  for (const target of ['app', 'worker']) {
    expect(await suite.client.tagsOf(`${runner.name}/${target}`)).toEqual([
      '1.0',
      `buildcache-main-${target}`,
      'latest',
    ]);
  }
  expect(runner.commands().filter(({ args }) => args.includes('push'))).toEqual([]);
});

test('a cache that cannot be written is no reason to fail', async () => {
  const runner = aRunner();
  const inputs = { registry: suite.registry, builder: buildkit.endpoint, tags: '1.0' };
  const step = await runner.main({
    ...inputs,
    bake: 'docker-bake.hcl',
    'cache-to': 'type=registry,ref=localhost:9/x,ignore-error=false',
  });
  expect(step.failure).toBe('');
  expect(step.log).toContain('The cache could not be written, so the image goes without');
});

test('several platforms on a classic store are a builder’s, which the step makes for all targets', async () => {
  const runner = aRunner();
  const inputs = { registry: suite.registry, 'builder-image': buildkitImage, tags: '1.0\nlatest', load: 'false' };
  const step = await runner.main({ ...inputs, bake: 'docker-bake.hcl' });
  await lookAt(step, runner.name);
  expect(step.log).toContain('Engine: a builder of BuildKit that the step makes');
  const inspected = await runner.main({ ...inputs, bake: 'docker-bake.hcl', 'if-exists': 'update' });
  expect(inspected.failure).toBe('');
  await runner.post(step);
  await runner.post(inspected);
});

test('an image with attestations is loaded beside the push', async () => {
  const runner = aRunner();
  const inputs = { registry: suite.registry, builder: buildkit.endpoint, tags: '1.0', load: 'true' };
  const step = await runner.main({ ...inputs, bake: 'docker-bake.hcl', 'bake-targets': 'worker' });
  expect(step.failure).toBe('');
  expect((await runner.run(['docker', 'image', 'inspect', `${runner.name}:1.0`])).exitCode).toBe(0);
});

describe('a buildx that is missing', () => {
  let served: Buffer;
  let mirror: Server;
  beforeAll(async () => {
    served = readFileSync(findBuildx({ engine: suite.engine }) ?? '');
    mirror = createServer((_, answer) => void answer.end(served));
    await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void mirror.close());

  test('is installed to read the bake file, and builds it', async () => {
    const address = mirror.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const runner = aRunner({
      dockerConfig: { cliPluginsExtraDirs: [] },
      env: {
        BUILDX_DOWNLOAD_URL: `http://127.0.0.1:${port}`,
        RUNNER_TOOL_CACHE: join(suite.action.folder, uniqueName('tools')),
      },
    });
    const version = `0.29.1@sha256:${createHash('sha256').update(served).digest('hex')}`;
    const inputs = { registry: suite.registry, tags: '1.0', 'buildx-version': version, builder: buildkit.endpoint };
    const step = await runner.main({ ...inputs, bake: 'docker-bake.hcl' });
    expect(step.failure).toBe('');
    expect(step.log).toContain('buildx 0.29.1 is in the tool cache of the runner');
  });
});

const describeNamespace = github.mode === 'namespace' ? describe : describe.skip;

describeNamespace('on GitHub', () => {
  test('each target has the three segments of the Docker registry', async () => {
    const runner = github.newRunner(suite.action, 'github.com', github.token('github.com', 'readWrite'));
    fill(runner, bakeFile.replace(/ {2}(?:platforms|annotations|attest) = .*\n/g, ''));
    const step = await runner.main({ bake: 'docker-bake.hcl', registry: 'docker', tags: '1.0' });
    expect(step.failure).toBe('');
    const tags = ['app', 'worker'].map(
      (target) =>
        `docker.pkg.github.com/${github.owner.toLowerCase()}/${github.repository.toLowerCase()}/${target}:1.0`,
    );
    expect(step.outputs.tags?.split('\n')).toEqual(tags);
  });
});
