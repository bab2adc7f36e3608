/**
 * A digest: the content address of a manifest or blob.
 *
 * Grammar (image-spec, descriptor.md, "Digests"; only the registered algorithms):
 *
 *     digest := 'sha256:' [a-f0-9]{64} | 'sha512:' [a-f0-9]{128}
 */

import { createHash } from 'node:crypto';
import { InputError } from '../errors.ts';

declare const brand: unique symbol;
export type Digest = string & { readonly [brand]: 'Digest' };

/** Whether a text is a digest of a registered algorithm. */
export function isDigest(text: string): text is Digest {
  return /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/.test(text);
}

/**
 * @param text `algorithm:hex`
 * @throws InputError DIGEST_INVALID
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new InputError('DIGEST_INVALID', {
    message: `"${text}" is not a digest: expected sha256: and 64, or sha512: and 128 lower-case hexadecimal characters.`,
    remedy: 'Take the digest from the `digest` output of the step that published the image.',
  });
}

/** The sha256 digest of some bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}
