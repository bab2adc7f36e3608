/** Archives and folders that are made to take all memory, all disk, or files of the machine. */

import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { bounds, mostPlainBytes } from '../../../src/image/bounds.ts';
import { digestOf, parseDigest } from '../../../src/image/digest.ts';
import { readEntries } from '../../../src/image/image-index.ts';
import { mediaTypes, parseIndex } from '../../../src/image/manifest.ts';
import { openDockerArchive } from '../../../src/source/docker-archive.ts';
import { readContent } from '../../../src/source/image-content.ts';
import { closedOnFailure, openArchive, openFolder } from '../../../src/source/image-files.ts';
import { openLayout } from '../../../src/source/oci-layout.ts';
import { readAll } from '../../support/registry-client.ts';
import { aLayout, tarOf, writeTree } from '../../support/tar.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const never = AbortSignal.any([]);
const mebibyte = 1024 * 1024;

/** A header of ustar. */
function member(name: string, size = 0): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        0ustar\x0000', 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** The same header with another type. */
function typed(header: Buffer, type: string): Buffer {
  header.write(type, 156);
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

async function openedArchive(bytes: Buffer) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'image.tar'), bytes);
  try {
    return await openArchive(join(folder, 'image.tar'), folder, never);
  } catch (error) {
    expect(readdirSync(folder)).toEqual(['image.tar']);
    throw error;
  }
}

describe('An archive', () => {
  test('whose few bytes become gigabytes is refused, and leaves nothing', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'bomb.tar.zst');
    async function* zeros() {
      const piece = Buffer.alloc(8 * mebibyte);
      for (let count = 0; count < 33; count++) yield piece;
    }
    await pipeline(Readable.from(zeros()), createZstdCompress(), createWriteStream(path));
    await expect(openArchive(path, folder, never)).rejects.toThrowCode('SOURCE_DAMAGED');
    expect(readdirSync(folder)).toEqual(['bomb.tar.zst']);
  });

  test('may become as much as gzip makes of zeros, and 256 MiB in any case', () => {
    expect(mostPlainBytes(92_000)).toBe(256 * mebibyte);
    expect(mostPlainBytes(gzipSync(Buffer.alloc(64 * mebibyte)).length * 100)).toBeGreaterThan(6400 * mebibyte);
  });

  test('of more members than any image has is refused', async () => {
    const members = [...Array(bounds.members + 2).keys()].map((number) => member(`m${number}`));
    await expect(openedArchive(gzipSync(Buffer.concat(members)))).rejects.toThrowCode('SOURCE_DAMAGED');
  });

  test.each([
    ['folders', '5'],
    ['extended headers', 'x'],
    ['global headers', 'g'],
    ['long names', 'L'],
  ])('of more %s than any image has is refused, in seconds', async (_title, type) => {
    const folders = Buffer.alloc(512 * (bounds.headers + 2));
    const header = typed(member('d'), type);
    for (let at = 0; at < folders.length; at += header.length) header.copy(folders, at);
    const start = performance.now();
    await expect(openedArchive(gzipSync(folders))).rejects.toThrow(`it has more than ${bounds.headers} headers`);
    // It took half a minute; this only tells the two apart.
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test('is not read to its end after a signal', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'image.tar'), Buffer.concat([...Array(1000).keys()].map((each) => member(`m${each}`))));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(openArchive(join(folder, 'image.tar'), folder, signal)).rejects.toThrow('enough');
  });

  test('with a name of a megabyte is refused', async () => {
    const record = (length: number) => `${length} path=${'a'.repeat(length - `${length} path=\n`.length)}\n`;
    const content = Buffer.alloc(1024 * 512, record(1024 * 512));
    const extended = typed(member('pax', content.length), 'x');
    await expect(openedArchive(Buffer.concat([extended, content, member('m')]))).rejects.toThrowCode('SOURCE_DAMAGED');
  });

  test('whose index fans out is refused before all of it is read', async () => {
    const layout = aLayout();
    const leaves = [...Array(70).keys()].map((number) =>
      layout.index([...Array(70).keys()].map((child) => layout.image(`${number} ${child}`))),
    );
    layout.list(layout.index(leaves));
    const folder = temporaryFolder();
    const archive = tarOf(writeTree(join(folder, 'tree'), layout.files), join(folder, 'a.tar'));
    const source = await openLayout(await openArchive(archive, folder, never), undefined);
    await expect(readContent(source)).rejects.toThrowCode('MANIFEST_INVALID');
    await source.close();
  });

  test('with a document of more than 4 MiB is refused', async () => {
    const layout = aLayout();
    const large = layout.blob(mediaTypes.ociIndex, JSON.stringify({ manifests: [], x: ' '.repeat(bounds.document) }));
    layout.list(large);
    const files = await openFolder(writeTree(temporaryFolder(), layout.files), never);
    await expect(openLayout(files, undefined)).rejects.toThrowCode('SOURCE_DAMAGED');
  });
});

test('an index of 100,000 entries is refused', () => {
  const entry = { mediaType: mediaTypes.ociManifest, digest: digestOf(Buffer.from('x')), size: 1 };
  const bytes = Buffer.from(JSON.stringify({ manifests: Array(100_000).fill(entry) }));
  for (const read of [parseIndex, readEntries]) expect(() => read({ bytes })).toThrowCode('MANIFEST_INVALID');
});

test('a layer of a docker-archive whose few bytes become gigabytes is refused', async () => {
  const layer = zstdCompressSync(Buffer.alloc(257 * mebibyte));
  const config = JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    rootfs: { diff_ids: [digestOf(Buffer.from('x'))] },
  });
  const files = {
    'manifest.json': JSON.stringify([{ Config: 'config.json', Layers: ['layer'] }]),
    'config.json': config,
    layer,
  };
  const folder = await openFolder(writeTree(temporaryFolder(), files), never);
  const opened = closedOnFailure(folder, (each) => openDockerArchive(each, undefined, temporaryFolder()));
  await expect(opened).rejects.toMatchObject({
    code: 'SOURCE_DAMAGED',
    message: expect.stringContaining(`become more than ${256 * mebibyte}`),
  });
});

describe('A link in a folder', () => {
  const content = Buffer.from('layer of one');
  const layer = { digest: digestOf(content), size: content.length };

  async function sourceWith(linked: Buffer, name: string) {
    const outside = join(temporaryFolder(), 'outside');
    writeFileSync(outside, linked);
    const layout = aLayout();
    layout.list(layout.image('one'));
    const folder = writeTree(temporaryFolder(), layout.files);
    mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
    symlinkSync(outside, join(folder, 'blobs', name));
    return openLayout(await openFolder(folder, never), undefined);
  }

  test('to content outside that has the digest is followed, as build tools link base images', async () => {
    const other = Buffer.from('content of a base image');
    const digest = digestOf(other);
    const source = await sourceWith(other, digest.replace(':', '/'));
    expect(await readAll(await source.openBlob({ digest, size: other.length }))).toEqual(other);
    expect(await readAll(await source.openBlob(layer))).toEqual(content);
  });

  test('to any other file of the machine gives nothing away', async () => {
    const secret = Buffer.from('root:x:0:0');
    const digest = parseDigest(`sha256:${createHash('sha256').update('a promise').digest('hex')}`);
    const source = await sourceWith(secret, digest.replace(':', '/'));
    await expect(source.openBlob({ digest, size: secret.length })).rejects.toThrowCode('DIGEST_MISMATCH');
  });
});
