/** A publish through the fault proxy meets each fault at each point: one suite, for any registry. */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '../../src/errors.ts';
import { isDigest } from '../../src/image/digest.ts';
import { parseRegistry } from '../../src/image/registry-name.ts';
import { parseRepository, type Repository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import type { RegistryClient } from '../../src/registry/client.ts';
import {
  type Fault,
  type FaultPoint,
  type FaultProxy,
  faultPoints,
  type PushPoint,
  startFaultProxy,
} from './fault-proxy.ts';
import {
  answer,
  expiredToken,
  goDuration,
  type NamedFault,
  passingFaults,
  requestTimeout,
  retryAfter,
} from './passing-faults.ts';
import { aClient, anImage, pushImage, readAll, type TestImage, type ToldClient } from './registry-client.ts';

const v1 = parseTag('v1');

interface Passing extends NamedFault {
  /** The waits that it costs, with chance at one half; a new token costs none. */
  readonly waits: readonly number[];
}

/** Seconds. */
const delay = 7;
const transient = [...passingFaults(delay), requestTimeout];

function waitsOf({ title }: NamedFault, point: FaultPoint): readonly number[] {
  if (title === retryAfter) return [delay * 1000 + 500];
  // The message of a HEAD is lost with its body, so the delay in it too.
  return [title === goDuration && point !== 'blob HEAD' ? 834 : 500];
}

const lostCommits: readonly Passing[] = [
  {
    title: '404 BLOB_UPLOAD_UNKNOWN for a commit that was made',
    fault: {
      kind: 'commit answered',
      status: 404,
      body: JSON.stringify({ errors: [{ code: 'BLOB_UPLOAD_UNKNOWN', message: 'blob upload unknown to registry' }] }),
    },
    waits: [500],
  },
  {
    title: '404 BLOB_UNKNOWN for a commit that was lost',
    fault: answer(404, 'BLOB_UNKNOWN', 'blob unknown to registry'),
    waits: [500],
  },
  { title: 'unknown blob', fault: answer(400, 'UNKNOWN', 'unknown blob'), waits: [500] },
];

const passing: readonly (Passing & { readonly point: FaultPoint })[] = faultPoints.flatMap((point) => [
  ...transient.map((each) => ({ point, ...each, waits: waitsOf(each, point) })),
  // A token endpoint that answers 401 refuses the login, which no new token mends.
  ...(point === 'token' ? [] : [{ point, ...expiredToken, waits: [] }]),
  ...(point === 'PUT' ? lostCommits.map((fault) => ({ point, ...fault })) : []),
]);

const codeOfDenial: Readonly<Record<Exclude<PushPoint, 'blob HEAD'>, ErrorCode>> = {
  token: 'TOKEN_REJECTED',
  POST: 'PUSH_DENIED',
  PUT: 'PUSH_DENIED',
  'manifest PUT': 'PUSH_DENIED',
  'manifest GET': 'PULL_DENIED',
};

const lasting = faultPoints.flatMap((point) => [
  ...[400, 413, 501, 505].map((status) => ({ point, status, code: 'REGISTRY_REFUSED' })),
  // A token that was issued just now shows that the login is good.
  ...(point === 'blob HEAD' ? [] : [401, 403].map((status) => ({ point, status, code: codeOfDenial[point] }))),
]);

/** A login that may not read may still push: what it cannot look for is sent. */
const unread = [401, 403] as const;

/** The token that was sent counts no more, and a new one is refused. */
const lostLogins = faultPoints
  .filter((point) => point !== 'token')
  .flatMap((point) => ([401, 403] as const).map((status) => ({ point, status })));

/** @param start gives the URL of the registry, which asks for no login: the proxy asks in its place */
export function describeRegistryFaults(name: string, start: () => Promise<URL>): void {
  const cases = passing.length + lasting.length + unread.length + lostLogins.length + faultPoints.length;

  describe(`a publish to ${name} through faults (${cases} cases)`, () => {
    let upstream: URL;
    let proxy: FaultProxy;
    let direct: RegistryClient;
    let repository: Repository;
    let client: ToldClient;
    let done = 0;

    beforeAll(async () => {
      upstream = await start();
      direct = aClient();
    }, 900_000);
    afterAll(() => {
      direct.close();
      console.log(`${name}: ${done} of ${cases} fault cases hold.`);
    });

    const atUpstream = ({ path }: Repository): Repository => parseRepository(parseRegistry(upstream.host), path);

    async function publish(image: TestImage): Promise<void> {
      await pushImage(client, repository, image);
      await client.putManifest(repository, image.manifest, v1);
      await client.getManifest(repository, v1);
    }

    /** Runs a publish over an old image; the tag points at a whole image afterwards, whatever happened. */
    async function during(faults: () => void, run: (image: TestImage) => Promise<void>): Promise<void> {
      proxy = await startFaultProxy(upstream, { asksForToken: true });
      repository = parseRepository(proxy.registry, `octo/${randomUUID()}`);
      client = aClient({ credentials: () => ({ username: 'octocat', token: 'secret-token' }) });
      try {
        const old = anImage('old');
        await pushImage(direct, atUpstream(repository), old);
        await direct.putManifest(atUpstream(repository), old.manifest, v1);
        // The client meets the challenge before the faults begin.
        await client.headManifest(repository, v1);
        const image = anImage(`new ${repository.path}`);
        faults();
        await run(image);
        expect(proxy.pending).toBe(0);
        const tagged = await direct.getManifest(atUpstream(repository), v1);
        expect([old.manifest.digest, image.manifest.digest]).toContain(tagged.digest);
        await expectWhole(tagged.bytes);
        done++;
      } finally {
        client.close();
        await proxy.close();
      }
    }

    async function expectWhole(bytes: Uint8Array): Promise<void> {
      const manifest: { config: unknown; layers: unknown[] } = JSON.parse(Buffer.from(bytes).toString());
      for (const held of [manifest.config, ...manifest.layers]) {
        const blob = Object(held);
        if (!isDigest(blob.digest)) throw new Error('a descriptor without a digest');
        await readAll(await direct.getBlob(atUpstream(repository), blob));
      }
    }

    test.each(passing)('$title at $point: the publish succeeds', ({ point, fault, waits }) =>
      during(
        () => proxy.inject(point, fault),
        async (image) => {
          await publish(image);
          expect(client.waits).toEqual(waits);
          expect(client.lines.length).toBe(waits.length);
          expect((await direct.getManifest(atUpstream(repository), v1)).digest).toBe(image.manifest.digest);
        },
      ),
    );

    test.each(unread)('%i at blob HEAD: the blob is sent', (status) =>
      during(
        () => {
          const headers = { 'www-authenticate': `Bearer realm="http://${proxy.registry}/token",service="proxy"` };
          const fault: Fault =
            status === 401
              ? answer(status, 'UNAUTHORIZED', 'authentication required', headers)
              : answer(status, 'DENIED', 'no');
          proxy.inject('blob HEAD', fault, status === 401 ? 2 : 1);
        },
        async (image) => {
          await publish(image);
          expect(client.waits).toEqual([]);
        },
      ),
    );

    test.each(lasting)('$status at $point: the publish fails at once with $code', ({ point, status, code }) =>
      during(
        () => {
          const headers = { 'www-authenticate': `Bearer realm="http://${proxy.registry}/token",service="proxy"` };
          const fault: Fault =
            status === 401 && point !== 'token'
              ? answer(status, 'UNAUTHORIZED', 'authentication required', headers)
              : answer(status, 'DENIED', 'no');
          // A 401 is answered with one new token, and that is refused too.
          proxy.inject(point, fault, status === 401 && point !== 'token' ? 2 : 1);
        },
        async (image) => {
          await expect(publish(image)).rejects.toMatchObject({ code, status });
          expect(client.waits).toEqual([]);
        },
      ),
    );

    test.each(lostLogins)(
      'the login is lost at $point, and refused with $status: TOKEN_REJECTED',
      ({ point, status }) =>
        during(
          () => proxy.inject(point, { kind: 'lost login', status }),
          async (image) => {
            await expect(publish(image)).rejects.toMatchObject({ code: 'TOKEN_REJECTED', status });
            expect(client.waits).toEqual([]);
          },
        ),
    );

    test.each(faultPoints)(
      '503 at %s for longer than `retries` allow: the publish fails, and says how often it tried',
      (point) =>
        during(
          () => proxy.inject(point, answer(503, 'UNKNOWN', 'upstream failed'), 3),
          async (image) => {
            const before = proxy.count(point);
            await expect(publish(image)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE', status: 503 });
            expect(proxy.count(point) - before).toBe(3);
            expect(client.lines.length).toBe(2);
          },
        ),
    );
  });
}
