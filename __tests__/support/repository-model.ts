/**
 * A repository in memory, as its registry and GitHub's packages API show it, with real bytes and digests. It refuses an index whose
 * images it does not have, as Distribution does. A test may do something before each deletion.
 */

import { Readable } from 'node:stream';
import fc from 'fast-check';
import type { CleanupPorts } from '../../src/cleanup/clean-up.ts';
import { openGitHubStore } from '../../src/cleanup/github-store.ts';
import { openRegistryStore } from '../../src/cleanup/registry-store.ts';
import type { VersionStore } from '../../src/cleanup/version-store.ts';
import { RegistryError } from '../../src/errors.ts';
import type { GitHubPackage, PackageVersion } from '../../src/github/package-versions.ts';
import { type Digest, digestOf, isDigest, parseDigest } from '../../src/image/digest.ts';
import { type Descriptor, linksOf, mediaTypes, type StoredManifest, storedManifest } from '../../src/image/manifest.ts';
import { parseRepositoryName } from '../../src/image/reference.ts';
import { parseTag, type Tag } from '../../src/image/tag.ts';
import { writeMarker } from '../../src/legs/marker.ts';
import { aLeg, aStaging } from './legs.ts';
import { untilSeenAtOnce } from './registry-client.ts';
import { attachedTag, day, now } from './version-graphs.ts';

export const repository = parseRepositoryName('ghcr.io/octo-org/app');

export interface RepositoryModel {
  readonly manifests: ReadonlyMap<Digest, StoredManifest>;
  readonly tags: ReadonlyMap<string, Digest>;
  /** @param age days */
  push(bytes: Buffer, tags: readonly string[], age?: number): Digest;
  tag(tag: string, digest: Digest): void;
  /** As a tool does that does not look. */
  lose(digest: Digest): void;
  /** The tags of which a part is missing, each with the part. */
  brokenTags(): readonly string[];
  readonly registry: CleanupPorts['registry'];
  readonly stores: Readonly<Record<'github' | 'registry', () => VersionStore>>;
  /** Called before each deletion; may throw, or give the words with which GitHub refuses. */
  beforeDelete: (digest: Digest) => string | undefined;
  readonly deletions: readonly Digest[];
}

export function aRepositoryModel(): RepositoryModel {
  const manifests = new Map<Digest, StoredManifest>();
  const tags = new Map<string, Digest>();
  const ages = new Map<Digest, number>();
  const ids: Digest[] = [];
  const deleted = new Map<Digest, StoredManifest>();
  const deletions: Digest[] = [];

  const remove = (digest: Digest): boolean => {
    const manifest = manifests.get(digest);
    if (manifest === undefined) return false;
    deleted.set(digest, manifest);
    deletions.push(digest);
    manifests.delete(digest);
    for (const [tag, each] of tags) if (each === digest) tags.delete(tag);
    return true;
  };
  const whichOf = (reference: string): Digest | undefined => (isDigest(reference) ? reference : tags.get(reference));
  const find = async (_: unknown, reference: Tag | Digest): Promise<StoredManifest | undefined> => {
    const digest = whichOf(reference);
    return digest === undefined ? undefined : manifests.get(digest);
  };
  const head = async (_: unknown, reference: Tag | Digest) => {
    const found = await find(_, reference);
    return found && { mediaType: found.mediaType, digest: found.digest, size: found.bytes.length };
  };
  const refuse = (words: string): never => {
    throw new RegistryError('REGISTRY_REFUSED', { message: words, remedy: 'None.', status: 400, words });
  };

  const model: RepositoryModel = {
    manifests,
    tags,
    deletions,
    beforeDelete: () => undefined,
    push(bytes, names, age = 0) {
      const manifest = storedManifest(bytes);
      const { digest } = manifest;
      for (const child of linksOf(manifest).children) {
        if (!manifests.has(child)) throw new Error(`${child} is not here`);
      }
      if (!ids.includes(digest)) ids.push(digest);
      manifests.set(digest, manifest);
      ages.set(digest, now - age * day);
      for (const name of names) tags.set(name, digest);
      return digest;
    },
    tag: (tag, digest) => void tags.set(tag, digest),
    lose: (digest) => void manifests.delete(digest),
    brokenTags() {
      const missing = (digest: Digest): readonly Digest[] => {
        const manifest = manifests.get(digest);
        return manifest === undefined ? [digest] : linksOf(manifest).children.flatMap(missing);
      };
      return [...tags].flatMap(([tag, digest]) => missing(digest).map((part) => `${tag} lacks ${part}`));
    },
    registry: {
      findManifest: find,
      getBlob: async (_, { digest }) =>
        Readable.from([Buffer.from(JSON.stringify({ created: new Date(configDates.get(digest) ?? 0).toISOString() }))]),
      headBlob: async () => true,
      listReferrers: async (_, subject) =>
        [...manifests.values()]
          .filter((manifest) => linksOf(manifest).subject === subject)
          .map(({ digest, mediaType, bytes }) => ({ digest, mediaType, size: bytes.length })),
      untilSeen: untilSeenAtOnce,
    },
    stores: {
      registry: () =>
        openRegistryStore(
          {
            listTags: async () => [...tags.keys()].map((tag) => parseTag(tag)),
            headManifest: head,
            findManifest: find,
            deleteManifest: async (_, reference) => {
              const digest = whichOf(reference);
              if (digest === undefined) return false;
              const words = model.beforeDelete(digest);
              return words === undefined ? remove(digest) : refuse(words);
            },
            putManifest: async (_, { bytes }, reference) => {
              const digest = model.push(Buffer.from(bytes), isDigest(reference) ? [] : [reference]);
              return { mediaType: mediaTypes.ociIndex, digest, size: bytes.length };
            },
          },
          repository,
        ),
      github: () =>
        openGitHubStore(
          packageOf(),
          { listTags: async () => [...tags.keys()].map((tag) => parseTag(tag)), headManifest: head },
          repository,
          () => now,
        ),
    },
  };

  function packageOf(): GitHubPackage {
    const versionOf = (digest: Digest, id: number): PackageVersion => ({
      id,
      name: digest,
      tags: [...tags].flatMap(([tag, each]) => (each === digest ? [tag] : [])),
      changedAt: ages.get(digest),
    });
    return {
      async *listVersions() {
        yield ids.flatMap((digest, id) => (manifests.has(digest) ? [versionOf(digest, id)] : [])).toReversed();
      },
      async findVersion(id) {
        const digest = ids[id];
        return digest === undefined || !manifests.has(digest) ? undefined : versionOf(digest, id);
      },
      async deleteVersion(id) {
        const digest = ids[id];
        if (digest === undefined || !manifests.has(digest)) return false;
        const words = model.beforeDelete(digest);
        return words === undefined ? remove(digest) : refuse(words);
      },
      async restoreVersion(id) {
        const manifest = deleted.get(ids[id] ?? digestOf(Buffer.of()));
        if (manifest === undefined) return false;
        manifests.set(manifest.digest, manifest);
        return true;
      },
    };
  }
  return model;
}

