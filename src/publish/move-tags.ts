/**
 * Moving tags to an image that is whole, and asking for it afterwards. A tag that has moved is the same bytes PUT again,
 * so digest and signatures stay.
 */

import { PublishError, RegistryError, withContext } from '../errors.ts';
import type { RegistryKind } from '../github/product-registries.ts';
import type { Digest } from '../image/digest.ts';
import type { Descriptor, StoredManifest } from '../image/manifest.ts';
import { formatManifestReference, formatTagReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import { sideBySide, widthOfRequests } from '../registry/concurrency.ts';
import type { UntilSeen } from '../registry/read-back.ts';

/** Of the distribution client, what tags need. */
export interface TagClient {
  putManifest(
    repository: Repository,
    manifest: Pick<StoredManifest, 'bytes' | 'mediaType'>,
    reference: Tag,
  ): Promise<unknown>;
  headManifest(repository: Repository, reference: Tag | Digest): Promise<Pick<Descriptor, 'digest'> | undefined>;
  readonly untilSeen: UntilSeen;
}

/** How many tags of a repository may move at a time: GitHub's registries refuse manifests of one package that arrive together. */
export function widthOfTagging(kind: RegistryKind): number {
  return kind === 'other' ? widthOfRequests : 1;
}

/**
 * Moves tags in the order given: the version alone, since the others follow it, then the others, and the last one alone.
 * Where one does not move, no further one is tried.
 * @param manifest what is in the repository already, with all that it points at
 * @param tags the version first, unless it points at the image already
 * @param how `there`: the tags that point at the image already; `width`: how many move at a time; `later`: those that were to follow
 * @param log told of each tag that moved
 * @throws RegistryError as `putManifest`, with the tags that moved and those that did not: each is whole either way
 */
export async function moveTags(
  client: TagClient,
  repository: Repository,
  manifest: StoredManifest,
  tags: readonly Tag[],
  {
    there,
    width,
    later = [],
  }: { readonly there: readonly Tag[]; readonly width: number; readonly later?: readonly Tag[] },
  log: (line: string) => void,
): Promise<void> {
  const moved = new Set(there);
  const failed = new Map<Tag, PublishError>();
  const move = async (tag: Tag): Promise<void> => {
    if (failed.size > 0) return;
    try {
      await client.putManifest(repository, manifest, tag);
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      failed.set(tag, error);
      return;
    }
    moved.add(tag);
    log(`Tagged ${formatTagReference(repository, tag)}`);
  };
  const [version, others] = there.length > 0 ? [[], tags] : [tags.slice(0, 1), tags.slice(1)];
  const turns = [version, others.slice(0, -1), others.slice(-1)];
  for (const turn of turns) await sideBySide(turn, width, move);
  const [error] = failed.values();
  if (error === undefined) return;
  // The registry may have moved a tag and not said so, so the step reads the tag once more.
  const doubtful = new Set<Tag>();
  for (const tag of failed.keys()) {
    try {
      const found = await client.headManifest(repository, tag);
      if (found?.digest === manifest.digest) moved.add(tag);
    } catch {
      doubtful.add(tag);
    }
  }
  throw interrupted(repository, manifest.digest, [...there, ...tags, ...later], { moved, doubtful }, error);
}

function interrupted(
  repository: Repository,
  digest: Digest,
  tags: readonly Tag[],
  { moved, doubtful }: { readonly moved: ReadonlySet<Tag>; readonly doubtful: ReadonlySet<Tag> },
  error: PublishError,
): PublishError {
  const list = (isListed: (tag: Tag) => boolean): string => tags.filter(isListed).join(', ') || 'none';
  const states = [
    `moved to it: ${list((tag) => moved.has(tag))}`,
    `not moved: ${list((tag) => !moved.has(tag) && !doubtful.has(tag))}`,
    ...(doubtful.size === 0 ? [] : [`perhaps moved: ${list((tag) => doubtful.has(tag))}`]),
  ];
  return withContext(error, `In ${formatRepository(repository)}, ${digest} is whole; ${states.join('; ')}.`);
}

/**
 * Asks for each tag, once all have moved: in the moment in which Distribution 2.8 writes a manifest again it answers 500 to
 * whoever reads it, under whatever tag.
 * @throws RegistryError DIGEST_MISMATCH
 */
export async function verifyTags(
  client: Pick<TagClient, 'headManifest' | 'untilSeen'>,
  repository: Repository,
  digest: Digest,
  tags: readonly Tag[],
): Promise<void> {
  await sideBySide(tags, widthOfRequests, (tag) => verifyName(client, repository, tag, digest));
}

/**
 * Asks for what was pushed, under its digest or a tag, until the registry shows it.
 * @throws RegistryError DIGEST_MISMATCH
 */
export async function verifyName(
  client: Pick<TagClient, 'headManifest' | 'untilSeen'>,
  repository: Repository,
  which: Tag | Digest,
  pushed: Digest,
): Promise<void> {
  const found = await client.untilSeen(
    formatManifestReference(repository, which),
    () => client.headManifest(repository, which),
    (head) => head?.digest === pushed,
  );
  if (found?.digest !== pushed) throw mismatch(repository, which, pushed, found?.digest);
}

/** @param found what the registry has after all attempts, if anything */
export function mismatch(
  repository: Repository,
  which: Tag | Digest,
  pushed: Digest,
  found: Digest | undefined,
): RegistryError {
  return new RegistryError('DIGEST_MISMATCH', {
    message: `${formatManifestReference(repository, which)} is ${found ?? 'not there'} after the push of ${pushed}.`,
    remedy:
      'Something else moved the tag at the same time, or the registry lost the push, or it shows a push late. Give runs that publish the same tag one `concurrency` group, then run this job again. If the registry is late, allow more attempts with `retries`.',
    retryable: true,
  });
}
