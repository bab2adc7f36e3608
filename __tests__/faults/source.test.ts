/**
 * The whole publish of a source through faults: it succeeds where the fault passes and fails at once where it does not; and
 * whatever happens, each tag is at its old image or at the whole new one, `latest` never before the others.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { placeOf } from '../../lab/place.js';
import { distributionProgram } from '../../lab/registry.js';
import type { Digest } from '../../src/image/digest.ts';
import { isIndexMediaType, parseImageManifest, parseIndex } from '../../src/image/manifest.ts';
import { formatRepository, parseRepository, type Repository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import { createMasker } from '../../src/log/masker.ts';
import { terminalLog } from '../../src/log/terminal-log.ts';
import type { Outcome } from '../../src/plan/outcome.ts';
import { openSource } from '../../src/publish/open-image-source.ts';
import type { PublishPorts } from '../../src/publish/ports.ts';
import { publishImage } from '../../src/publish/publish-image.ts';
import type { ClientOptions, RegistryClient } from '../../src/registry/client.ts';
import { planned } from '../support/builders.ts';
import { type Fault, type FaultPoint, type FaultProxy, faultPoints, startFaultProxy } from '../support/fault-proxy.ts';
import { type OwnDistribution, startOwnDistribution } from '../support/own-distribution.ts';
import { answer, expiredToken, passingFaults } from '../support/passing-faults.ts';
import { aClient, anImage, pushImage, readAll, type ToldClient } from '../support/registry-client.ts';
import { uniqueName } from '../support/step.ts';
import { aLayout, writeTree } from '../support/tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'source-faults-'));
const tags = ['1.0', '1', 'latest'];
const old = anImage('old');
let own: OwnDistribution;
let proxy: FaultProxy;
let direct: RegistryClient;
let held = 0;

beforeAll(async () => {
  own = await startOwnDistribution(await distributionProgram(placeOf(process.env)));
  direct = aClient();
});
afterAll(async () => {
  direct.close();
  await own.close();
  rmSync(folder, { recursive: true, force: true });
  process.stderr.write(
    `Publishing a source through faults: ${held} of ${transient.length + lasting.length + 1} cases hold.\n`,
  );
});

const passing = passingFaults(2);

/** An index of two platforms, in a folder. */
function anIndex(seed: string): { path: string; digest: string } {
  const layout = aLayout();
  const platform = (architecture: string) => ({ platform: { os: 'linux', architecture } });
  const images = ['amd64', 'arm64'].map((each) => ({
    ...layout.image(`${each} ${seed} `.repeat(20_000)),
    ...platform(each),
  }));
  const index = layout.index(images);
  layout.list(index);
  return { path: writeTree(join(folder, uniqueName('layout')), layout.files), digest: index.digest };
}

interface Publish {
  readonly client: ToldClient;
  readonly repository: Repository;
  readonly digest: string;
  readonly lines: readonly string[];
  run(): Promise<Outcome>;
}

interface Meddling {
  readonly options?: Partial<ClientOptions>;
  readonly wrap?: (client: ToldClient) => ToldClient;
}