/** When the image of each config was made. */
const configDates = new Map<Digest, number>();

const emptyLayer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(Buffer.of()), size: 0 };

/** @param age days, which its config tells */
export function imageBytes(name: string, fields: Readonly<Record<string, unknown>> = {}, age = 0): Buffer {
  const config = digestOf(Buffer.from(`config of ${name}`));
  configDates.set(config, now - age * day);
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 9 },
      layers: [emptyLayer],
      ...fields,
    }),
  );
}

/** What a descriptor needs beside the digest is of no account here. */
export function descriptorOf(digest: Digest): Descriptor {
  return { mediaType: mediaTypes.ociManifest, digest, size: 1 };
}

export function indexBytes(
  name: string,
  children: readonly Digest[],
  fields: Readonly<Record<string, unknown>> = {},
): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: children.map(descriptorOf),
      annotations: { name },
      ...fields,
    }),
  );
}

export function cacheBytes(name: string): Buffer {
  const entry = (mediaType: string) => ({ ...emptyLayer, mediaType });
  return indexBytes(name, [], {
    manifests: [entry(emptyLayer.mediaType), entry('application/vnd.buildkit.cacheconfig.v0')],
  });
}

export function markerBytes(leg: Digest): Buffer {
  const { entries } = aLeg(['linux/amd64']);
  const [entry] = entries;
  if (entry === undefined) throw new Error('A leg has an entry.');
  const descriptor = { ...descriptorOf(leg), platform: { os: 'linux', architecture: 'amd64' } };
  return Buffer.from(writeMarker(aStaging(), { digest: leg, entries: [{ ...entry, digest: leg, descriptor }] }).bytes);
}

/** One version to push, which leads to earlier ones. */
interface Push {
  readonly kind: 'image' | 'index' | 'referrer' | 'list' | 'signature' | 'cache' | 'marker';
  readonly tag: string | undefined;
  readonly age: number;
  readonly to: readonly number[];
}

const push: fc.Arbitrary<Push> = fc
  .record({
    kind: fc.constantFrom('image', 'image', 'index', 'index', 'referrer', 'list', 'signature', 'cache', 'marker'),
    tag: fc.option(fc.constantFrom('latest', 'main', 'pr-1', 'pr-2', 'pr-3', '1.0.0', '1.0.1', '1.1.0', '2.0.0-rc.1')),
    age: fc.integer({ min: 0, max: 120 }),
    to: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3 }),
  })
  .map(({ tag, ...each }) => ({ ...each, tag: tag ?? undefined }));

/** Pushes in a row, as a project makes them over months: tags move from version to version. */
export const somePushes: fc.Arbitrary<readonly Push[]> = fc.array(push, { minLength: 2, maxLength: 20 });

export function pushAll(model: RepositoryModel, pushes: readonly Push[]): readonly Digest[] {
  const pushed: Digest[] = [];
  for (const [index, { kind, tag, age, to }] of pushes.entries()) {
    const earlier =
      pushed.length === 0 ? [] : to.map((number) => pushed[number % pushed.length] ?? digestOf(Buffer.of()));
    const [first = parseDigest(`sha256:${'0'.repeat(64)}`)] = earlier;
    const name = `version ${index}`;
    const tags = tag === undefined ? [] : [tag];
    const bytes = {
      image: () => model.push(imageBytes(name, {}, age), tags, age),
      index: () => model.push(indexBytes(name, earlier), tags, age),
      referrer: () => model.push(imageBytes(name, { subject: descriptorOf(first) }, age), tags, age),
      list: () => model.push(indexBytes(name, earlier), [attachedTag(first)], age),
      signature: () => model.push(imageBytes(name, {}, age), [attachedTag(first, '.sig')], age),
      cache: () => model.push(cacheBytes(name), ['buildcache-main'], age),
      marker: () =>
        earlier.length === 0
          ? model.push(imageBytes(name, {}, age), [], age)
          : model.push(markerBytes(first), [`_staged.7.${index + 1}.0123456789ab`], age),
    }[kind];
    pushed.push(bytes());
  }
  return pushed;
}
