import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { gzip, gzipBlockSize } from '../../../src/source/parallel-gzip.ts';
import { readAll } from '../../support/registry-client.ts';

async function* blocksOf(content: Buffer, size = gzipBlockSize): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

/** Text of many lengths, then noise that no compressor makes smaller. */
function content(length: number): Buffer {
  const text = Buffer.from('All work and no play makes Jack a dull boy.\n'.repeat(length / 88 + 1));
  const noise = Buffer.alloc(length, createHash('sha512').update(String(length)).digest());
  return Buffer.concat([text, noise]).subarray(0, length);
}

const lengths = [0, 1, 511, gzipBlockSize - 1, gzipBlockSize, gzipBlockSize + 1, 9 * gzipBlockSize + 77];

test.each(lengths)('%i bytes come back as they were, by a decompressor that is not ours', async (length) => {
  const plain = content(length);
  const packed = await readAll(gzip(blocksOf(plain), 3));
  expect(gunzipSync(packed).equals(plain)).toBe(true);
  expect(packed.length).toBeLessThan(plain.length + 200);
});

test('the same content gives the same bytes each time', async () => {
  const plain = content(5 * gzipBlockSize + 3);
  const digests = await Promise.all(
    [1, 2, 3].map(async () =>
      createHash('sha256')
        .update(await readAll(gzip(blocksOf(plain), 3)))
        .digest('hex'),
    ),
  );
  expect(new Set(digests).size).toBe(1);
});

test('one that fails to read fails, and nothing is left unhandled', async () => {
  async function* failing(): AsyncGenerator<Buffer> {
    yield content(gzipBlockSize);
    throw new Error('the disk is gone');
  }
  await expect(readAll(gzip(failing(), 1))).rejects.toThrow('the disk is gone');
});
