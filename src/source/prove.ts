/** Content against its digest. */

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { RegistryError } from '../errors.ts';
import type { Blob } from './image-source.ts';

/**
 * @param where the content is, for the message
 * @throws RegistryError DIGEST_MISMATCH
 */
export function proveBytes(bytes: Uint8Array, { digest, size }: Blob, where: string): void {
  const [algorithm = ''] = digest.split(':');
  const found = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
  if (found !== digest || bytes.length !== size) throw otherContent({ digest, size }, where, found, bytes.length);
}

/** The content as it comes. What comes last is held back until all of it is proved, so that nobody has it whole before. */
export function proveStream(content: Readable, blob: Blob, where: string): Readable {
  return Readable.from(proved(content, blob, where), { objectMode: false });
}

async function* proved(content: Readable, { digest, size }: Blob, where: string): AsyncGenerator<Buffer> {
  const [algorithm = ''] = digest.split(':');
  const hash = createHash(algorithm);
  let length = 0;
  let held: Buffer | undefined;
  for await (const chunk of content) {
    hash.update(chunk);
    length += chunk.length;
    if (held !== undefined) yield held;
    held = chunk;
  }
  const found = `${algorithm}:${hash.digest('hex')}`;
  if (found !== digest || length !== size) throw otherContent({ digest, size }, where, found, length);
  if (held !== undefined) yield held;
}

export function otherContent({ digest, size }: Blob, where: string, found: string, length: number): RegistryError {
  return new RegistryError('DIGEST_MISMATCH', {
    message: `${where} is not what it is named after: expected ${digest} of ${size} bytes, found ${found} of ${length} bytes.`,
    remedy: 'The image is damaged, or was changed while it was read; write it anew.',
  });
}
