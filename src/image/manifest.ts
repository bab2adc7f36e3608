/**
 * What a registry stores of an image: manifests, indexes and the descriptors between them
 * (image-spec manifest.md, image-index.md, descriptor.md; Docker's schema 2 twins).
 */

import { InputError } from '../errors.ts';
import { isObject, type JsonObject, parseJsonObject } from '../text/json.ts';
import { isSize, refuseEntries } from './bounds.ts';
import { type Digest, digestOf, isDigest } from './digest.ts';
import type { Platform } from './platform.ts';

export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

/** Every media type a client must accept, since a registry answers 404 for a form that was not asked for. */
export const manifestMediaTypes: readonly string[] = Object.values(mediaTypes);

/** The media types of what manifests point at, in the two twin formats (image-spec media-types.md, "Compatibility Matrix"). */
export const contentMediaTypes = {
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociGzipLayer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociZstdLayer: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerGzipLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

export function isManifestMediaType(mediaType: string): boolean {
  return manifestMediaTypes.includes(mediaType);
}

export function isIndexMediaType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerIndex;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

/** Content that is found by its digest (image-spec, descriptor.md). */
export type Blob = Pick<Descriptor, 'digest' | 'size'>;

/** A manifest or index as it came: the bytes are never written anew, because the digest is over them. */
export interface StoredManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

function parsePlatformOf(value: unknown): Platform | undefined {
  if (!isObject(value) || typeof value.os !== 'string' || typeof value.architecture !== 'string') return undefined;
  const variant = typeof value.variant === 'string' && value.variant !== '' ? { variant: value.variant } : {};
  return { os: value.os, architecture: value.architecture, ...variant };
}

/**
 * The manifests that an index lists (image-spec, image-index.md, "manifests"); an entry without media type, digest or
 * size is no descriptor and is left out.
 * @throws InputError MANIFEST_INVALID
 */
export function parseIndex({ bytes }: Pick<StoredManifest, 'bytes'>): readonly Descriptor[] {
  const index = parseObject(bytes);
  if (index === undefined || !Array.isArray(index.manifests)) {
    throw new InputError('MANIFEST_INVALID', {
      message: `${digestOf(bytes)} is not an index: expected a JSON object with the list "manifests".`,
      remedy: 'Create the index again with a current tool.',
    });
  }
  refuseEntries(bytes, index.manifests.length);
  return index.manifests.flatMap((entry) => {
    const descriptor = parseDescriptor(entry);
    if (descriptor === undefined || !isObject(entry)) return [];
    const { urls: _, ...described } = descriptor;
    const platform = parsePlatformOf(entry.platform);
    return [
      {
        ...described,
        ...(platform === undefined ? {} : { platform }),
        ...(typeof entry.artifactType === 'string' ? { artifactType: entry.artifactType } : {}),
      },
    ];
  });
}

function parseTexts(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isObject(value)) return undefined;
  const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}

/** What a manifest holds beside its config; a foreign layer is kept elsewhere, at `urls`, and never pushed. */
export interface Layer extends Descriptor {
  readonly urls: readonly string[];
}

export interface ImageManifest {
  readonly config: Descriptor;
  readonly layers: readonly Layer[];
}

/** Whether a layer may not be handed on (image-spec layer.md, "Non-Distributable Layers"; Docker's "foreign layers"). */
export function isForeign({ mediaType, urls }: Layer): boolean {
  return urls.length > 0 || /\.foreign\.|\.nondistributable\./.test(mediaType);
}

function parseDescriptor(value: unknown): Layer | undefined {
  if (!isObject(value)) return undefined;
  const { mediaType, digest, size, urls } = value;
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || !isDigest(digest)) return undefined;
  if (!isSize(size)) return undefined;
  const listed = urls === undefined || urls === null ? [] : urls;
  if (!Array.isArray(listed) || listed.some((url) => typeof url !== 'string')) return undefined;
  const annotations = parseTexts(value.annotations);
  return { mediaType, digest, size, urls: listed, ...(annotations === undefined ? {} : { annotations }) };
}

/**
 * The manifest of one image or artifact (image-spec manifest.md; Docker's schema 2).
 * @throws InputError MANIFEST_INVALID
 */
