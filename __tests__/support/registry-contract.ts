/** What every registry does for our client: one suite, for the registry in this process and for real ones. */

import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Digest, digestOf } from '../../src/image/digest.ts';
import { mediaTypes } from '../../src/image/manifest.ts';
import type { Registry } from '../../src/image/registry-name.ts';
import { parseRepository, type Repository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import type { Credential } from '../../src/registry/credential.ts';
import { referrersTag } from '../../src/registry/manifests.ts';
import { verifyBlobs } from '../../src/registry/read-back.ts';
import { aBlob, aClient, anImage, pushImage, readAll, type ToldClient, untilSeenAtOnce } from './registry-client.ts';

export interface RegistryUnderTest {
  readonly registry: Registry;
  readonly credential?: Credential;
  /** Takes a manifest whose blobs it lacks, and keeps the blobs of all repositories together; the specification forbids neither. */
  readonly isLenient?: boolean;
  readonly close?: () => Promise<void>;
}

export function describeRegistryContract(name: string, start: () => Promise<RegistryUnderTest>): void {
  describe(`the distribution client against ${name}`, () => {
    let registry: Registry;
    let client: ToldClient;
    let close: (() => Promise<void>) | undefined;
    let hasLogin = false;
    let isLenient = false;

    beforeAll(async () => {
      const subject = await start();
      ({ registry, close } = subject);
      hasLogin = subject.credential !== undefined;
      isLenient = subject.isLenient === true;
      client = aClient({ credentials: (asked) => (asked === registry ? subject.credential : undefined) });
    }, 900_000);
    afterAll(async () => {
      client.close();
      await close?.();
    });

    const aRepository = (): Repository => parseRepository(registry, `octo/${randomUUID()}`);
    const aDigest = (): Digest => digestOf(Buffer.from(randomUUID()));
    const v1 = parseTag('v1');

    test('it answers as a registry', async () => {
      expect(await client.ping(registry)).toMatchObject({ isRegistry: true });
    });

    test('a login that may push is allowed to, and no repository is made by asking', async () => {
      const repository = aRepository();
      expect(await client.mayPush(repository)).toEqual({ answer: 'allowed' });
      expect(await client.listTags(repository)).toEqual([]);
    });

    test('a stranger is refused with the status, the code and the words of the registry', async () => {
      const stranger = aClient();
      const answer = await stranger.mayPush(aRepository());
      stranger.close();
      if (hasLogin)
        expect(answer).toMatchObject({ answer: 'refused', error: { status: 401, ociCodes: ['UNAUTHORIZED'] } });
      else expect(answer).toEqual({ answer: 'allowed' });
    });

    test('a manifest is read back with the bytes and the media type that were written', async () => {
      const repository = aRepository();
      const image = anImage(repository.path, { annotations: { 'order of keys': 'kept', a: 'ä' } });
      await pushImage(client, repository, image);
      const put = await client.putManifest(repository, image.manifest, v1);
      expect(put).toEqual({
        mediaType: mediaTypes.ociManifest,
        digest: image.manifest.digest,
        size: image.manifest.bytes.length,
      });
      for (const reference of [v1, image.manifest.digest]) {
        const read = await client.getManifest(repository, reference);
        expect(read).toMatchObject({ mediaType: mediaTypes.ociManifest, digest: image.manifest.digest });
        expect(Buffer.from(read.bytes).equals(image.manifest.bytes)).toBe(true);
        expect(await client.headManifest(repository, reference)).toEqual(put);
      }
    });

    test.each([
      ['an OCI index', mediaTypes.ociIndex, mediaTypes.ociManifest],
      ['a Docker manifest list', mediaTypes.dockerIndex, mediaTypes.dockerManifest],
    ])('%s is written and read back', async (_, indexType, manifestType) => {
      const repository = aRepository();
      const image = anImage(repository.path, { mediaType: manifestType });
      for (const blob of image.blobs) await client.pushBlob(repository, blob, blob.open);
      await client.putManifest(repository, { ...image.manifest, mediaType: manifestType }, image.manifest.digest);
      const { digest, bytes: child } = image.manifest;
      const platform = { os: 'linux', architecture: 'amd64' };
      const bytes = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: indexType,
          manifests: [{ mediaType: manifestType, digest, size: child.length, platform }],
        }),
      );
      await client.putManifest(repository, { mediaType: indexType, bytes }, v1);
      const read = await client.getManifest(repository, v1);
      expect(read.mediaType).toBe(indexType);
      expect(read.digest).toBe(digestOf(bytes));
    });

    test('a manifest whose blob is missing is refused, and the tag is not there; or the blobs tell', async () => {
      const repository = aRepository();
      const { manifest, blobs } = anImage(repository.path);
      if (isLenient) await client.putManifest(repository, manifest, v1);
      else await expect(client.putManifest(repository, manifest, v1)).rejects.toMatchObject({ retryable: false });
      expect((await client.headManifest(repository, v1))?.digest).toBe(isLenient ? manifest.digest : undefined);
      const asked = blobs.map(({ digest }) => digest);
      // The lines of this client are what no test may cause; that blobs are asked for again is `unit/registry/read-back`'s.
      const verified = verifyBlobs({ ...client, untilSeen: untilSeenAtOnce }, repository, manifest.digest, asked);
      await expect(verified).rejects.toMatchObject({ code: 'BLOB_MISSING' });
    });

    test('a manifest that is not there is told apart from a failure', async () => {
      const repository = aRepository();
      expect(await client.headManifest(repository, v1)).toBeUndefined();
      await expect(client.getManifest(repository, v1)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN', status: 404 });
    });

    test('a blob is uploaded once, then found there, and read back', async () => {
      const repository = aRepository();
      const blob = aBlob(Buffer.alloc(3_000_001, randomUUID()));
      expect(await client.headBlob(repository, blob.digest)).toBe(false);
      expect(await client.pushBlob(repository, blob, blob.open)).toBe('uploaded');
      expect(await client.pushBlob(repository, blob, blob.open)).toBe('present');
      const bytes = await readAll(await client.getBlob(repository, blob));
      expect(digestOf(bytes)).toBe(blob.digest);
    });

    test('an empty blob is a blob', async () => {
      const repository = aRepository();
      const blob = aBlob('');
      await client.pushBlob(repository, blob, () => Readable.from([]));
      expect(await client.headBlob(repository, blob.digest)).toBe(true);
    });

    test('a blob of another repository of the same owner is mounted without being sent', async () => {
      const source = aRepository();
      const target = aRepository();
      const blob = aBlob(randomUUID());
      await client.pushBlob(source, blob, blob.open);
      const neverOpened = (): Readable => {
        throw new Error('the content was asked for');
      };
      expect(await client.pushBlob(target, blob, neverOpened, source)).toBe(isLenient ? 'present' : 'mounted');
      expect(await client.headBlob(target, blob.digest)).toBe(true);
    });

    test('a mount that the registry would not make is an upload', async () => {
      const target = aRepository();
      const blob = aBlob(randomUUID());
      expect(await client.pushBlob(target, blob, blob.open, aRepository())).toBe('uploaded');
    });

    test('content that is not what its digest says is refused by the registry, and not tried again', async () => {
      const repository = aRepository();
      const before = client.waits.length;
      const upload = client.pushBlob(repository, { digest: aDigest(), size: 3 }, () =>
        Readable.from([Buffer.from('abc')]),
      );
      await expect(upload).rejects.toMatchObject({
        code: 'REGISTRY_REFUSED',
        status: 400,
        ociCodes: ['DIGEST_INVALID'],
      });
      expect(client.waits.length).toBe(before);
    });

    test.each([
      ['shorter', 'ab'],
      ['longer', 'abcd'],
    ])('a source that is %s than announced fails the upload, and is not tried again', async (_, content) => {
      const repository = aRepository();
      const blob = { digest: digestOf(Buffer.from('abc')), size: 3 };
      const upload = client.pushBlob(repository, blob, () => Readable.from([Buffer.from(content)]));
      await expect(upload).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      expect(await client.headBlob(repository, blob.digest)).toBe(false);
    });

    test('a source that cannot be read fails with its own error', async () => {
      const repository = aRepository();
      const source = (): Readable =>
        new Readable({
          read() {
            this.destroy(new Error('disk gone'));
          },
        });
      await expect(client.pushBlob(repository, { digest: aDigest(), size: 3 }, source)).rejects.toThrow('disk gone');
    });

    test('the tags of a repository are listed', async () => {
      const repository = aRepository();
      const image = anImage(repository.path);
      await pushImage(client, repository, image);
      for (const tag of ['1.0', '1', 'latest']) await client.putManifest(repository, image.manifest, parseTag(tag));
      expect([...(await client.listTags(repository))].sort()).toEqual(['1', '1.0', 'latest']);
    });

    test('a repository that does not exist has no tags', async () => {
      expect(await client.listTags(aRepository())).toEqual([]);
    });

    test('what refers to an image is found by the API or by the referrers tag', async () => {
      const repository = aRepository();
      const image = anImage(repository.path);
      await pushImage(client, repository, image);
      expect(await client.listReferrers(repository, image.manifest.digest)).toEqual([]);
      const subject = {
        mediaType: mediaTypes.ociManifest,
        digest: image.manifest.digest,
        size: image.manifest.bytes.length,
      };
      const artifact = anImage(`${repository.path} signature`, { subject, artifactType: 'application/vnd.test' });
      for (const blob of artifact.blobs) await client.pushBlob(repository, blob, blob.open);
      const put = await client.putManifest(repository, artifact.manifest, artifact.manifest.digest);
      const { mediaType, digest, size } = put;
      if (put.subject === undefined) {
        const manifests = [{ mediaType, digest, size, artifactType: 'application/vnd.test' }];
        const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
        const bytes = Buffer.from(JSON.stringify(index));
        await client.putManifest(repository, { mediaType: mediaTypes.ociIndex, bytes }, referrersTag(subject.digest));
      }
      expect(await client.listReferrers(repository, subject.digest)).toEqual([
        { mediaType, digest, size, artifactType: 'application/vnd.test' },
      ]);
    });

    test('a manifest that is deleted is gone, and deleting it again says that there was nothing', async () => {
      const repository = aRepository();
      const image = anImage(repository.path);
      await pushImage(client, repository, image);
      expect(await client.deleteManifest(repository, image.manifest.digest)).toBe(true);
      expect(await client.headManifest(repository, image.manifest.digest)).toBeUndefined();
      expect(await client.deleteManifest(repository, image.manifest.digest)).toBe(false);
    });

    test('nothing had to be tried again', () => {
      expect(client.lines).toEqual([]);
    });
  });
}
