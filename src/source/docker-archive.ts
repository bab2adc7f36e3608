/**
 * What `docker save` and `podman save` write: manifest.json, the config and the layers of each image
 * (https://github.com/moby/moby/blob/master/image/spec/spec.md, "Combined Image JSON + Filesystem Changeset Format").
 * Layers are plain tars; a registry gets them compressed, with a manifest that is made here: Docker's schema 2, which
 * every registry takes.
 */

import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type Digest, digestOf, parseDigest } from '../image/digest.ts';
import { configOf, type IndexEntry, parseDocument, readEntries } from '../image/image-index.ts';
import {
  type Blob,
  contentMediaTypes,
  type Descriptor,
  isIndexMediaType,
  mediaTypes,
  parseImageConfig,
  storedManifest,
} from '../image/manifest.ts';
import { isObject, parseJson } from '../text/json.ts';
import { chooseImage, type ListedImage } from './choose-image.ts';
import { type Layers, openWithLayers, otherLayer } from './compressed-layers.ts';
import { type Files, keepWithin, pieceSize } from './image-files.ts';
import type { ImageSource } from './image-source.ts';
import { pathOfBlob } from './oci-layout.ts';
import { damaged } from './tar-index.ts';
import { otherContent } from './verify-content.ts';

/** One entry of manifest.json: paths in the archive. */
interface ArchivedImage extends ListedImage {
  readonly config: string;
  readonly layers: readonly string[];
}

/** A layer as a registry gets it. */
interface Layer extends Descriptor {
  /** Of the archive, where the layer is compressed there already. */
  readonly member?: string;
}

/**
 * Compresses the layers, so that their digests are known before anything is sent.
 * @param name which of several images (`chooseImage`); `undefined` where there is only one
 * @param temp a folder for the compressed layers
 * @throws InputError SOURCE_DAMAGED, SOURCE_INCOMPLETE, SOURCE_AMBIGUOUS, SOURCE_MISSING; RegistryError DIGEST_MISMATCH
 */
export async function openDockerArchive(files: Files, name: string | undefined, temp: string): Promise<ImageSource> {
  const image = chooseImage(await readImages(files), name, files.path);
  const config = await files.read(image.config);
  const digest = digestOf(config);
  const [named] = image.config.match(/[0-9a-f]{64}/) ?? [];
  if (named !== undefined && digest !== `sha256:${named}`) {
    const expected = { digest: parseDigest(`sha256:${named}`), size: config.length };
    throw otherContent(expected, `"${image.config}" in "${files.path}"`, digest, config.length);
  }
  if (!isObject(parseDocument(config).rootfs)) throw damaged(files.path, `"${image.config}" is no config of an image`);
  const { diffIds } = parseImageConfig(config);
  if (diffIds.length !== image.layers.length) {
    throw damaged(files.path, `its config names ${diffIds.length} layers, but ${image.layers.length} are listed`);
  }
  return openWithLayers(files, temp, async (compressed) => {
    const byDiffId = new Map<string, Layer>();
    for (const [index, diffId] of diffIds.entries()) {
      // The same layer may be in an image more than once.
      if (byDiffId.has(diffId)) continue;
      byDiffId.set(diffId, await prepareLayer(files, image.layers[index] ?? '', diffId, compressed));
    }
    const layers = diffIds.flatMap((diffId) => byDiffId.get(diffId) ?? []);
    const members = new Map<Digest, string | undefined>(layers.map((layer) => [layer.digest, layer.member]));
    members.set(digest, image.config);
    return {
      root: manifestOf({ digest, size: config.length }, layers),
      otherPlatforms: await readOtherPlatforms(files, digest),
      readManifest: ({ digest: child }) => {
        throw damaged(files.path, `it has no manifest ${child}`);
      },
      // All was read once, in this very function.
      assertBlob: () => {},
      open(blob) {
        const member = members.get(blob.digest);
        const content = member === undefined ? compressed.open(blob) : files.open(member);
        if (content === undefined) throw damaged(files.path, `it has no blob ${blob.digest}`);
        return content;
      },
    };
  });
}

