/**
 * Pushes a manifest that refers to an image, such as an attestation of it (distribution-spec, "Pushing Manifests with Subject";
 * image-spec, "Guidelines for Artifact Usage").
 */

import { Readable } from 'node:stream';
import { type Digest, digestOf } from '../image/digest.ts';
import { type Descriptor, mediaTypes, parseIndex, type StoredManifest, storedManifest } from '../image/manifest.ts';
import type { Repository } from '../image/repository.ts';
import type { RegistryClient } from '../registry/client.ts';
import { type Referrer, referrersTag } from '../registry/manifests.ts';

/** Of the distribution client, what the list under a tag needs. */
type ListClient = Pick<RegistryClient, 'headManifest' | 'getManifest' | 'putManifest'>;

/** Content that refers to an image. */
export interface Artifact {
  /** Also the type of the artifact. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The empty descriptor (image-spec, manifest.md, "Guidance for an Empty Descriptor"). */
const emptyConfig = Buffer.from('{}');

/** The manifest of an artifact with one layer. The same artifact and subject always make the same bytes. */
export function manifestOfArtifact(
  { mediaType, bytes, annotations }: Artifact,
  { mediaType: subjectType, digest, size }: Descriptor,
): StoredManifest {
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: mediaType,
    config: {
      mediaType: 'application/vnd.oci.empty.v1+json',
      digest: digestOf(emptyConfig),
      size: emptyConfig.length,
    },
    layers: [{ mediaType, digest: digestOf(bytes), size: bytes.length }],
    subject: { mediaType: subjectType, digest, size },
    annotations,
  };
  return storedManifest(Buffer.from(JSON.stringify(manifest)), mediaTypes.ociManifest);
}

/**
 * Pushes an artifact beside the image that it refers to, and lists it there.
 * @param subject which is in the repository already
 * @returns the digest of the artifact's manifest
 * @throws RegistryError PUSH_DENIED, PULL_DENIED, DIGEST_MISMATCH, TOKEN_REJECTED, REGISTRY_*
 */
export async function pushReferrer(
  client: ListClient & Pick<RegistryClient, 'pushBlob'>,
  repository: Repository,
  subject: Descriptor,
  artifact: Artifact,
): Promise<Digest> {
  const manifest = manifestOfArtifact(artifact, subject);
  for (const bytes of [artifact.bytes, emptyConfig]) {
    await client.pushBlob(repository, { digest: digestOf(bytes), size: bytes.length }, () => Readable.from([bytes]));
  }
  const put = await client.putManifest(repository, manifest, manifest.digest);
  if (put.subject === undefined) {
    const { mediaType: artifactType, annotations } = artifact;
    await listUnderTag(client, repository, subject.digest, [{ ...put, artifactType, annotations }]);
  }
  return manifest.digest;
}

/** Keeps the list of referrers for a registry that has none of its own (distribution-spec, "Referrers Tag Schema"). */
export async function listUnderTag(
  client: ListClient,
  repository: Repository,
  subject: Digest,
  added: readonly Referrer[],
): Promise<void> {
  const tag = referrersTag(subject);
  const isThere = (await client.headManifest(repository, tag)) !== undefined;
  const listed = isThere ? parseIndex(await client.getManifest(repository, tag)) : [];
  const known = new Set(listed.map(({ digest }) => digest));
  const manifests = [...listed, ...added.filter(({ digest }) => !known.has(digest))];
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  await client.putManifest(
    repository,
    { mediaType: mediaTypes.ociIndex, bytes: Buffer.from(JSON.stringify(index)) },
    tag,
  );
}