export function parseImageManifest({ bytes, digest, mediaType }: StoredManifest): ImageManifest {
  const manifest = parseObject(bytes);
  const config = parseDescriptor(manifest?.config);
  const layers = Array.isArray(manifest?.layers) ? manifest.layers.map(parseDescriptor) : undefined;
  if (isManifestMediaType(mediaType) && config !== undefined && layers?.every((layer) => layer !== undefined)) {
    return { config, layers };
  }
  throw new InputError('MANIFEST_INVALID', {
    message: `${digest} (${mediaType || 'no media type'}) is not an image manifest: expected a config and layers, each with media type, digest and size.`,
    remedy: 'Create the image again with a current tool. Docker’s schema 1 is not supported.',
  });
}

/** What a manifest refers to (image-spec, manifest.md, "subject"); `undefined` where it refers to nothing. */
export function subjectOf({ bytes }: Pick<StoredManifest, 'bytes'>): Digest | undefined {
  return parseDescriptor(parseObject(bytes)?.subject)?.digest;
}

/** What a manifest has to do with other content of its repository. */
export interface ManifestLinks {
  /** The manifests that an index lists. */
  readonly children: readonly Digest[];
  /** What an index lists under other media types: the cache of BuildKit lists layers. */
  readonly contents: readonly Digest[];
  /** What the manifest refers to (image-spec, manifest.md, "subject"). */
  readonly subject: Digest | undefined;
  /** Whether it is a build cache of BuildKit, which nobody runs. */
  readonly isCache: boolean;
}

/** BuildKit's cache has it as the type of its config (https://docs.docker.com/build/cache/backends/registry/). */
const cacheConfigType = 'application/vnd.buildkit.cacheconfig.v0';

/**
 * Reads every link, also one whose descriptor lacks a field that a client would need: what looks unused may be deleted.
 * @throws InputError MANIFEST_INVALID if there is no JSON object, or a digest that cannot be read
 */
export function linksOf({ bytes, digest }: Pick<StoredManifest, 'bytes' | 'digest'>): ManifestLinks {
  const manifest = parseObject(bytes);
  if (manifest === undefined) throw unreadable(digest, 'expected a JSON object');
  const read = (descriptor: unknown): Digest => {
    const named = isObject(descriptor) ? descriptor.digest : undefined;
    if (typeof named === 'string' && isDigest(named)) return named;
    throw unreadable(digest, `expected a digest with sha256 or sha512, found ${JSON.stringify(named) ?? 'none'}`);
  };
  const typeOf = (descriptor: unknown): unknown => (isObject(descriptor) ? descriptor.mediaType : undefined);
  const isContent = (entry: unknown): boolean => {
    const type = typeOf(entry);
    return typeof type === 'string' && type !== '' && !isManifestMediaType(type);
  };
  const { manifests = [], subject, config } = manifest;
  if (!Array.isArray(manifests)) throw unreadable(digest, 'expected a list in "manifests"');
  return {
    children: manifests.filter((entry) => !isContent(entry)).map(read),
    contents: manifests.filter(isContent).map(read),
    subject: subject === undefined || subject === null ? undefined : read(subject),
    isCache: [config, ...manifests].some((each) => typeOf(each) === cacheConfigType),
  };
}

function unreadable(digest: Digest, why: string): InputError {
  return new InputError('MANIFEST_INVALID', {
    message: `The manifest ${digest} cannot be read: ${why}.`,
    remedy: 'Create the image again with a current tool.',
  });
}

/** The media type of a manifest of which only the bytes are known: its own word, else what its fields are those of. */
export function mediaTypeOfManifest(bytes: Uint8Array): string {
  const manifest = parseObject(bytes);
  if (typeof manifest?.mediaType === 'string') return manifest.mediaType;
  if (Array.isArray(manifest?.manifests)) return mediaTypes.ociIndex;
  return Array.isArray(manifest?.layers) ? mediaTypes.ociManifest : '';
}

/** A manifest of these bytes; the digest is theirs. */
export function storedManifest(bytes: Uint8Array, mediaType = mediaTypeOfManifest(bytes)): StoredManifest {
  return { mediaType, digest: digestOf(bytes), bytes };
}

function parseObject(bytes: Uint8Array): JsonObject | undefined {
  return parseJsonObject(Buffer.from(bytes).toString('utf8'));
}

/** What the config of an image says of its platform and layers (image-spec config.md). */
interface ImageConfig {
  readonly platform: Platform | undefined;
  /** Digests of the layers before compression. */
  readonly diffIds: readonly string[];
}

/** An artifact's config is another thing: it has neither. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const config = parseObject(bytes);
  const rootfs = isObject(config?.rootfs) ? config.rootfs : {};
  return {
    platform: parsePlatformOf(config),
    diffIds: (Array.isArray(rootfs.diff_ids) ? rootfs.diff_ids : []).filter((each) => typeof each === 'string'),
  };
}
