/** The files of an image: in a folder, or in a tar archive that stays as it is. */

import { createReadStream, createWriteStream, realpathSync, statSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { InputError } from '../errors.ts';
import type { Content } from '../http/http.ts';
import { bounds, mostPlainBytes } from '../image/bounds.ts';
import { checkKind } from './check-source.ts';
import { damaged, readTarIndex } from './tar-index.ts';

export interface Files {
  /** Of the folder or archive. */
  readonly path: string;
  /** Ends whatever reads: hashing or compressing a layer takes as long as the layer is large. */
  readonly signal: AbortSignal;
  /** @returns bytes, or `undefined` where there is no such file */
  sizeOf(name: string): number | undefined;
  /** Whether a file is a link to one outside of the folder: what is not proved yet may be anything of this machine. */
  leadsOut(name: string): boolean;
  /** @throws InputError SOURCE_INCOMPLETE */
  read(name: string): Promise<Buffer>;
  /**
   * A file in pieces. A piece may be overwritten when the reader takes the next one.
   * @throws InputError SOURCE_INCOMPLETE
   */
  open(name: string): Content;
  /**
   * A file in pieces that stay.
   * @param size bytes of each but the last
   * @throws InputError SOURCE_INCOMPLETE
   */
  blocks(name: string, size: number): Content;
  close(): Promise<void>;
}

/** Measured: smaller pieces cost more per byte, larger ones no less. */
export const pieceSize = 1024 * 1024;

/**
 * @param path of a folder
 * @param signal ends whatever reads
 * @throws InputError SOURCE_MISSING
 */
export async function openFolder(path: string, signal: AbortSignal): Promise<Files> {
  checkKind(path, 'folder', statSync(path, { throwIfNoEntry: false }));
  const sizeOf = (name: string): number | undefined => {
    const found = statSync(join(path, name), { throwIfNoEntry: false });
    return found?.isFile() ? found.size : undefined;
  };
  const root = realpathSync(path);
  const leadsOut = (name: string): boolean => !realpathSync(join(path, name)).startsWith(`${root}${sep}`);
  return readable(path, signal, sizeOf, {
    leadsOut,
    async *read(name, size, blockSize, keeps) {
      const file = await open(join(path, name));
      try {
        yield* readRange(file, { offset: 0, size, blockSize, keeps, signal });
      } finally {
        await file.close();
      }
    },
    close: async () => {},
  });
}

/**
 * @param path of a tar archive, plain or compressed with gzip or zstd
 * @param temp a folder, for the plain form of a compressed one: only that can be read at any place
 * @param signal ends whatever reads
 * @throws InputError SOURCE_MISSING, SOURCE_DAMAGED
 */
export async function openArchive(path: string, temp: string, signal: AbortSignal): Promise<Files> {
  checkKind(path, 'file', statSync(path, { throwIfNoEntry: false }));
  const compressed = await open(path);
  let file = compressed;
  let plain: string | undefined;
  try {
    const decompress = decompressorOf((await compressed.read(Buffer.alloc(6), 0, 6, 0)).buffer, path);
    if (decompress !== undefined) {
      plain = join(temp, `archive-${crypto.randomUUID()}.tar`);
      const packed = createReadStream(path, { highWaterMark: pieceSize });
      const within = keepWithin((await compressed.stat()).size);
      await pipeline(packed, decompress, within, createWriteStream(plain), { signal }).catch((cause: unknown) => {
        signal.throwIfAborted();
        // A full disk says nothing of the archive.
        if (cause instanceof Error && 'syscall' in cause) throw cause;
        throw damaged(path, `it cannot be decompressed (${cause instanceof Error ? cause.message : cause})`);
      });
      await compressed.close();
      file = await open(plain);
    }
    const members = await readTarIndex(file, path, signal);
    const close = async (): Promise<void> => {
      await file.close();
      if (plain !== undefined) await rm(plain, { force: true, maxRetries: 3 });
    };
    return readable(path, signal, (name) => members.get(name)?.size, {
      leadsOut: () => false,
      read: (name, size, blockSize, keeps) =>
        readRange(file, { offset: members.get(name)?.offset ?? 0, size, blockSize, keeps, signal }),
      close,
    });
  } catch (error) {
    await file.close();
    if (plain !== undefined) await rm(plain, { force: true, maxRetries: 3 });
    throw error;
  }
}

/** Lets decompressed content through, as long as it is no more than honest content comes to. */
export function keepWithin(compressed: number): Transform {
  const most = mostPlainBytes(compressed);
  let size = 0;
  return new Transform({
    transform(piece: Buffer, _, done) {
      size += piece.length;
      if (size > most) done(new Error(`its ${compressed} bytes become more than ${most}`));
      else done(null, piece);
    },
  });
}

interface Access extends Pick<Files, 'leadsOut'> {
  /** @param keeps whether the pieces stay */
  read(name: string, size: number, blockSize: number, keeps: boolean): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

function readable(path: string, signal: AbortSignal, sizeOf: Files['sizeOf'], access: Access): Files {
  const sizeOfPresent = (name: string): number => {
    const size = sizeOf(name);
    if (size !== undefined) return size;
    throw new InputError('SOURCE_INCOMPLETE', {
      message: `"${path}" has no "${name}", which the image in it needs.`,
      remedy: 'Write the whole image again. It must have every platform of its index, and every layer.',
    });
  };
  return {
    path,
    signal,
    sizeOf,
    leadsOut: access.leadsOut,
    async read(name) {
      const size = sizeOfPresent(name);
      if (size > bounds.document) throw damaged(path, `"${name}" has ${size} bytes, which is no document of an image`);
      const pieces: Buffer[] = [];
      for await (const piece of access.read(name, size, pieceSize, true)) pieces.push(piece);
      return Buffer.concat(pieces);
    },
    open: (name) => access.read(name, sizeOfPresent(name), pieceSize, false),
    blocks: (name, blockSize) => access.read(name, sizeOfPresent(name), blockSize, true),
    close: access.close,
  };
}

/** A part of a file, and how it is read. */
interface Range {
  readonly offset: number;
  readonly size: number;
  readonly blockSize: number;
  /** `false`: two buffers take turns. */
  readonly keeps: boolean;
  readonly signal: AbortSignal;
}

/**
 * Reads at a place of its own, so that many share one file, and one piece ahead of whoever takes them.
 * @throws the reason of the signal
 */
export async function* readRange(file: FileHandle, range: Range): AsyncGenerator<Buffer> {
  const { offset, size, blockSize, keeps, signal } = range;
  const allocate = (): Buffer => Buffer.allocUnsafeSlow(Math.min(blockSize, size));
  let [buffer, other] = [allocate(), allocate()];
  const readAt = async (done: number): Promise<Buffer> => {
    [buffer, other] = [keeps ? allocate() : other, buffer];
    const { bytesRead } = await file.read(buffer, 0, Math.min(blockSize, size - done), offset + done);
    return buffer.subarray(0, bytesRead);
  };
  let next = readAt(0);
  for (let done = 0; done < size; ) {
    const piece = await next;
    signal.throwIfAborted();
    done += piece.length;
    // The file became shorter while it was read; whoever reads misses the rest.
    if (piece.length === 0) return;
    if (done < size) {
      next = readAt(done);
      // It is awaited in the next turn, if there is one.
      next.catch(() => {});
    }
    yield piece;
  }
}

const otherCompressions = [
  { begins: /^fd377a585a00/, name: 'xz' },
  { begins: /^425a68/, name: 'bzip2' },
  // A frame to skip (RFC 8878 3.1.2); Node decompresses the first frame only.
  { begins: /^5.2a4d18/, name: 'zstd in several frames, as pzstd writes it' },
];

function decompressorOf(head: Buffer, path: string): NodeJS.ReadWriteStream | undefined {
  const magic = head.toString('hex');
  if (magic.startsWith('1f8b')) return createGunzip({ chunkSize: pieceSize });
  if (magic.startsWith('28b52ffd')) return createZstdDecompress({ chunkSize: pieceSize });
  const other = otherCompressions.find(({ begins }) => begins.test(magic));
  if (other === undefined) return undefined;
  throw damaged(path, `it is compressed with ${other.name}; expected a tar, plain or with gzip or zstd`);
}

/** Files that what is made of them gives back (`close`), or that are given back here where nothing comes of them. */
export async function closedOnFailure<T>(files: Files, use: (files: Files) => Promise<T>): Promise<T> {
  try {
    return await use(files);
  } catch (error) {
    await files.close();
    throw error;
  }
}
