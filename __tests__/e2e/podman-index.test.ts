/**
 * Indexes of Podman's storage ("manifest lists") as a source, and builds of several platforms with Podman that are staged:
 * the bundled action brings all of it or nothing, and crane looks at what is there.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGitHubLab } from '../support/github-lab.ts';
import { runTool } from '../support/images.ts';
import { type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';
import { writeTree } from '../support/tar.ts';

const suite = openSuite('podman', 'registry', 'client');
const github = await openGitHubLab();
const folder = mkdtempSync(join(tmpdir(), 'publish-podman-'));
const made: string[] = [];
let engine: Record<string, string>;

beforeAll(() => {
  // A source needs no Docker.
  engine = { ...suite.podman, DOCKER_HOST: 'tcp://127.0.0.1:9' };
});
afterAll(async () => {
  github[Symbol.dispose]();
  for (const name of made) await podman('manifest', 'rm', name).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
});

const podman = (...args: readonly string[]): Promise<string> => runTool(['podman', ...args], engine);

/** A name for an index, which goes with the suite. */
function newName(): string {
  const name = `localhost/${uniqueName('index')}:1.0`;
  made.push(name);
  return name;
}

const both = 'linux/amd64,linux/arm64';

/** Builds an index as a workflow does; the images differ. @returns its name */
async function buildIndex(...options: readonly string[]): Promise<string> {
  const name = newName();
  const text = `Hello from ${name}\n`;
  const dockerfile =
    'FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /hello.txt\nCOPY shared.txt /\nHEALTHCHECK CMD ["/hello"]\n';
  const context = writeTree(join(folder, uniqueName('context')), {
    Dockerfile: dockerfile,
    amd64: `${text}amd64`,
    arm64: `${text}arm64`,
    'shared.txt': 'shared\n'.repeat(1000),
  });
  await podman('build', '--quiet', '--layers=false', ...options, '--platform', both, '--manifest', name, context);
  return name;
}

async function publish(source: string, inputs: Readonly<Record<string, string>> = {}) {
  const { action, registry } = suite;
  const image = uniqueName('published');
  const runner = action.newRunner({ engine, repository: `octo-org/${image}`, token: 'ghs_canary' });
  const step = await runner.main({ registry, source: `containers-storage:${source}`, tags: '1.0\nlatest', ...inputs });
  expect(runner.filesIn(runner.temp)).toEqual([]);
  return { step, name: `${registry}/octo-org/${image}` };
}

