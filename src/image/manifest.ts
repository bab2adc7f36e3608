/**
 * What a registry stores of an image: manifests, indexes and the descriptors between them
 * (image-spec manifest.md, image-index.md, descriptor.md; Docker's schema 2 twins).
 */

import { type Digest, isDigest } from './digest.ts';
import type { Platform } from './platform.ts';

export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

/** Every media type a client must accept, since a registry answers 404 for a form that was not asked for. */
export const manifestMediaTypes: readonly string[] = Object.values(mediaTypes);

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

/** A manifest or index as it came: the bytes are never written anew, because the digest is over them. */
export interface StoredManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsePlatformOf(value: unknown): Platform | undefined {
  if (!isObject(value) || typeof value.os !== 'string' || typeof value.architecture !== 'string') return undefined;
  const variant = typeof value.variant === 'string' && value.variant !== '' ? { variant: value.variant } : {};
  return { os: value.os, architecture: value.architecture, ...variant };
}

/**
 * The manifests that an index lists (image-spec, image-index.md, "manifests"); an entry without media type, digest or
 * size is no descriptor and is left out.
 */
export function parseIndex(manifest: StoredManifest): readonly Descriptor[] {
  const index: unknown = JSON.parse(Buffer.from(manifest.bytes).toString('utf8'));
  const entries: readonly unknown[] = isObject(index) && Array.isArray(index.manifests) ? index.manifests : [];
  return entries.flatMap((entry) => {
    if (!isObject(entry) || typeof entry.mediaType !== 'string' || typeof entry.size !== 'number') return [];
    if (typeof entry.digest !== 'string' || !isDigest(entry.digest)) return [];
    const platform = parsePlatformOf(entry.platform);
    return [
      {
        mediaType: entry.mediaType,
        digest: entry.digest,
        size: entry.size,
        ...(platform === undefined ? {} : { platform }),
      },
    ];
  });
}
