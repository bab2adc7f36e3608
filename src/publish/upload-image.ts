/**
 * Brings an image into a repository, whole, and without a tag: first the blobs, side by side, then the manifests, children
 * before the index. Tags are another step (registry/tags.ts), so that none ever points at half an image.
 */

import { RegistryError } from '../errors.ts';
import { beyond, bounds } from '../image/bounds.ts';
import type { Digest } from '../image/digest.ts';
import { type Descriptor, type StoredManifest, subjectOf } from '../image/manifest.ts';
import { formatDigestReference } from '../image/reference.ts';
import { formatRepository, isSameRepository, type Repository } from '../image/repository.ts';
import { parseTag, type Tag } from '../image/tag.ts';
import type { Blobs, Pushed } from '../registry/blobs.ts';
import type { RegistryClient } from '../registry/client.ts';
import { sideBySide, widthOfBlobs } from '../registry/concurrency.ts';
import { type Manifests, type Referrer, referrersTag } from '../registry/manifests.ts';
import { type ImageContent, readContent } from '../source/image-content.ts';
import type { ImageSource } from '../source/image-source.ts';
import { remoteContent } from '../source/remote-image.ts';
import { formatSize } from '../text/size.ts';
import { listUnderTag } from './push-referrer.ts';

interface PushOptions {
  /** What `readContent` returned, if it was called already. */
  readonly content?: ImageContent;
  /**
   * `false`: the manifests are left to the tags. The Docker registry finds no manifest by its digest. Default: `true`.
   */
  readonly byDigest?: boolean;
  readonly log?: (line: string) => void;
}

/** Of the distribution client, what a push needs. */
type PushClient = Pick<Blobs, 'pushBlob'> & Pick<Manifests, 'putManifest'>;

/**
 * @returns the root; nothing is tagged
 * @throws InputError SOURCE_INCOMPLETE, MANIFEST_INVALID, before anything is sent; RegistryError PUSH_DENIED,
 *   DIGEST_MISMATCH, REGISTRY_*
 */
export async function pushImage(
  client: PushClient,
  source: ImageSource,
  repository: Repository,
  options: PushOptions = {},
): Promise<StoredManifest> {
  const { byDigest = true, log = () => {} } = options;
  const { manifests, blobs } = options.content ?? (await readContent(source));
  const from = source.repository;
  if (from !== undefined && isSameRepository(from, repository)) return source.root;
  const pushed = await pushBlobs(client, source, repository, blobs);
  log(describePush(blobs, pushed, repository));
  if (byDigest) {
    // One after the other: GitHub's registry refuses manifests of one package that arrive together.
    for (const manifest of manifests) await client.putManifest(repository, manifest, manifest.digest);
  }
  return source.root;
}

/** The largest first: they take longest. The first failure ends the others at their next retry. */
async function pushBlobs(
  client: PushClient,
  source: ImageSource,
  repository: Repository,
  blobs: readonly Descriptor[],
): Promise<ReadonlyMap<Digest, Pushed>> {
  const pushed = new Map<Digest, Pushed>();
  let failure: { readonly error: unknown } | undefined;
  const bySize = blobs.toSorted((one, other) => other.size - one.size);
  await sideBySide(bySize, widthOfBlobs, async (blob) => {
    const { digest, size } = blob;
    const open = () => {
      if (failure !== undefined) throw failure.error;
      return source.openBlob({ digest, size });
    };
    try {
      pushed.set(digest, await client.pushBlob(repository, { digest, size }, open, source.repository));
    } catch (error) {
      failure ??= { error: await explain(error, source, blob) };
      throw failure.error;
    }
  });
  return pushed;
}

/** A registry that finds other content than was announced is believed, once the source was looked at again. */
async function explain(error: unknown, source: ImageSource, blob: Descriptor): Promise<unknown> {
  if (!(error instanceof RegistryError) || !error.ociCodes.includes('DIGEST_INVALID')) return error;
  return source.proveBlob(blob).then(
    () => error,
    (fault: unknown) => fault,
  );
}

function describePush(blobs: readonly Descriptor[], pushed: ReadonlyMap<Digest, Pushed>, to: Repository): string {
  const of = (how: Pushed): readonly Descriptor[] => blobs.filter(({ digest }) => pushed.get(digest) === how);
  const size = (list: readonly Descriptor[]): string => formatSize(list.reduce((sum, blob) => sum + blob.size, 0));
  const [uploaded, mounted, present] = [of('uploaded'), of('mounted'), of('present')];
  return `${formatRepository(to)}: blobs uploaded: ${uploaded.length} (${size(uploaded)}), mounted: ${mounted.length}, there already: ${present.length}`;
}

/** The tags under which cosign keeps what belongs to an image, where it does not use referrers. */
const cosignSuffixes = ['sig', 'att', 'sbom'] as const;

/**
 * Takes along what refers to an image of another repository: referrers of it and of each of its platforms, what refers to
 * those in turn, and cosign's tags.
 * @param subjects manifests that are in both repositories
 * @param seen referrers that were copied: a list may lead back to itself
 * @returns how many came along
 * @throws RegistryError; InputError MANIFEST_INVALID for more referrers than any image has
 */
export async function copyReferrers(
  client: RegistryClient,
  from: Repository,
  to: Repository,
  subjects: readonly StoredManifest[],
  seen = new Set<Digest>(),
): Promise<number> {
  let count = 0;
  for (const subject of subjects) {
    const referrers = (await client.listReferrers(from, subject.digest)).filter(({ digest }) => !seen.has(digest));
    const unlisted: Referrer[] = [];
    for (const referrer of referrers) {
      seen.add(referrer.digest);
      if (seen.size > bounds.referrers) {
        throw beyond(formatDigestReference(from, subject.digest), `${seen.size} referrers`, String(bounds.referrers));
      }
      const manifest = await client.getManifest(from, referrer.digest);
      // A registry may list what refers to something else.
      if (subjectOf(manifest) !== subject.digest) continue;
      const source = remoteContent(client, from, manifest);
      const content = await readContent(source);
      const withoutRoot = { ...content, manifests: content.manifests.slice(0, -1) };
      await pushImage(client, source, to, { content: withoutRoot });
      const put = await client.putManifest(to, manifest, manifest.digest);
      if (put.subject === undefined) unlisted.push(referrer);
      count += 1 + (await copyReferrers(client, from, to, [manifest], seen));
    }
    if (unlisted.length > 0) await listUnderTag(client, to, subject.digest, unlisted);
    for (const suffix of cosignSuffixes) {
      const tag = parseTag(`${referrersTag(subject.digest)}.${suffix}`);
      count += await copyTag(client, from, to, tag);
    }
  }
  return count;
}

/** @returns 1, or 0 where there is no such tag */
async function copyTag(client: RegistryClient, from: Repository, to: Repository, tag: Tag): Promise<number> {
  if ((await client.headManifest(from, tag)) === undefined) return 0;
  const root = await client.getManifest(from, tag);
  await pushImage(client, remoteContent(client, from, root), to);
  await client.putManifest(to, root, tag);
  return 1;
}