async function readImages(files: Files): Promise<readonly ArchivedImage[]> {
  if (files.sizeOf('manifest.json') === undefined) {
    const isLayout = files.sizeOf('oci-layout') !== undefined;
    throw damaged(
      files.path,
      isLayout ? 'it is an oci-archive, no docker-archive' : 'it has no "manifest.json" at its top',
    );
  }
  const entries = parseJson((await files.read('manifest.json')).toString());
  if (!Array.isArray(entries)) throw damaged(files.path, '"manifest.json" is not a list of images');
  return entries.map((entry) => {
    const { Config: config, Layers: layers, RepoTags: names } = isObject(entry) ? entry : {};
    const isText = (value: unknown): value is string => typeof value === 'string';
    if (!isText(config) || !Array.isArray(layers) || !layers.every(isText)) {
      throw damaged(files.path, '"manifest.json" has an entry without config or layers');
    }
    return { config, id: config, names: Array.isArray(names) ? names.filter(isText) : [], layers };
  });
}

/**
 * The platforms beside that of a config which only the OCI layout in the archive has: `docker save` of containerd’s image
 * store writes both forms, and manifest.json has one platform.
 */
async function readOtherPlatforms(files: Files, config: Digest): Promise<readonly string[]> {
  const entriesIn = async (path: string): Promise<readonly IndexEntry[]> =>
    readEntries({ bytes: await files.read(path) }).filter(
      ({ digest }) => files.sizeOf(pathOfBlob(digest)) !== undefined,
    );
  if (files.sizeOf('index.json') === undefined) return [];
  const indexes = (await entriesIn('index.json')).filter(({ descriptor }) => isIndexMediaType(descriptor.mediaType));
  for (const index of indexes) {
    const others: string[] = [];
    let isOurs = false;
    for (const { digest, platform } of await entriesIn(pathOfBlob(index.digest))) {
      if (platform === undefined) continue;
      const image = configOf({ bytes: await files.read(pathOfBlob(digest)) });
      if (image?.digest === config) isOurs = true;
      else others.push(platform);
    }
    if (isOurs) return others;
  }
  return [];
}

function manifestOf(config: Pick<Descriptor, 'digest' | 'size'>, layers: readonly Layer[]): ImageSource['root'] {
  // Schema 2 has no zstd.
  const isOci = layers.some(({ mediaType }) => mediaType === contentMediaTypes.ociZstdLayer);
  const mediaType = isOci ? mediaTypes.ociManifest : mediaTypes.dockerManifest;
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: isOci ? contentMediaTypes.ociConfig : contentMediaTypes.dockerConfig, ...config },
    layers: layers.map((layer) => ({
      mediaType: isOci ? layer.mediaType : contentMediaTypes.dockerGzipLayer,
      digest: layer.digest,
      size: layer.size,
    })),
  };
  return storedManifest(Buffer.from(JSON.stringify(manifest)), mediaType);
}

/** A layer that is compressed already (containerd's image store, crane) is taken as it is. */
async function prepareLayer(files: Files, member: string, diffId: string, compressed: Layers): Promise<Layer> {
  const compression = await compressionOf(files, member);
  if (compression === undefined) {
    return { mediaType: contentMediaTypes.ociGzipLayer, ...(await compressed.add(member, diffId)) };
  }
  const { digest, size } = await measure(files.open(member));
  // Also one that is named after its digest: only the config says what is to be in it.
  await proveLayer(files, member, diffId, compression);
  const mediaType = compression === 'zstd' ? contentMediaTypes.ociZstdLayer : contentMediaTypes.ociGzipLayer;
  return { mediaType, digest, size, member };
}

/** @throws InputError SOURCE_DAMAGED for what cannot be decompressed, or is not the layer that the config names */
async function proveLayer(files: Files, member: string, diffId: string, compression: Compression): Promise<void> {
  const decompress = compression === 'zstd' ? createZstdDecompress() : createGunzip();
  const within = keepWithin(files.sizeOf(member) ?? 0);
  const found = await pipeline(files.blocks(member, pieceSize), decompress, within, measure).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : cause;
    throw damaged(files.path, `"${member}" cannot be decompressed (${reason})`);
  });
  if (found.digest !== diffId) throw otherLayer(files.path, member, diffId, found);
}

type Compression = 'gzip' | 'zstd';

async function compressionOf(files: Files, member: string): Promise<Compression | undefined> {
  let magic = '';
  for await (const chunk of files.blocks(member, 4)) {
    magic = chunk.toString('hex');
    break;
  }
  return magic.startsWith('1f8b') ? 'gzip' : magic === '28b52ffd' ? 'zstd' : undefined;
}

async function measure(content: AsyncIterable<Uint8Array>): Promise<Blob> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of content) {
    hash.update(piece);
    size += piece.length;
  }
  return { digest: parseDigest(`sha256:${hash.digest('hex')}`), size };
}
