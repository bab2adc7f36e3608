/** The other half, `pull/`: resolves and logs in as a publish does, pulls, and leaves as little. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type IndependentClient, lab, openIndependentClient } from '../support/lab.ts';
import { copyAction, type Runner, readActionManifest, type StepResult, uniqueName } from '../support/step.ts';

const action = copyAction();
const repository = `octo-org/${uniqueName('app')}`;
let engine: Record<string, string>;
let login: { registry: string; username: string; token: string };
let published: StepResult;
let client: IndependentClient;

beforeAll(async () => {
  const [{ environment }, { address, username = '', password = '' }] = await Promise.all([
    lab.engine(),
    lab['registry-auth'](),
  ]);
  engine = environment;
  client = await openIndependentClient();
  login = { registry: address, username, token: password };
  const runner = action.newRunner({ engine, repository });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  published = await runner.main({ ...login, tags: '1.0\nlatest' });
  expect(published).toMatchObject({ exitCode: 0, failure: '' });
});
afterAll(() => {
  action[Symbol.dispose]();
  client?.[Symbol.dispose]();
});

/** A runner that does not have the image yet. */
async function aRunner(): Promise<Runner> {
  const runner = action.newRunner({ engine, repository, subAction: 'pull' });
  await runner.run(['docker', 'image', 'rm', '--force', published.outputs.imageid ?? '']);
  return runner;
}

test.each([
  { what: 'without a tag', inputs: {}, image: () => `${login.registry}/${repository}:latest` },
  { what: 'by a tag', inputs: { tag: '1.0' }, image: () => published.outputs.image },
  {
    what: 'by the digest',
    inputs: () => ({ digest: published.outputs.digest ?? '' }),
    image: () => published.outputs.reference,
  },
])('pulls $what what was published', async ({ inputs, image }) => {
  const runner = await aRunner();
  const step = await runner.main({ ...login, ...(typeof inputs === 'function' ? inputs() : inputs) });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  const { digest, imageid } = published.outputs;
  expect(step.outputs).toEqual({ image: image(), digest, imageid });
  expect(Object.keys(step.outputs).sort()).toEqual(Object.keys(readActionManifest('pull').outputs).sort());
  expect(await runner.run(['docker', 'image', 'inspect', step.outputs.image ?? ''])).toMatchObject({ exitCode: 0 });
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
});

test.each([
  { what: 'Docker 28', environment: async () => engine },
  {
    what: 'Docker 28 with the containerd image store',
    environment: async () => (await lab['engine-containerd']()).environment,
  },
  { what: 'Docker 20.10', environment: async () => (await lab['engine-20.10']()).environment },
])('the digest is that of the tag, whatever else $what knows the image by', async ({ environment }) => {
  const { address } = await lab.registry();
  const image = `octo-org/${uniqueName('app')}`;
  const built = action.newRunner({ engine, repository: image });
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
    const runner = action.newRunner({ engine: await environment(), repository: image, subAction: 'pull' });
    const step = await runner.main({ registry: address, tag });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(step.outputs.digest).toBe(digests[tag]);
  }
});

test('an image that is not there fails the step, and leaves nothing', async () => {
  const runner = await aRunner();
  const step = await runner.main({ ...login, tag: 'missing' });
  expect(step).toMatchObject({ exitCode: 1, outputs: {} });
  expect(step.code).not.toBe('INTERNAL');
  expect(step.failure).toContain(`${login.registry}/${repository}:missing`);
  expect(runner.filesIn(runner.temp)).toEqual([]);
});

test('a digest that is none is refused before any docker command', async () => {
  const runner = action.newRunner({ engine, repository, subAction: 'pull' });
  const step = await runner.main({ ...login, digest: 'sha256:123' });
  expect(step).toMatchObject({ exitCode: 1, code: 'DIGEST_INVALID', failure: expect.stringContaining('"sha256:123"') });
  expect(runner.commands()).toEqual([]);
});