/** A publish to a repository whose tags are at an old image; everything goes through the proxy. */
async function during(
  kind: 'oci' | 'docker',
  work: (publish: Publish) => Promise<void>,
  { options = {}, wrap = (client) => client }: Meddling = {},
): Promise<void> {
  proxy = await startFaultProxy(new URL(`http://${own.registry}/`), { asksForToken: true });
  const credentials = () => ({ username: 'octocat', token: 'secret-token' });
  const client = aClient({ credentials, ...options });
  try {
    const image = uniqueName('app');
    const repository = parseRepository(proxy.registry, `octo-org/${image}`);
    await pushImage(direct, atRegistry(repository), old);
    for (const tag of tags) await direct.putManifest(atRegistry(repository), old.manifest, parseTag(tag));
    const { path, digest } = anIndex(image);
    const lines: string[] = [];
    const ports = portsOf(wrap(client), lines);
    let source = `oci:${path}`;
    if (kind === 'docker') {
      // The same image, from another repository of the same registry, under another name: nothing can be mounted.
      const elsewhere = `${image}-source`;
      const inputs = { registry: own.registry, owner: 'octo-org', image: elsewhere, source, tags: '1' };
      await publishImage(planned(inputs), portsOf(direct, []));
      source = `docker://${proxy.registry.replace('127.0.0.1', 'localhost')}/octo-org/${elsewhere}:1`;
    }
    const inputs = { registry: proxy.registry, owner: 'octo-org', image, source, tags: tags.join('\n') };
    // The client meets the challenge before the faults begin.
    await client.headManifest(repository, parseTag('1.0'));
    await work({ client, repository, digest, lines, run: () => publishImage(planned(inputs), ports) });
    await expectWhole(repository, [old.manifest.digest, digest]);
    held++;
  } finally {
    client.close();
    await proxy.close();
  }
}

function portsOf(client: RegistryClient, lines: string[]): PublishPorts {
  const nobody = async (): Promise<never> => {
    throw new Error('no engine is asked for anything');
  };
  const docker = {
    run: nobody,
    env: {},
    temp: folder,
    signal: new AbortController().signal,
    onOutput: () => undefined,
    retry: <T>(_: string, attempt: () => Promise<T>): Promise<T> => attempt(),
  };
  return {
    engine: {
      readFacts: nobody,
      beginBuilder: () => undefined,
      resolveBuilder: nobody,
      logIn: nobody,
      build: nobody,
      buildByDigest: nobody,
      bakeByDigest: nobody,
    },
    source: { open: (spec) => openSource(spec, { client, docker }), readImageId: nobody, pushFromDaemon: nobody },
    runStage: async (_stage, _title, work) => work(),
    registry: client,
    checkLogins: nobody,
    log: terminalLog((text) => lines.push(text.trimEnd()), createMasker()),
  };
}

const atRegistry = ({ path }: Repository): Repository => parseRepository(own.registry, path);

/** Every tag is at one of the images, and that is whole; `latest` has not moved before the others. */
async function expectWhole(repository: Repository, allowed: readonly string[]): Promise<void> {
  const digests: string[] = [];
  for (const tag of tags) {
    const manifest = await direct.getManifest(atRegistry(repository), parseTag(tag));
    expect(allowed).toContain(manifest.digest);
    await expectContent(repository, manifest.digest);
    digests.push(manifest.digest);
  }
  const moved = digests.map((digest) => digest !== old.manifest.digest);
  expect(moved).toEqual(moved.toSorted((one, other) => Number(other) - Number(one)));
}

async function expectContent(repository: Repository, digest: Digest): Promise<void> {
  const manifest = await direct.getManifest(atRegistry(repository), digest);
  if (isIndexMediaType(manifest.mediaType)) {
    for (const child of parseIndex(manifest)) await expectContent(repository, child.digest);
    return;
  }
  const { config, layers } = parseImageManifest(manifest);
  for (const blob of [config, ...layers]) await readAll(await direct.getBlob(atRegistry(repository), blob));
}

const points: readonly { readonly kind: 'oci' | 'docker'; readonly point: FaultPoint }[] = [
  ...faultPoints.filter((point) => point !== 'manifest GET').map((point) => ({ kind: 'oci', point }) as const),
  ...(['manifest GET', 'blob GET'] as const).map((point) => ({ kind: 'docker', point }) as const),
];
/** Which of the requests at a point meets the fault: 4 POSTs, 3 blobs, 3 manifests, then 3 tags; an index is read before its images. */
const visits: Readonly<Record<FaultPoint, readonly number[]>> = {
  token: [0],
  'blob HEAD': [0],
  POST: [0, 1],
  PUT: [0, 2],
  'manifest PUT': [0, 2, 3, 5],
  'manifest GET': [0, 1],
  'blob GET': [1],
};
const transient = points.flatMap(({ kind, point }) =>
  visits[point].flatMap((visit) =>
    [...passing, ...(point === 'token' ? [] : [expiredToken])].map((fault) => ({ kind, point, visit, ...fault })),
  ),
);

