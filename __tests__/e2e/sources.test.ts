/**
 * Each source to each kind of registry: the bundled action publishes what is there already, and crane finds the same
 * digests and the same files.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { digestOf as digestOfBytes } from '../../src/image/digest.ts';
import { openGitHubLab } from '../support/github-lab.ts';
import { type MadeImages, makeImages, runTool } from '../support/images.ts';
import { lab } from '../support/lab.ts';
import { type OwnDistribution, startOwnDistribution } from '../support/own-distribution.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';
import { aLayout, writeTree } from '../support/tar.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const suite = openSuite('engine', 'podman', 'registry', 'login', 'client');
const github = await openGitHubLab();
let images: MadeImages;
let distribution3: OwnDistribution | undefined;
let engine: Record<string, string>;

beforeAll(async () => {
  engine = { ...suite.engine, PATH: `${suite.engine.PATH}:${suite.podman.PATH}` };
  images = await makeImages();
  const { path } = await lab.distribution3();
  if (path !== null) distribution3 = await startOwnDistribution(path);
});
afterAll(async () => {
  images?.[Symbol.dispose]();
  github[Symbol.dispose]();
  await distribution3?.close();
});

interface Source {
  readonly what: string;
  readonly source: () => string;
  /** Whether the digest is that of the source. */
  readonly digestOf?: () => Promise<string>;
  readonly platforms: readonly string[];
}

const both = ['linux/amd64', 'linux/arm64'];
const one = ['linux/amd64'];
const sources: readonly Source[] = [
  { what: 'docker-daemon: by name', source: () => `docker-daemon:${images.name}`, platforms: one },
  { what: 'docker-daemon: by ID', source: () => `docker-daemon:${images.imageId}`, platforms: one },
  { what: 'containers-storage:', source: () => `containers-storage:${images.name}`, platforms: one },
  {
    what: 'containers-storage: of two platforms',
    source: () => `containers-storage:${images.podmanIndex}`,
    platforms: both,
  },
  { what: 'docker-archive: of Docker 28', source: () => `docker-archive:${images.dockerArchive}`, platforms: one },
  {
    what: 'docker-archive: of Docker 20.10, by name',
    source: () => `docker-archive:${images.oldDockerArchive}:${images.name}`,
    platforms: one,
  },
  {
    what: 'docker-archive: of containerd’s image store',
    source: () => `docker-archive:${images.containerdArchive}`,
    platforms: one,
  },
  { what: 'docker-archive: of Podman', source: () => `docker-archive:${images.podmanArchive}`, platforms: one },
  { what: 'docker-archive: of crane', source: () => `docker-archive:${images.craneArchive}`, platforms: one },
  { what: 'docker-archive: of skopeo', source: () => `docker-archive:${images.skopeoArchive}`, platforms: one },
  {
    what: 'oci: of oras, by tag',
    source: () => `oci:${images.orasFolder}:1.0`,
    digestOf: () => suite.client.digestOf(images.remote),
    platforms: both,
  },
  {
    what: 'oci: of oras, by the digest of one platform',
    source: () => `oci:${images.orasFolder}:${images.remoteAmd64}`,
    digestOf: async () => images.remoteAmd64,
    platforms: one,
  },
  { what: 'oci: of two platforms', source: () => `oci:${images.ociFolder}`, platforms: both },
  { what: 'oci: by tag', source: () => `oci:${images.ociFolder}:1.0`, platforms: both },
  { what: 'oci-archive: of two platforms', source: () => `oci-archive:${images.ociArchive}`, platforms: both },
  { what: 'oci-archive: with gzip', source: () => `oci-archive:${images.ociArchiveGz}`, platforms: both },
  { what: 'oci-archive: of one platform', source: () => `oci-archive:${images.singleOciArchive}`, platforms: one },
  {
    what: 'docker:// of two platforms',
    source: () => `docker://${images.remote}`,
    digestOf: () => suite.client.digestOf(images.remote),
    platforms: both,
  },
  {
    what: 'docker:// of one platform',
    source: () => `docker://${images.singleRemote}`,
    digestOf: () => suite.client.digestOf(images.singleRemote),
    platforms: one,
  },
];

