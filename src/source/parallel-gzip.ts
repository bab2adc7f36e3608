/**
 * gzip over all cores: the content in blocks that are compressed side by side and joined to one member, as pigz does. The
 * same content gives the same bytes, whatever the machine (RFC 1952, RFC 1951 3.2.3).
 */

import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';

const deflate = promisify(deflateRaw);

/** Bytes compressed at a time: enough that the seams cost nothing (under 0.1 %), little enough for a dozen in memory. */
export const gzipBlockSize = 1024 * 1024;
/** libuv has four threads for this. */
const mostThreads = 4;

/** Magic, deflate, no flags, no time, no extra flags, unknown system: nothing of the machine. */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** A last block that is empty: each before it ends at a byte, and is not the last. */
const lastBlock = Buffer.from([3, 0]);

/**
 * @param blocks of `gzipBlockSize` bytes, except the last one
 * @param level of zlib, 1 to 9
 */
export async function* gzip(blocks: AsyncIterable<Buffer>, level: number): AsyncGenerator<Buffer> {
  const ahead = Math.min(mostThreads, availableParallelism()) + 1;
  const running: Promise<Buffer>[] = [];
  let checksum = 0;
  let size = 0;
  yield header;
  for await (const block of blocks) {
    checksum = crc32(block, checksum);
    size += block.length;
    const compressed = deflate(block, { level, finishFlush: constants.Z_SYNC_FLUSH });
    // It is awaited below, unless an earlier one fails first.
    compressed.catch(() => {});
    running.push(compressed);
    if (running.length > ahead) yield await next(running);
  }
  while (running.length > 0) yield await next(running);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  yield Buffer.concat([lastBlock, trailer]);
}

async function next(running: Promise<Buffer>[]): Promise<Buffer> {
  return (await running.shift()) ?? Buffer.alloc(0);
}
