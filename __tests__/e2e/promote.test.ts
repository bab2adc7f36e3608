/** Copy and promote: the digest stays, inside one registry no layer moves, and what refers to the image comes along. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTool } from '../support/images.ts';
import { lab } from '../support/lab.ts';
import { type MeddlingRegistry, startMeddlingRegistry } from '../support/meddling-registry.ts';
import { startMemoryRegistry } from '../support/memory-registry.ts';
import { type OwnDistribution, startOwnDistribution } from '../support/own-distribution.ts';
import { type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'registry', 'login', 'client');
const folder = mkdtempSync(join(tmpdir(), 'publish-promote-'));
const seen: string[] = [];
const authorizations = new Set<string>();
let tools: { crane: string; oras: string; cosign: string };
/** The lab's registry, with each request seen. */
let watched: MeddlingRegistry;
let name: string;
let digest: string;

beforeAll(async () => {
  const { containerd, registry } = suite;
  tools = { crane: 'crane', oras: 'oras', cosign: 'cosign', ...(await lab.tools()) };
  watched = await startMeddlingRegistry(registry, (request, { authorization }) => {
    seen.push(request);
    if (authorization !== undefined) authorizations.add(authorization);
  });
  const image = uniqueName('promoted');
  name = `${registry}/octo-org/${image}`;
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY hello.txt /\n');
  writeFileSync(join(folder, 'hello.txt'), `Hello from ${image}\n`);
  const build = ['docker', 'buildx', 'build', '--provenance=false', '--platform=linux/amd64,linux/arm64'];
  await runTool([...build, '--tag', `${name}:1.0.0-rc.1`, '--push', folder], containerd);
  digest = await suite.client.digestOf(`${name}:1.0.0-rc.1`);
});
afterAll(() => {
  watched?.[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** As the watched registry names it. */
const watchedName = (): string => name.replace(/^[^/]+/, watched.address);

async function promote(inputs: Readonly<Record<string, string>>): Promise<StepResult> {
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${uniqueName('app')}` });
  seen.length = 0;
  const step = await runner.main({ tags: '1.0.0\nlatest', ...inputs });
  expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
  expect(runner.commands()).toEqual([]);
  return step;
}

const uploads = (): readonly string[] => seen.filter((request) => /^(?:PUT|POST|PATCH) .*\/blobs\//.test(request));

test('a further tag of the same repository is one PUT a tag, without any docker command', async () => {
  const image = name.split('/').at(-1) ?? '';
  const step = await promote({ registry: watched.address, image, source: `docker://${watchedName()}:1.0.0-rc.1` });
  expect(step.outputs).toMatchObject({ digest, labels: '', annotations: '' });
  for (const tag of ['1.0.0', 'latest']) expect(await suite.client.digestOf(`${name}:${tag}`)).toBe(digest);
  // One upload is started, to see whether this run may push, and given up.
  expect(uploads()).toEqual([expect.stringMatching(/^POST .*\/blobs\/uploads\/$/)]);
  expect(seen.filter((request) => request.startsWith('PUT')).length).toBe(2);
  expect(Object.keys(JSON.parse(step.outputs.platforms ?? ''))).toEqual(['linux/amd64', 'linux/arm64']);
});

test('another repository of the same registry gets each blob by a mount, with the same digest', async () => {
  const step = await promote({
    registry: watched.address,
    image: uniqueName('mounted'),
    source: `docker://${watchedName()}@${digest}`,
  });
  expect(step.outputs.digest).toBe(digest);
  expect(await suite.client.digestOf(`${step.outputs.tags?.split('\n')[0]}`)).toBe(digest);
  expect(uploads().filter((request) => request.startsWith('PUT'))).toEqual([]);
  expect(uploads().filter((request) => request.includes('mount=')).length).toBeGreaterThan(0);
  expect(step.log).toMatch(/blobs uploaded: 0 \(0 B\), mounted: \d+/);
});

test('a second publish of the same image sends no blob', async () => {
  const { registry, username, token: password } = suite.login;
  const inputs = {
    registry,
    image: uniqueName('again'),
    source: `docker://${name}:1.0.0-rc.1`,
    'registry-auth': JSON.stringify([{ registry, username, password }]),
  };
  expect((await promote(inputs)).log).toMatch(/blobs uploaded: [1-9]/);
  expect((await promote(inputs)).log).toMatch(/blobs uploaded: 0 \(0 B\), mounted: 0, there already: \d+/);
});

test('the login of the destination is not sent to the registry of the source', async () => {
  const step = await promote({
    ...suite.login,
    image: uniqueName('secret'),
    source: `docker://${watchedName()}:1.0.0-rc.1`,
  });
  const plan = JSON.parse(step.outputs.plan ?? '{}');
  expect(plan.source.from.credential).toMatchObject({ kind: 'runner' });
  expect(seen.length).toBeGreaterThan(0);
  expect([...authorizations]).toEqual([]);
});

test('signatures and attestations come along where `referrers` is true, and are good there', async () => {
  const image = uniqueName('signed');
  const signed = `${name}-signed:1`;
  await runTool([tools.crane, 'copy', `${name}:1.0.0-rc.1`, signed], {});
  writeFileSync(join(folder, 'report.json'), '{"result": "pass"}\n');
  await runTool(
    [tools.oras, 'attach', '--artifact-type', 'application/vnd.example.report', signed, 'report.json'],
    {},
    folder,
  );
  const environment = { COSIGN_PASSWORD: '', COSIGN_EXPERIMENTAL: '0', HOME: folder };
  const offline = ['--use-signing-config=false', '--tlog-upload=false', '--new-bundle-format=false'];
  await runTool([tools.cosign, 'generate-key-pair'], environment, folder);
  await runTool(
    [tools.cosign, 'sign', '--key', 'cosign.key', ...offline, '--yes', `${name}-signed@${digest}`],
    environment,
    folder,
  );
  const step = await promote({
    registry: suite.registry,
    image,
    source: `docker://${signed}`,
    referrers: 'true',
  });
  expect(step.log).toMatch(/copied manifests that refer to the image: 2\n/);
  const reference = step.outputs.reference ?? '';
  const referrers = await runTool([tools.oras, 'discover', '--format', 'json', reference], {});
  expect(referrers).toContain('application/vnd.example.report');
  const verify = [
    'verify',
    '--key',
    'cosign.pub',
    '--insecure-ignore-tlog=true',
    '--new-bundle-format=false',
    reference,
  ];
  expect(await runTool([tools.cosign, ...verify], environment, folder)).toContain(digest);
});

describe('referrers', () => {
  const type = 'application/vnd.example.report';
  const discover = (reference: string): Promise<string> =>
    runTool([tools.oras, 'discover', '--plain-http', '--format', 'json', reference], {});

  beforeAll(async () => {
    await runTool([tools.crane, 'copy', `${name}:1.0.0-rc.1`, `${name}-attached:1`], {});
    writeFileSync(join(folder, 'report.json'), '{"result": "pass"}\n');
    await runTool([tools.oras, 'attach', '--artifact-type', type, `${name}-attached:1`, 'report.json'], {}, folder);
  });

  async function promoteTo(registry: string, source = `${name}-attached:1`): Promise<string> {
    const step = await promote({
      registry,
      image: uniqueName('attached'),
      source: `docker://${source}`,
      referrers: 'true',
    });
    expect(step.log).toMatch(/copied manifests that refer to the image: 1\n/);
    return step.outputs.reference ?? '';
  }

  test('come along with a leg, too', async () => {
    const { address } = await lab.registry();
    const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${uniqueName('leg')}` });
    const source = `docker://${name}-attached:1`;
    const { outputs } = await runner.main({ registry: address, source, stage: 'true', referrers: 'true' });
    const leg = `${address}/${outputs.repository}@${outputs.digest}`;
    expect(await discover(leg)).toContain(type);
  });

  test('go to Distribution 3, under the tag that stands in for its missing API', async () => {
    const { path } = await lab.distribution3();
    if (path === null) return;
    const own: OwnDistribution = await startOwnDistribution(path);
    try {
      const reference = await promoteTo(own.registry);
      expect(await discover(reference)).toContain(type);
      expect(await suite.client.tagsOf(reference.replace(/@.*/, ''))).toContain(digest.replace(':', '-'));
    } finally {
      await own.close();
    }
  });

  test('go to a registry that lists them itself without such a tag, and from there to one that does not', async () => {
    await using listing = await startMemoryRegistry({ referrers: true });
    const reference = await promoteTo(listing.registry);
    expect(await discover(reference)).toContain(type);
    expect((await suite.client.tagsOf(reference.replace(/@.*/, ''))).toSorted()).toEqual(['1.0.0', 'latest']);
    expect(await discover(await promoteTo(suite.registry, reference))).toContain(type);
  });
});
