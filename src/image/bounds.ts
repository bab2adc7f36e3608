/**
 * How much a run takes from others: registries, archives, and whoever may write to them. What passes a bound is an error that names
 * the bound and the value. The documents themselves are bounded by what reads them (`registry/manifests.ts`, `text/json.ts`).
 */

import { InputError } from '../errors.ts';
import { digestOf } from './digest.ts';

const mebibyte = 1024 * 1024;

export const bounds = {
  /** Bytes of a manifest, an index or a list of an archive: what every registry takes (distribution-spec, "Pushing Manifests"). */
  document: 4 * mebibyte,
  /** Bytes of a config: more than any image has. */
  config: 4 * mebibyte,
  /** Manifests of one image, indexes among them, each once. */
  manifests: 4096,
  /** Blobs of one image, of all its platforms. */
  blobs: 32_768,
  /** Bytes of all manifests of one image, which are held at once. */
  manifestBytes: 64 * mebibyte,
  /** Indexes within indexes. */
  depth: 8,
  /** Manifests that refer to an image, or to one that does. */
  referrers: 1024,
  /** Headers of an archive: those of its members, of folders, and what extends them. */
  headers: 262_144,
  /** Members of an archive, and the characters of the name of one. */
  members: 65_536,
  memberName: 1024,
} as const;

/** Bytes that compressed content may have without its compression: gzip makes 1,032 of one at most (RFC 1951). */
export function mostPlainBytes(compressed: number): number {
  return Math.max(256 * mebibyte, 1032 * compressed);
}

/** A number of bytes as a document may state it (image-spec, descriptor.md, "size"). */
export function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/**
 * @param whose such as the digest of an image
 * @param value what there is, as a clause: "4,097 manifests"
 */
export function beyond(whose: string, value: string, most: string): InputError {
  return new InputError('MANIFEST_INVALID', {
    message: `${whose} has ${value}: expected at most ${most}.`,
    remedy: 'No image of a current tool has that many. Find out who made it, and create it again.',
  });
}

/**
 * @param index its bytes
 * @param entries how many it lists
 * @throws InputError MANIFEST_INVALID for more entries than any image has
 */
export function refuseEntries(index: Uint8Array, entries: number): void {
  if (entries > bounds.manifests) throw beyond(digestOf(index), `${entries} entries`, String(bounds.manifests));
}