const registries = [
  { where: 'the registry of the lab', to: () => suite.registry },
  { where: 'a registry that asks for a login', to: () => suite.login.registry },
  { where: 'Distribution 3', to: () => distribution3?.registry },
];

describe.each(registries)('to $where', ({ to }) => {
  test.each(sources)('$what arrives whole, under each tag', async ({ source, digestOf, platforms }) => {
    const registry = to();
    // Without Go there is no Distribution 3.
    if (registry === undefined) return;
    const { registry: address, username, token: password } = suite.login;
    const image = uniqueName('published');
    const runner = suite.action.newRunner({ engine, repository: `octo-org/${image}`, token: 'ghs_canary' });
    const { exitCode, failure, log, outputs } = await runner.main({
      registry,
      source: source(),
      tags: '1.0\nlatest',
      verify: 'blobs',
      'registry-auth': JSON.stringify([{ registry: address, username, password }]),
    });
    expect({ exitCode, failure, log }).toEqual({ exitCode: 0, failure: '', log: expect.any(String) });
    const name = `${registry}/octo-org/${image}`;
    expect(await suite.client.tagsOf(name)).toEqual(['1.0', 'latest']);
    expect(await suite.client.digestOf(`${name}:1.0`)).toBe(outputs.digest);
    expect(await suite.client.digestOf(`${name}:latest`)).toBe(outputs.digest);
    if (digestOf !== undefined) expect(outputs.digest).toBe(await digestOf());
    for (const platform of platforms) {
      expect(await suite.client.contentOf(`${name}:1.0`, 'hello.txt', platform)).toBe(images.text);
      expect(digestOfBytes(Buffer.from(await suite.client.contentOf(`${name}:1.0`, 'more/numbers', platform)))).toBe(
        images.numbers,
      );
    }
    expect(Object.keys(JSON.parse(outputs.platforms ?? '')).sort()).toEqual(platforms);
    expect(outputs).toMatchObject({
      published: 'true',
      reason: '',
      version: '1.0',
      reference: `${name}@${outputs.digest}`,
    });
    if (platforms.length === 1) expect(outputs.imageid).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });
});

test.each([0, 1])('oci: without names, by the place %i in the list', async (place) => {
  const layout = aLayout();
  const listed = [layout.image('one'), layout.image('two')];
  layout.list(...listed);
  const folder = writeTree(temporaryFolder(), layout.files);
  const runner = suite.action.newRunner({ repository: `octo-org/${uniqueName('placed')}` });
  const step = await runner.main({ registry: suite.registry, source: `oci:${folder}:@${place}`, tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { digest: listed[place]?.digest } });
  expect(await suite.client.digestOf(step.outputs.image ?? '')).toBe(listed[place]?.digest);
});

