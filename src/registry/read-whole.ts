/** Small blobs, read whole: the config of an image, a document that is attached to one. */

import type { Content } from '../http/http.ts';
import { beyond } from '../image/bounds.ts';
import type { Descriptor } from '../image/manifest.ts';
import type { Repository } from '../image/repository.ts';
import { formatSize } from '../text/size.ts';
import type { Blobs } from './blobs.ts';

/** @param content of a blob whose size is known to be small, and which its opener proves against its digest */
export async function readWhole(content: Content): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/**
 * @param whose the blob as a message names it
 * @param most bytes
 * @throws InputError MANIFEST_INVALID for a larger blob, before any request; RegistryError
 */
export async function readBlobWithin(
  client: Pick<Blobs, 'getBlob'>,
  repository: Repository,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  whose: string,
  most: number,
): Promise<Buffer> {
  if (blob.size > most) throw beyond(whose, formatSize(blob.size), formatSize(most));
  return readWhole(await client.getBlob(repository, blob));
}
