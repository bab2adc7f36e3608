/** Content against its digest. */

import { createHash } from 'node:crypto';
import { RegistryError } from '../errors.ts';
import type { Content } from '../http/http.ts';
import type { Blob } from '../image/manifest.ts';

/**
 * @param where the content is, for the message
 * @throws RegistryError DIGEST_MISMATCH
 */
export function proveBytes(bytes: Uint8Array, { digest, size }: Blob, where: string): void {
  const [algorithm = ''] = digest.split(':');
  const found = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
  if (found !== digest || bytes.length !== size) throw otherContent({ digest, size }, where, found, bytes.length);
}

/**
 * @param where the content is, for the message
 * @throws RegistryError DIGEST_MISMATCH
 */
export async function proveContent(content: Content, { digest, size }: Blob, where: string): Promise<void> {
  const [algorithm = ''] = digest.split(':');
  const hash = createHash(algorithm);
  let length = 0;
  for await (const piece of content) {
    hash.update(piece);
    length += piece.length;
  }
  const found = `${algorithm}:${hash.digest('hex')}`;
  if (length !== size || found !== digest) throw otherContent({ digest, size }, where, found, length);
}

export function otherContent({ digest, size }: Blob, where: string, found: string, length: number): RegistryError {
  return new RegistryError('DIGEST_MISMATCH', {
    message: `${where} is not what it is named after: expected ${digest} of ${size} bytes, found ${found} of ${length} bytes.`,
    remedy: 'The image is damaged, or something changed it while the step read it. Write it again.',
  });
}