test('a further repository of the same registry gets each blob by a mount', async () => {
  const names = ['one', 'two'].map((name) => `${suite.registry}/octo-org/${uniqueName(name)}`);
  const runner = suite.action.newRunner();
  const step = await runner.main({ images: names.join('\n'), source: `oci:${images.ociFolder}`, tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  const [one, two] = names.map((name) => step.log.split('\n').find((line) => line.startsWith(`${name}: blobs`)));
  expect(one).toMatch(/blobs uploaded: [1-9]\d* .*, mounted: 0/);
  expect(two).toMatch(/blobs uploaded: 0 .*, mounted: [1-9]/);
  for (const name of names) expect(await suite.client.digestOf(`${name}:1.0`)).toBe(step.outputs.digest);
});

describe('a `docker save` of two platforms', () => {
  let archive: string;

  beforeAll(async () => {
    const { environment } = await lab['engine-containerd']();
    const files = { Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' };
    const context = writeTree(join(images.folder, 'saved'), files);
    const name = `example.test/${uniqueName('saved')}:1.0`;
    archive = join(context, 'saved.tar');
    const platforms = '--platform=linux/amd64,linux/arm64';
    await runTool(['docker', 'buildx', 'build', platforms, '--tag', name, context], environment);
    await runTool(['docker', 'save', '--output', archive, name], environment);
  });

  test.each([
    { kind: 'docker-archive', published: one, warned: ['linux/arm64'] },
    { kind: 'oci-archive', published: both, warned: [] },
  ])('as $kind: is published for $published, and what is left out is said', async ({ kind, published, warned }) => {
    const runner = suite.action.newRunner({ repository: `octo-org/${uniqueName('saved')}` });
    const { outputs, commands } = await runner.main({
      registry: suite.registry,
      source: `${kind}:${archive}`,
      tags: '1.0',
    });
    expect(Object.keys(JSON.parse(outputs.platforms ?? ''))).toEqual(published);
    const warnings = commands.filter(({ name }) => name === 'warning').map(({ data }) => data);
    expect(warnings).toEqual(
      warned.map((each) => expect.stringContaining(`has ${each} as well, which is not published`)),
    );
  });
});

const inNamespace = github.mode === 'namespace' ? describe : describe.skip;

inNamespace('to the Docker registry', () => {
  const product = 'ghes.test';
  const schema2 = 'application/vnd.docker.distribution.manifest.v2+json';

  async function publish(source: string, image: string, write?: (runner: ReturnType<typeof newRunner>) => void) {
    const runner = newRunner();
    write?.(runner);
    const step = await runner.main({
      registry: 'docker',
      image,
      tags: '1.0\nlatest',
      ...(source === '' ? {} : { source }),
    });
    return { step, name: `docker.ghes.test/${github.owner}/${github.repository}/${image}` };
  }
  const newRunner = () => github.newRunner(suite.action, product, github.token(product, 'readWrite'));

  const single = sources.filter(
    ({ platforms, what }) => platforms.length === 1 && !/docker-daemon|storage|docker:/.test(what),
  );
  test.each(single)('$what arrives as schema 2', async ({ source }) => {
    const { step, name } = await publish(source(), uniqueName('published'));
    expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
    expect(await github.client.manifestOf(`${name}:1.0`)).toMatchObject({ schemaVersion: 2, mediaType: schema2 });
    expect(await github.client.digestOf(`${name}:latest`)).toBe(step.outputs.digest);
    expect(await github.client.contentOf(`${name}:1.0`, 'hello.txt')).toBe(images.text);
  });

  test('an image that this very step builds with a new engine arrives as schema 2, by our own client', async () => {
    const { step, name } = await publish('', uniqueName('built'), (runner) => {
      runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /hello.txt\n');
      runner.write('hello.txt', 'Hello, registry of old\n');
    });
    expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
    expect(await github.client.manifestOf(`${name}:1.0`)).toMatchObject({ schemaVersion: 2, mediaType: schema2 });
    expect(await github.client.contentOf(`${name}:latest`, 'hello.txt')).toBe('Hello, registry of old\n');
    const pushes = step.log.includes('blobs uploaded');
    expect(pushes).toBe(true);
  });

  test('an image of the engine is promoted to a further tag of the same repository, and no blob is sent', async () => {
    const image = uniqueName('promoted');
    const first = await publish(`docker-archive:${images.dockerArchive}`, image);
    expect(first.step.exitCode).toBe(0);
    const since = Date.now();
    const { step } = await publish(`docker://${first.name}:1.0`, image);
    expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
    expect(step.outputs.digest).toBe(first.step.outputs.digest);
    const puts = github
      .requests()
      .filter(({ time, method, path }) => time >= since && method === 'PUT' && path.includes(image));
    expect(puts.map(({ path }) => path.split('/').at(-2))).toEqual(['manifests', 'manifests']);
  });

  test.each([
    ['an index of several platforms', () => `oci-archive:${images.ociArchive}`, 'INDEX_UNSUPPORTED'],
    ['the same in a folder', () => `oci:${images.ociFolder}`, 'INDEX_UNSUPPORTED'],
  ])('%s is refused before anything is sent', async (_, source, code) => {
    const image = uniqueName('refused');
    const { step, name } = await publish(source(), image);
    expect(step).toMatchObject({ exitCode: 1, code });
    const uploads = github.requests().filter(({ method, path }) => method === 'PUT' && path.includes(image));
    expect(uploads).toEqual([]);
    await expect(github.client.tagsOf(name)).rejects.toThrow();
  });
});
