/** The files of an image: in a folder, or in a tar archive that stays as it is. */

import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { InputError } from '../errors.ts';
import { missing } from './check-source.ts';
import { damaged, readTarIndex } from './tar.ts';

export interface Files {
  /** Of the folder or archive. */
  readonly path: string;
  /** @returns bytes, or `undefined` where there is no such file */
  sizeOf(name: string): number | undefined;
  /** @throws InputError SOURCE_INCOMPLETE */
  read(name: string): Promise<Buffer>;
  /**
   * @param blockSize bytes of each chunk but the last
   * @throws InputError SOURCE_INCOMPLETE
   */
  open(name: string, blockSize?: number): Readable;
  close(): Promise<void>;
}

/** Few enough reads for a fast disk, small enough for several at once. */
const chunkSize = 512 * 1024;
/** More than any index, manifest or config has. */
const largestDocument = 32 * 1024 * 1024;

/**
 * @param path of a folder
 * @throws InputError SOURCE_MISSING
 */
export async function openFolder(path: string): Promise<Files> {
  const kind = await stat(path).catch((cause: unknown) => {
    throw missing(path, 'a folder', cause);
  });
  if (!kind.isDirectory()) throw missing(path, 'a folder', undefined);
  const sizeOf = (name: string): number | undefined => {
    const found = statSync(join(path, name), { throwIfNoEntry: false });
    return found?.isFile() ? found.size : undefined;
  };
  return readable(path, sizeOf, {
    open: (name, size, blockSize) => createReadStream(join(path, name), { highWaterMark: blockSize, end: size - 1 }),
    close: async () => {},
  });
}

/**
 * @param path of a tar archive, plain or compressed with gzip or zstd
 * @param temp a folder, for the plain form of a compressed one: only that can be read at any place
 * @throws InputError SOURCE_MISSING, SOURCE_DAMAGED
 */
export async function openArchive(path: string, temp: string): Promise<Files> {
  const kind = await stat(path).catch((cause: unknown) => {
    throw missing(path, 'a file', cause);
  });
  if (!kind.isFile()) throw missing(path, 'a file', undefined);
  const compressed = await open(path);
  let file = compressed;
  let plain: string | undefined;
  try {
    const decompress = decompressorOf((await compressed.read(Buffer.alloc(6), 0, 6, 0)).buffer, path);
    if (decompress !== undefined) {
      plain = join(temp, `archive-${crypto.randomUUID()}.tar`);
      await pipeline(createReadStream(path, { highWaterMark: chunkSize }), decompress, createWriteStream(plain)).catch(
        (cause: unknown) => {
          throw damaged(path, `it cannot be decompressed (${cause instanceof Error ? cause.message : cause})`);
        },
      );
      await compressed.close();
      file = await open(plain);
    }
    const members = await readTarIndex(file, path);
    const close = async (): Promise<void> => {
      await file.close();
      if (plain !== undefined) await rm(plain, { force: true });
    };
    return readable(path, (name) => members.get(name)?.size, {
      open: (name, size, blockSize) =>
        Readable.from(readRange(file, members.get(name)?.offset ?? 0, size, blockSize), { objectMode: false }),
      close,
    });
  } catch (error) {
    await file.close();
    if (plain !== undefined) await rm(plain, { force: true });
    throw error;
  }
}

interface Access {
  open(name: string, size: number, blockSize: number): Readable;
  close(): Promise<void>;
}

function readable(path: string, sizeOf: Files['sizeOf'], access: Access): Files {
  const sizeOfPresent = (name: string): number => {
    const size = sizeOf(name);
    if (size !== undefined) return size;
    throw new InputError('SOURCE_INCOMPLETE', {
      message: `"${path}" has no "${name}", which the image in it needs.`,
      remedy: 'Write the image anew, whole: every platform of an index and every layer has to be in it.',
    });
  };
  return {
    path,
    sizeOf,
    async read(name) {
      const size = sizeOfPresent(name);
      if (size > largestDocument) throw damaged(path, `"${name}" has ${size} bytes, which is no document of an image`);
      const chunks: Buffer[] = [];
      if (size > 0) for await (const chunk of access.open(name, size, chunkSize)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    open(name, blockSize = chunkSize) {
      const size = sizeOfPresent(name);
      return size === 0 ? Readable.from([]) : access.open(name, size, blockSize);
    },
    close: access.close,
  };
}

/** Reads at a place of its own, so that many streams share one file. */
async function* readRange(file: FileHandle, offset: number, size: number, blockSize: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < size; ) {
    const length = Math.min(blockSize, size - done);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(length), 0, length, offset + done);
    // The file became shorter while it was read; whoever reads misses the rest.
    if (bytesRead === 0) return;
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function decompressorOf(head: Buffer, path: string): NodeJS.ReadWriteStream | undefined {
  const magic = head.toString('hex');
  if (magic.startsWith('1f8b')) return createGunzip({ chunkSize });
  if (magic.startsWith('28b52ffd')) return createZstdDecompress({ chunkSize });
  const other = magic.startsWith('fd377a585a00') ? 'xz' : magic.startsWith('425a68') ? 'bzip2' : undefined;
  if (other !== undefined)
    throw damaged(path, `it is compressed with ${other}; expected a tar, plain or with gzip or zstd`);
  return undefined;
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
