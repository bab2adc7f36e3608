/**
 * Layers that a source has as plain tars: a registry gets them as gzip, made here once, so that their digests are known
 * before anything is sent (docs/adr/0004-sources.md).
 */

import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import type { Content } from '../http/http.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import type { Blob } from '../image/manifest.ts';
import { type Files, pieceSize, readRange } from './image-files.ts';
import type { ImageSource } from './image-source.ts';
import { gzip, gzipBlockSize } from './parallel-gzip.ts';
import { proveContent } from './verify-content.ts';

/** Level of zlib: the table in docs/adr/0004-sources.md has the time and the size of each. */
const layerLevel = 3;

/** The compressed form of the layers of one source. */
export interface Layers {
  /**
   * @param member the plain layer, among the files of the source
   * @param diffId digest of the plain layer, as the image names it (image-spec config.md, "DiffID")
   * @returns what the registry gets
   * @throws InputError SOURCE_DAMAGED for another content, SOURCE_INCOMPLETE for none
   */
  add(member: string, diffId: string): Promise<Blob>;
  /** @returns `undefined` for what was not made here */
  open(blob: Blob): Content | undefined;
}

/** What a source tells of itself; `open` opens a blob, of the files or of the layers. */
interface LayeredContent extends Pick<ImageSource, 'root' | 'otherPlatforms' | 'readManifest' | 'assertBlob'> {
  open(blob: Blob): Content;
}

/**
 * Opens a source that has layers to compress. What is made of them goes with the source, and at once where it does not open.
 * @param files go with the source, too
 * @param temp a folder for the compressed layers
 * @throws what `read` throws
 */
export async function openWithLayers(
  files: Files,
  temp: string,
  read: (layers: Layers) => Promise<LayeredContent>,
): Promise<ImageSource> {
  const made: string[] = [];
  const remove = async (): Promise<void> => {
    await Promise.all(made.map((path) => rm(path, { force: true, maxRetries: 3 })));
  };
  try {
    const { open, ...source } = await read(compressInto(temp, files, made));
    return {
      ...source,
      openBlob: async (blob) => open(blob),
      proveBlob: async (blob) => proveContent(open(blob), blob, `${blob.digest} in "${files.path}"`),
      async close() {
        await remove();
        await files.close();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** @param made grows by the path of each file that is written */
function compressInto(temp: string, files: Files, made: string[]): Layers {
  const paths = new Map<Digest, string>();
  return {
    async add(member, diffId) {
      const path = join(temp, `layer-${crypto.randomUUID()}.tar.gz`);
      made.push(path);
      const blob = await compress(files, member, diffId, path);
      paths.set(blob.digest, path);
      return blob;
    },
    open({ digest, size }) {
      const path = paths.get(digest);
      return path === undefined ? undefined : readFile(path, size, files.signal);
    },
  };
}

async function* readFile(path: string, size: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    yield* readRange(file, { offset: 0, size, blockSize: pieceSize, keeps: false, signal });
  } finally {
    await file.close();
  }
}

async function compress(files: Files, member: string, diffId: string, to: string): Promise<Blob> {
  const plain = createHash('sha256');
  let plainSize = 0;
  async function* blocks(): AsyncGenerator<Buffer> {
    for await (const block of files.blocks(member, gzipBlockSize)) {
      plain.update(block);
      plainSize += block.length;
      yield block;
    }
  }
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(to, 'wx', 0o600);
  try {
    for await (const chunk of gzip(blocks(), layerLevel)) {
      hash.update(chunk);
      size += chunk.length;
      await file.appendFile(chunk);
    }
  } finally {
    await file.close();
  }
  const found = { digest: parseDigest(`sha256:${plain.digest('hex')}`), size: plainSize };
  if (found.digest !== diffId) throw otherLayer(files.path, member, diffId, found);
  return { digest: parseDigest(`sha256:${hash.digest('hex')}`), size };
}

/** @param found what the layer is without compression */
export function otherLayer(path: string, member: string, diffId: string, { digest, size }: Blob): InputError {
  return new InputError('SOURCE_DAMAGED', {
    message: `"${member}" in "${path}" is not the layer that the image’s config names: expected ${diffId}, found ${digest} of ${size} bytes.`,
    remedy: 'Write the archive again. It is damaged, or something changed it.',
  });
}
