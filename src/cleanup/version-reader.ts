/** Reads what each version of a repository has to do with others; a manifest never changes, so each is read once. */

import { InputError, RegistryError } from '../errors.ts';
import { bounds } from '../image/bounds.ts';
import type { Digest } from '../image/digest.ts';
import { configOf, parseDocument } from '../image/image-index.ts';
import {
  isForeign,
  isIndexMediaType,
  linksOf,
  type ManifestLinks,
  parseImageManifest,
  type StoredManifest,
} from '../image/manifest.ts';
import { formatDigestReference } from '../image/reference.ts';
import type { Repository } from '../image/repository.ts';
import type { Version } from '../plan/version-graph.ts';
import type { RegistryClient } from '../registry/client.ts';
import { sideBySide, widthOfRequests } from '../registry/concurrency.ts';
import { readWhole } from '../registry/read-whole.ts';
import { isObject } from '../text/json.ts';
import { unreadable } from './unreadable.ts';
import type { StoredVersion } from './version-store.ts';

/** The registry, as far as reading versions needs it. */
export type VersionSource = Pick<RegistryClient, 'findManifest' | 'getBlob' | 'listReferrers'>;

export interface VersionReader {
  /**
   * The listed versions, and what they lead to that is not listed. What a version lists and the repository lacks is left out.
   * @returns also those of the listed ones that the registry does not have
   * @throws InputError CLEANUP_UNREADABLE; RegistryError
   */
  read(listed: readonly StoredVersion[]): Promise<{
    readonly versions: readonly Version[];
    readonly lost: readonly Digest[];
  }>;
  /** What refers to some versions, for a registry that does not list what has no tag. */
  readReferrers(subjects: readonly Digest[]): Promise<readonly StoredVersion[]>;
}

/** What is known of a manifest. */
interface Known extends ManifestLinks {
  readonly since: number | undefined;
}

interface ReaderOptions {
  /** Whether the age of a version is to be read from the image, because its store does not tell it. */
  readonly readsAge: (version: StoredVersion) => boolean;
  /** Told of the blobs of each manifest. */
  readonly onBlobs?: (manifest: Digest, blobs: readonly Digest[]) => void;
}

export function createVersionReader(
  registry: VersionSource,
  repository: Repository,
  { readsAge, onBlobs }: ReaderOptions,
): VersionReader {
  const known = new Map<Digest, Known>();

  /** @returns `undefined` if the registry has no such manifest */
  async function readOne(digest: Digest, withAge: boolean): Promise<Known | undefined> {
    const before = known.get(digest);
    if (before !== undefined && (!withAge || before.since !== undefined)) return before;
    try {
      const manifest = await registry.findManifest(repository, digest);
      if (manifest === undefined) return undefined;
      const links = linksOf(manifest);
      onBlobs?.(digest, blobsOf(manifest, links));
      const since = withAge ? await readAge(registry, repository, manifest) : undefined;
      const read = { ...links, since };
      known.set(digest, read);
      return read;
    } catch (error) {
      const isContent =
        error instanceof InputError || (error instanceof RegistryError && error.code === 'DIGEST_MISMATCH');
      if (!isContent) throw error;
      const name = formatDigestReference(repository, digest);
      throw unreadable(`${name}: ${error.message}`, 'Delete that version by hand, or publish it again.', error);
    }
  }

  return {
    async read(listed) {
      const versions = new Map<Digest, Version>();
      const lost: Digest[] = [];
      let wave: readonly StoredVersion[] = listed;
      for (let isListed = true; wave.length > 0; isListed = false) {
        const found = await sideBySide(wave, widthOfRequests, async (version) => ({
          version,
          read: await readOne(version.digest, isListed && version.since === undefined && readsAge(version)),
        }));
        for (const { version, read } of found) {
          if (read !== undefined) {
            versions.set(version.digest, { ...read, ...version, since: version.since ?? read.since, isListed });
          } else if (isListed) lost.push(version.digest);
        }
        const next = new Set(found.flatMap(({ read }) => read?.children ?? []));
        wave = [...next]
          .filter((digest) => !versions.has(digest))
          .map((digest) => ({ digest, tags: [], since: undefined }));
      }
      return { versions: [...versions.values()], lost };
    },

    async readReferrers(subjects) {
      const found = await sideBySide(subjects, widthOfRequests, (subject) =>
        registry.listReferrers(repository, subject),
      );
      const digests = new Set(found.flat().map(({ digest }) => digest));
      return [...digests].map((digest) => ({ digest, tags: [], since: undefined }));
    },
  };
}

/** The config and layers that a registry has to have for a manifest. */
function blobsOf(manifest: StoredManifest, { contents }: ManifestLinks): readonly Digest[] {
  if (isIndexMediaType(manifest.mediaType)) return contents;
  const { config, layers } = parseImageManifest(manifest);
  return [config, ...layers.filter((layer) => !isForeign(layer))].map(({ digest }) => digest);
}

/** Tools that build the same content each time write a date of no meaning, such as 1970 or 1980. */
const firstDate = Date.UTC(2000, 0, 1);

function readDate(text: unknown): number | undefined {
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return time >= firstDate ? time : undefined;
}

/**
 * When an image was made, as it says itself: by its annotation, by its config (image-spec, config.md, "created"), or by the newest of an
 * index's images.
 */
async function readAge(
  registry: VersionSource,
  repository: Repository,
  manifest: StoredManifest,
): Promise<number | undefined> {
  const { annotations } = parseDocument(manifest.bytes);
  const annotated = readDate(isObject(annotations) ? annotations['org.opencontainers.image.created'] : undefined);
  if (annotated !== undefined) return annotated;
  if (isIndexMediaType(manifest.mediaType)) {
    const { children } = linksOf(manifest);
    const images = await Promise.all(children.slice(0, 16).map((child) => registry.findManifest(repository, child)));
    const dates = await Promise.all(
      images.map(async (image) =>
        image === undefined || isIndexMediaType(image.mediaType) ? undefined : readAge(registry, repository, image),
      ),
    );
    const known = dates.filter((date) => date !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }
  const config = configOf(manifest);
  if (config === undefined || config.size > bounds.config) return undefined;
  return readDate(parseDocument(await readWhole(await registry.getBlob(repository, config))).created);
}
