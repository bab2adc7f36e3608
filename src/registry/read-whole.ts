/** A small blob, read whole: the config of an image. */

import type { Content } from '../http/http.ts';

/** @param content of a blob whose size is known to be small, and which its opener proves against its digest */
export async function readWhole(content: Content): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
