/** The other half, `pull/`: resolves and logs in as a publish does, pulls, and leaves as little. */

import { beforeAll, expect, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { type Runner, readActionManifest, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'login', 'client');
const repository = `octo-org/${uniqueName('app')}`;
let published: StepResult;

beforeAll(async () => {
  const runner = suite.action.newRunner({ engine: suite.engine, repository });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  published = await runner.main({ ...suite.login, tags: '1.0\nlatest' });
  expect(published).toMatchObject({ exitCode: 0, failure: '' });
});

/** A runner that does not have the image yet. */
async function aRunner(): Promise<Runner> {
  const runner = suite.action.newRunner({ engine: suite.engine, repository, subAction: 'pull' });
  await runner.run(['docker', 'image', 'rm', '--force', published.outputs.imageid ?? '']);
  return runner;
}

test.each([
  { what: 'without a tag', inputs: {}, image: () => `${suite.login.registry}/${repository}:latest` },
  { what: 'by a tag', inputs: { tag: '1.0' }, image: () => published.outputs.image },
  {
    what: 'by the digest',
    inputs: () => ({ digest: published.outputs.digest ?? '' }),
    image: () => published.outputs.reference,
  },
])('pulls $what what was published', async ({ inputs, image }) => {
  const runner = await aRunner();
  const step = await runner.main({ ...suite.login, ...(typeof inputs === 'function' ? inputs() : inputs) });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  const { digest, imageid } = published.outputs;
  expect(step.outputs).toEqual({ image: image(), digest, imageid });
  expect(Object.keys(step.outputs).sort()).toEqual(Object.keys(readActionManifest('pull').outputs).sort());
  expect(await runner.run(['docker', 'image', 'inspect', step.outputs.image ?? ''])).toMatchObject({ exitCode: 0 });
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
});

test.each([
  { what: 'Docker 28', environment: async () => suite.engine },
  {
    what: 'Docker 28 with the containerd image store',
    environment: async () => (await lab['engine-containerd']()).environment,
  },
  { what: 'Docker 20.10', environment: async () => (await lab['engine-20.10']()).environment },
])('the digest is that of the tag, whatever else $what knows the image by', async ({ environment }) => {
  const { registry: address, client } = suite;
  const image = `octo-org/${uniqueName('app')}`;
  const built = suite.action.newRunner({ engine: suite.engine, repository: image });
  built.write('Dockerfile', 'FROM scratch\nCOPY text /\n');
  built.write('text', image);
  const first = await built.main({ registry: address, tags: 'image' });
  expect(first).toMatchObject({ exitCode: 0, failure: '' });
  const base = `http://${address}/v2/${image}/manifests`;
  const accept = 'application/vnd.docker.distribution.manifest.v2+json';
  const bytes = await (await fetch(`${base}/image`, { headers: { accept } })).text();
  const put = async (tag: string, body: string, type: string): Promise<void> => {
    const answer = await fetch(`${base}/${tag}`, { method: 'PUT', body, headers: { 'content-type': type } });
    expect(answer.status).toBe(201);
  };
  // The same image under another manifest, and in an index.
  await put('again', `${bytes}\n`, accept);
  const platform = { os: 'linux', architecture: 'amd64' };
  const entry = { mediaType: accept, digest: first.outputs.digest, size: bytes.length, platform };
  const ociIndex = 'application/vnd.oci.image.index.v1+json';
  await put('index', JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [entry] }), ociIndex);
  const digests: Record<string, string> = {};
  for (const tag of ['image', 'again', 'index']) digests[tag] = await client.digestOf(`${address}/${image}:${tag}`);
  expect(new Set(Object.values(digests)).size).toBe(3);
  // Whichever an engine lists first, each is pulled with the others there.
  for (const tag of ['image', 'again', 'index', 'image', 'again']) {
    const runner = suite.action.newRunner({ engine: await environment(), repository: image, subAction: 'pull' });
    const step = await runner.main({ registry: address, tag });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(step.outputs.digest).toBe(digests[tag]);
  }
});

test('another platform than the one that there is fails the step, and nothing is pulled', async () => {
  const [own = ''] = Object.keys(JSON.parse(published.outputs.platforms ?? ''));
  const runner = await aRunner();
  const step = await runner.main({ ...suite.login, tag: '1.0', platform: 'linux/s390x' });
  expect(step).toMatchObject({ exitCode: 1, code: 'PULL_FAILED', outputs: {} });
  expect(step.failure).toContain(`${published.outputs.image} is for ${own}, not for linux/s390x.`);
  expect(runner.commands().filter(({ args }) => args.includes('pull'))).toEqual([]);
  expect(await runner.main({ ...suite.login, tag: '1.0', platform: own })).toMatchObject({ exitCode: 0, failure: '' });
});

test('an image that is not there fails the step, and leaves nothing', async () => {
  const runner = await aRunner();
  const step = await runner.main({ ...suite.login, tag: 'missing' });
  expect(step).toMatchObject({ exitCode: 1, outputs: {} });
  expect(step.code).not.toBe('INTERNAL');
  expect(step.failure).toContain(`${suite.login.registry}/${repository}:missing`);
  expect(runner.filesIn(runner.temp)).toEqual([]);
});

test('a digest that is none is refused before any docker command', async () => {
  const runner = suite.action.newRunner({ engine: suite.engine, repository, subAction: 'pull' });
  const step = await runner.main({ ...suite.login, digest: 'sha256:123' });
  expect(step).toMatchObject({ exitCode: 1, code: 'DIGEST_INVALID', failure: expect.stringContaining('"sha256:123"') });
  expect(runner.commands()).toEqual([]);
});
