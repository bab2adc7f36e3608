import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/image/digest.ts';
import { mediaTypes, parseIndex, type StoredManifest, storedManifest, subjectOf } from '../../../src/image/manifest.ts';
import { parseRepositoryName } from '../../../src/image/reference.ts';
import { manifestOfArtifact, pushReferrer } from '../../../src/publish/push-referrer.ts';
import type { RegistryClient } from '../../../src/registry/client.ts';

const repository = parseRepositoryName('ghcr.io/octo-org/app');
const subject = { mediaType: mediaTypes.ociIndex, digest: digestOf(Buffer.from('image')), size: 5 };
const tag = subject.digest.replace(':', '-');
const artifact = (text: string) => ({
  mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  bytes: Buffer.from(text),
  annotations: { kind: text },
});

/** A registry that lists referrers itself, or not. */
function aRegistry(listsReferrers: boolean) {
  const blobs: string[] = [];
  const manifests = new Map<string, StoredManifest>();
  const client = {
    async pushBlob(_: unknown, { digest }: { readonly digest: string }) {
      blobs.push(digest);
      return 'uploaded';
    },
    async putManifest(_: unknown, { bytes, mediaType }: StoredManifest, reference: string) {
      const manifest = storedManifest(bytes, mediaType);
      manifests.set(reference, manifest);
      const of = subjectOf(manifest);
      const head = { mediaType, digest: manifest.digest, size: bytes.length };
      return listsReferrers && of !== undefined ? { ...head, subject: of } : head;
    },
    headManifest: async (_: unknown, reference: string) => manifests.get(reference),
    getManifest: async (_: unknown, reference: string) => manifests.get(reference),
  } as unknown as RegistryClient;
  return { client, blobs, manifests };
}

describe('a referrer', () => {
  test('is an OCI manifest with its content, the empty config and the image that it refers to', () => {
    const { bytes, mediaType } = manifestOfArtifact(artifact('one'), subject);
    expect(mediaType).toBe(mediaTypes.ociManifest);
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType: artifact('one').mediaType,
      config: {
        mediaType: 'application/vnd.oci.empty.v1+json',
        digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
        size: 2,
      },
      layers: [{ mediaType: artifact('one').mediaType, digest: digestOf(Buffer.from('one')), size: 3 }],
      subject,
      annotations: { kind: 'one' },
    });
  });

  test('is pushed with its content, and no list is kept where the registry lists it', async () => {
    const { client, blobs, manifests } = aRegistry(true);
    const digest = await pushReferrer(client, repository, subject, artifact('one'));
    expect(blobs).toEqual([digestOf(Buffer.from('one')), digestOf(Buffer.from('{}'))]);
    expect([...manifests.keys()]).toEqual([digest]);
  });

  test('is listed under a tag where the registry does not list it, beside what is listed there, and once', async () => {
    const { client, manifests } = aRegistry(false);
    const digests: string[] = [];
    for (const text of ['one', 'two', 'one'])
      digests.push(await pushReferrer(client, repository, subject, artifact(text)));
    const list = manifests.get(tag);
    if (list === undefined) throw new Error('there is no list');
    expect(list.mediaType).toBe(mediaTypes.ociIndex);
    expect(
      parseIndex(list).map(({ digest, artifactType, annotations }) => ({ digest, artifactType, annotations })),
    ).toEqual(
      ['one', 'two'].map((text, index) => ({
        digest: digests[index],
        artifactType: artifact(text).mediaType,
        annotations: { kind: text },
      })),
    );
  });
});
