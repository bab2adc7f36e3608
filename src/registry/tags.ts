/**
 * Moving tags to an image that is whole, and asking for it afterwards. A tag that has moved is the same bytes PUT again,
 * so digest and signatures stay.
 */

import { PublishError, RegistryError } from '../errors.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import type { Descriptor, StoredManifest } from '../image/manifest.ts';
import { formatDigestReference, formatTagReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';

/** Of the distribution client, what tags need. */
export interface TagClient {
  putManifest(
    repository: Repository,
    manifest: Pick<StoredManifest, 'bytes' | 'mediaType'>,
    reference: Tag,
  ): Promise<unknown>;
  headManifest(repository: Repository, reference: Tag): Promise<Pick<Descriptor, 'digest'> | undefined>;
}

/**
 * Moves tags one after the other, in the order given, and stops at the first that does not.
 * @param manifest what is in the repository already, with all that it points at
 * @param log told of each tag that moved
 * @throws RegistryError as `putManifest`, with the tags that moved and those that did not: each is whole either way
 */
export async function moveTags(
  client: TagClient,
  repository: Repository,
  manifest: StoredManifest,
  tags: readonly Tag[],
  log: (line: string) => void,
): Promise<void> {
  for (const [index, tag] of tags.entries()) {
    try {
      await client.putManifest(repository, manifest, tag);
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      throw await interrupted(client, repository, manifest.digest, tags, index, error);
    }
    log(`Tagged ${formatTagReference(repository, tag)}`);
  }
}

/** The registry may have moved the tag and not said so; it is asked once more. */
async function interrupted(
  client: TagClient,
  repository: Repository,
  digest: Digest,
  tags: readonly Tag[],
  failed: number,
  error: PublishError,
): Promise<PublishError> {
  const tag = tags[failed];
  const found = tag && (await client.headManifest(repository, tag).catch(() => undefined));
  const count = found?.digest === digest ? failed + 1 : failed;
  const [moved, unmoved] = [tags.slice(0, count), tags.slice(count)];
  const list = (names: readonly Tag[]): string => (names.length === 0 ? 'none' : names.join(', '));
  const { message, remedy, detail, retryable, cause } = error;
  const [status, ociCodes] = error instanceof RegistryError ? [error.status, error.ociCodes] : [0, []];
  return new RegistryError(error.code, {
    message: `${message} In ${formatRepository(repository)}, ${digest} is whole; moved to it: ${list(moved)}; not moved: ${list(unmoved)}.`,
    remedy,
    detail,
    retryable,
    status,
    ociCodes,
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Asks for each tag.
 * @throws RegistryError DIGEST_MISMATCH
 */
export async function verifyTags(
  client: Pick<TagClient, 'headManifest'>,
  repository: Repository,
  digest: Digest,
  tags: readonly Tag[],
): Promise<void> {
  await Promise.all(
    tags.map(async (tag) => {
      const found = await client.headManifest(repository, tag);
      if (found?.digest !== digest) throw mismatch(repository, tag, digest, found?.digest);
    }),
  );
}

export function mismatch(
  repository: Repository,
  which: Tag | Digest,
  pushed: Digest,
  found: Digest | undefined,
): RegistryError {
  const name = isDigest(which) ? formatDigestReference(repository, which) : formatTagReference(repository, which);
  return new RegistryError('DIGEST_MISMATCH', {
    message: `${name} is ${found ?? 'not there'} after the push of ${pushed}.`,
    remedy:
      'Something else moved the tag at the same time, or the registry lost the push. Give runs that publish the same tag one `concurrency` group, then run this job again.',
  });
}

/**
 * Asks for each blob, with `verify: blobs`, before any tag moves.
 * @throws RegistryError BLOB_MISSING
 */
export async function verifyBlobs(
  client: { headBlob(repository: Repository, digest: Digest): Promise<boolean> },
  repository: Repository,
  root: Digest,
  blobs: readonly Digest[],
): Promise<void> {
  const waiting = [...blobs];
  const missing: Digest[] = [];
  const worker = async (): Promise<void> => {
    for (let digest = waiting.shift(); digest !== undefined; digest = waiting.shift()) {
      if (!(await client.headBlob(repository, digest))) missing.push(digest);
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  if (missing.length === 0) return;
  throw new RegistryError('BLOB_MISSING', {
    message: `${formatDigestReference(repository, root)} is not whole: the registry lacks ${missing.join(', ')}.`,
    remedy: 'Run the job again; if it stays so, the registry has lost content, and whoever keeps it has to look.',
  });
}