/** Lets some requests through at a point, then does harm. */
function strike(point: FaultPoint, visit: number, fault: Fault, times = 1): void {
  proxy.inject(point, { kind: 'none' }, visit);
  proxy.inject(point, fault, times);
}

describe('a fault that passes', () => {
  test.each(transient)(
    '$title at $point (after $visit): the $kind source is published',
    ({ kind, point, visit, fault }) =>
      during(kind, async ({ run, digest, repository }) => {
        if (point === 'token') proxy.expireTokens();
        strike(point, visit, fault);
        const outcome = await run();
        expect(outcome).toMatchObject({ published: true, digest });
        expect(proxy.pending).toBe(0);
        for (const tag of tags) {
          expect((await direct.getManifest(atRegistry(repository), parseTag(tag))).digest).toBe(digest);
        }
      }),
  );
});

const lasting = points.flatMap(({ kind, point }) =>
  visits[point].map((visit) => ({
    kind,
    point,
    visit,
    fault: answer(400, 'UNSUPPORTED', 'no'),
  })),
);

describe('a fault that does not pass', () => {
  test.each(lasting)(
    '400 at $point (after $visit): the publish of the $kind source fails at once',
    ({ kind, point, visit, fault }) =>
      during(kind, async ({ run, client, lines, repository }) => {
        if (point === 'token') proxy.expireTokens();
        strike(point, visit, fault);
        const failure: unknown = await run().then(
          () => undefined,
          (error: unknown) => error,
        );
        const isQuestion = point === 'token' || (point === 'POST' && visit === 0);
        // The first request asks whether this run may push.
        expect(failure).toMatchObject({ code: isQuestion ? 'PUSH_DENIED' : 'REGISTRY_REFUSED' });
        expect(client.waits).toEqual([]);
        const isTagging = point === 'manifest PUT' && visit >= 3;
        const moved = tags.slice(0, Math.max(0, visit - 3));
        const message = failure instanceof Error ? failure.message : '';
        if (isTagging) {
          expect(message).toContain(
            `moved to it: ${moved.join(', ') || 'none'}; not moved: ${tags.slice(moved.length).join(', ')}.`,
          );
        }
        expect(lines.filter((line) => line.startsWith('Tagged'))).toHaveLength(isTagging ? moved.length : 0);
        expect(lines.join('\n')).not.toContain(`Published ${formatRepository(repository)}`);
      }),
  );
});

test('a registry that is killed in the middle of the uploads and comes back has the whole image in the end', async () => {
  let deaths = 0;
  let isBack: Promise<void> = Promise.resolve();
  async function* deadly(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of content) {
      yield piece.subarray(0, piece.length / 2);
      if (deaths++ === 0) {
        await own.kill();
        isBack = sleep(300).then(() => own.start());
      }
      yield piece.subarray(piece.length / 2);
    }
  }
  const wrap = (client: ToldClient): ToldClient => ({
    ...client,
    pushBlob: (to, blob, open, from) => client.pushBlob(to, blob, async () => deadly(await open()), from),
  });
  const options = { retries: 10, sleep: (milliseconds: number) => sleep(Math.min(milliseconds, 200)) };
  const work = async ({ client, run, digest, repository }: Publish): Promise<void> => {
    const outcome = await run();
    await isBack;
    expect(deaths).toBeGreaterThan(1);
    expect(client.lines.length).toBeGreaterThan(0);
    expect(outcome).toMatchObject({ published: true, digest });
    for (const tag of tags) {
      expect((await direct.getManifest(atRegistry(repository), parseTag(tag))).digest).toBe(digest);
    }
  };
  await during('oci', work, { options, wrap });
});