interface Entry {
  readonly mediaType: string;
  readonly digest: string;
  readonly platform: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function entriesOf(reference: string): Promise<readonly Entry[]> {
  const { manifests } = await suite.client.manifestOf(reference);
  return Array.isArray(manifests) ? manifests : [];
}

const succeeded = { exitCode: 0, code: '', failure: '' };
const oci = 'application/vnd.oci.image.manifest.v1+json';
const schema2 = 'application/vnd.docker.distribution.manifest.v2+json';

describe.each([
  { form: 'oci', mediaType: oci, layer: 'application/vnd.oci.image.layer.v1.tar+gzip' },
  { form: 'docker', mediaType: schema2, layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip' },
])('an index of images in the form "$form"', ({ form, mediaType, layer }) => {
  let index: string;
  let step: StepResult;
  let name: string;
  beforeAll(async () => {
    index = await buildIndex('--format', form);
    ({ step, name } = await publish(index, { verify: 'blobs' }));
  });

  test('arrives whole: each platform under each tag, with its own content', async () => {
    const { client } = suite;
    expect(step).toMatchObject(succeeded);
    const entries = await entriesOf(`${name}:1.0`);
    expect(JSON.parse(step.outputs.platforms ?? '')).toEqual(
      Object.fromEntries(entries.map(({ digest, platform }) => [`${platform.os}/${platform.architecture}`, digest])),
    );
    expect(entries.map(({ platform }) => platform.architecture).sort()).toEqual(['amd64', 'arm64']);
    for (const tag of ['1.0', 'latest']) expect(await client.digestOf(`${name}:${tag}`)).toBe(step.outputs.digest);
    for (const { digest, platform } of entries) {
      const text = `Hello from ${index}\n${platform.architecture}`;
      expect(await client.contentOf(`${name}@${digest}`, 'hello.txt')).toBe(text);
      expect(await client.contentOf(`${name}:1.0`, 'hello.txt', `linux/${platform.architecture}`)).toBe(text);
    }
  });

  test('keeps the form of its images, and their layers are compressed', async () => {
    for (const entry of await entriesOf(`${name}:1.0`)) {
      expect(entry.mediaType).toBe(mediaType);
      const manifest = await suite.client.manifestOf(`${name}@${entry.digest}`);
      expect(manifest).toMatchObject({ mediaType });
      expect(new Set(Array.isArray(manifest.layers) ? manifest.layers.map((each) => each.mediaType) : [])).toEqual(
        new Set([layer]),
      );
    }
  });

  test('keeps what only Docker’s form of an image has', async () => {
    const { config } = await suite.client.configOf(`${name}@${(await entriesOf(`${name}:1.0`))[0]?.digest}`);
    const healthcheck = form === 'docker' ? { Healthcheck: { Test: ['CMD', '/hello'] } } : {};
    expect(Object(config).Healthcheck).toEqual(healthcheck.Healthcheck);
  });

  test('has the same digest wherever and however often it is published, by name, ID and the beginning of the ID', async () => {
    const id = await podman('image', 'ls', '--no-trunc', '--quiet', '--filter', `reference=${index}`);
    for (const source of [index, id, id.replace('sha256:', '').slice(0, 12)]) {
      const again = await publish(source);
      expect(again.step).toMatchObject(succeeded);
      expect(again.step.outputs.digest).toBe(step.outputs.digest);
      expect(await suite.client.digestOf(`${again.name}:1.0`)).toBe(step.outputs.digest);
    }
  });
});

test('what an index says of its entries comes along', async () => {
  const index = newName();
  const image = await podman('image', 'inspect', '--format', '{{.Id}}', await buildIndex());
  await podman('manifest', 'create', index);
  const options = ['--annotation', 'com.example.team=octo', '--arch', 'arm64', '--variant', 'v8'];
  await podman('manifest', 'add', ...options, index, `containers-storage:${image}`);
  const { step, name } = await publish(index);
  expect(step).toMatchObject(succeeded);
  expect(await entriesOf(`${name}:1.0`)).toContainEqual(
    expect.objectContaining({
      annotations: { 'com.example.team': 'octo' },
      platform: expect.objectContaining({ variant: 'v8' }),
    }),
  );
});

test('an index without an image for this machine is published, too', async () => {
  const index = newName();
  const context = writeTree(join(folder, uniqueName('context')), { Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
  await podman('build', '--quiet', '--platform', 'linux/s390x', '--manifest', index, context);
  const { step } = await publish(index);
  expect(step).toMatchObject(succeeded);
  expect(Object.keys(JSON.parse(step.outputs.platforms ?? ''))).toEqual(['linux/s390x']);
});

test('an image that an index lists is an image of its own: by its ID it is published alone', async () => {
  const index = await buildIndex();
  const id = await podman('image', 'inspect', '--format', '{{.Id}}', index);
  const { step } = await publish(id);
  expect(step).toMatchObject(succeeded);
  expect(Object.keys(JSON.parse(step.outputs.platforms ?? ''))).toEqual(['linux/amd64']);
});

describe('an index that is not whole is refused, and nothing is tagged', () => {
  async function refused(source: string, says: readonly string[]): Promise<void> {
    const { step, name } = await publish(source, { retries: '1' });
    expect(step).toMatchObject({ exitCode: 1, code: 'SOURCE_INCOMPLETE', outputs: {} });
    for (const part of says) expect(step.failure).toContain(part);
    await expect(suite.client.tagsOf(name)).rejects.toThrow();
  }

  test('because it lists nothing', async () => {
    const index = newName();
    await podman('manifest', 'create', index);
    await refused(index, [`"${index}" lists no image`, `podman manifest add ${index}`]);
  });

  test('because an image was removed from the storage', async () => {
    const index = await buildIndex();
    const id = await podman('image', 'inspect', '--format', '{{.Id}}', index);
    await podman('image', 'rm', '--force', id);
    await refused(index, ['1 of the 2 images that the manifest list', 'are not in the storage of Podman']);
  });

  test('because its images are only named, in a registry that does not have them any more', async () => {
    const { step, name } = await publish(await buildIndex());
    const index = newName();
    await podman('manifest', 'create', index);
    const digests: readonly string[] = Object.values(JSON.parse(step.outputs.platforms ?? ''));
    for (const digest of digests) {
      await podman('manifest', 'add', '--tls-verify=false', index, `docker://${name}@${digest}`);
    }
    // Podman talks to this registry by TLS only, unless it is told not to.
    await refused(index, ['2 of the 2 images that the manifest list', ...digests]);
  });
});

test('a build of several platforms whose name an index or an image of the storage has already begins anew', async () => {
  const image = uniqueName('twice');
  const repository = `octo-org/${image}`;
  const build = async (text: string): Promise<StepResult> => {
    const runner = suite.action.newRunner({ engine, repository, token: 'ghs_canary' });
    runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /hello.txt\n');
    runner.write('hello.txt', text);
    return runner.main({ registry: suite.registry, tags: '1.0', platforms: both, engine: 'podman' });
  };
  await podman(
    'tag',
    await podman('image', 'inspect', '--format', '{{.Id}}', await buildIndex()),
    `${suite.registry}/${repository}:1.0`,
  );
  for (const text of ['first', 'second']) {
    const step = await build(text);
    expect(step).toMatchObject(succeeded);
    const entries = await entriesOf(step.outputs.image ?? '');
    expect(entries.map(({ platform }) => platform.architecture).sort()).toEqual(['amd64', 'arm64']);
    for (const platform of both.split(','))
      expect(await suite.client.contentOf(step.outputs.image ?? '', 'hello.txt', platform)).toBe(text);
  }
  made.push(`${suite.registry}/${repository}:1.0`);
});

test('a build of several platforms goes up once, and only where its version is not there yet', async () => {
  const image = uniqueName('once');
  const build = async (text: string): Promise<StepResult> => {
    const runner = suite.action.newRunner({ engine, repository: `octo-org/${image}`, token: 'ghs_canary' });
    runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /hello.txt\n');
    runner.write('hello.txt', text);
    // Neither is for this machine.
    const platforms = 'linux/arm64,linux/s390x';
    const { registry } = suite;
    return runner.main({ registry, tags: '1.0\nlatest', platforms, engine: 'podman', 'if-exists': 'skip' });
  };
  const step = await build('first');
  expect(step).toMatchObject(succeeded);
  expect(step.outputs.published).toBe('true');
  expect((await entriesOf(step.outputs.reference ?? '')).map(({ platform }) => platform.architecture).sort()).toEqual([
    'arm64',
    's390x',
  ]);
  const again = await build('second');
  expect(again).toMatchObject(succeeded);
  expect(again.outputs).toMatchObject({ published: 'false', digest: step.outputs.digest });
  expect(await suite.client.contentOf(step.outputs.image ?? '', 'hello.txt', 'linux/s390x')).toBe('first');
  made.push(step.outputs.image ?? '');
});

describe('staged', () => {
  const run = (): Readonly<Record<string, string>> => ({ GITHUB_RUN_ID: `${Date.now()}` });

  async function merged(image: string, env: Readonly<Record<string, string>>): Promise<StepResult> {
    const runner = suite.action.newRunner({ subAction: 'merge', engine, repository: `octo-org/${image}`, env });
    return runner.main({ registry: suite.registry, tags: '1.0', platforms: both });
  }

  test('an index of the storage is one leg of all its platforms', async () => {
    const [index, image, env] = [await buildIndex('--format', 'docker'), uniqueName('staged'), run()];
    const runner = suite.action.newRunner({ engine, repository: `octo-org/${image}`, token: 'ghs_canary', env });
    const leg = await runner.main({ registry: suite.registry, stage: 'true', source: `containers-storage:${index}` });
    expect(leg).toMatchObject(succeeded);
    expect(await suite.client.digestOf(leg.outputs.reference ?? '')).toBe(leg.outputs.digest);
    const step = await merged(image, env);
    expect(step).toMatchObject(succeeded);
    expect(JSON.parse(step.outputs.platforms ?? '')).toEqual(JSON.parse(leg.outputs.platforms ?? ''));
    expect(await suite.client.contentOf(step.outputs.image ?? '', 'hello.txt', 'linux/arm64')).toContain(index);
  });

  test('a build of several platforms with Podman is a leg; the storage knows it by its ID', async () => {
    const [image, env] = [uniqueName('staged'), run()];
    const runner = suite.action.newRunner({ engine, repository: `octo-org/${image}`, token: 'ghs_canary', env });
    runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /hello.txt\n');
    runner.write('hello.txt', `Hello from ${image}\n`);
    const leg = await runner.main({ registry: suite.registry, stage: 'true', platforms: both, engine: 'podman' });
    expect(leg).toMatchObject(succeeded);
    expect(leg.outputs).toMatchObject({ published: 'false', tags: '', imageid: expect.stringMatching(/^sha256:/) });
    const id = leg.outputs.imageid ?? '';
    expect(JSON.parse(await podman('manifest', 'inspect', id)).manifests).toHaveLength(2);
    made.push(id);
    const step = await merged(image, env);
    expect(step).toMatchObject(succeeded);
    for (const platform of both.split(','))
      expect(await suite.client.contentOf(step.outputs.image ?? '', 'hello.txt', platform)).toBe(
        `Hello from ${image}\n`,
      );
  });
});

const inNamespace = github.mode === 'namespace' ? describe : describe.skip;

inNamespace('to the Docker registry', () => {
  test('an index is refused before anything is sent', async () => {
    const image = uniqueName('refused');
    const runner = github.newRunner(suite.action, 'ghes.test', github.token('ghes.test', 'readWrite'), { engine });
    const source = `containers-storage:${await buildIndex()}`;
    const step = await runner.main({ registry: 'docker', image, tags: '1.0', source });
    expect(step).toMatchObject({ exitCode: 1, code: 'INDEX_UNSUPPORTED' });
    expect(github.requests().filter(({ method, path }) => method === 'PUT' && path.includes(image))).toEqual([]);
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });
});
