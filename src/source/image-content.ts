/**
 * All of an image as a list: what has to be in a repository before its manifest may be, and that before a tag. And what a
 * registry would not take of it, found before the first byte is sent.
 */

import { beyond, bounds } from '../image/bounds.ts';
import type { Digest } from '../image/digest.ts';
import {
  contentMediaTypes,
  type Descriptor,
  type ImageManifest,
  isForeign,
  isIndexMediaType,
  isManifestMediaType,
  mediaTypes,
  parseImageConfig,
  parseImageManifest,
  parseIndex,
  type StoredManifest,
} from '../image/manifest.ts';
import { formatPlatform } from '../image/platform.ts';
import { sideBySide, widthOfRequests } from '../registry/concurrency.ts';
import { readWhole } from '../registry/read-whole.ts';
import { formatSize } from '../text/size.ts';
import type { ImageSource } from './image-source.ts';

export interface ImageContent {
  /** Each once, children before the index that lists them; the root is last. */
  readonly manifests: readonly StoredManifest[];
  /** Each once; foreign layers are not among them. */
  readonly blobs: readonly Descriptor[];
  /** The images, without indexes. */
  readonly images: readonly (ImageManifest & { readonly digest: Digest; readonly mediaType: string })[];
}

/**
 * Reads all manifests of an image and looks for each blob.
 * @throws InputError SOURCE_INCOMPLETE, MANIFEST_INVALID; RegistryError MANIFEST_UNKNOWN, DIGEST_MISMATCH
 */
export async function readContent(source: ImageSource): Promise<ImageContent> {
  const manifests = new Map<Digest, StoredManifest>();
  const blobs = new Map<Digest, Descriptor>();
  const images = new Map<Digest, ImageContent['images'][number]>();
  const { digest: root } = source.root;
  const addBlob = (blob: Descriptor): void => {
    if (blobs.has(blob.digest)) return;
    source.assertBlob(blob);
    blobs.set(blob.digest, blob);
    if (blobs.size > bounds.blobs) throw beyond(root, `${blobs.size} blobs`, String(bounds.blobs));
  };
  const seen = new Set<Digest>([root]);
  let held = source.root.bytes.length;
  const hold = (bytes: number): void => {
    held += bytes;
    if (held > bounds.manifestBytes) {
      throw beyond(root, `manifests of ${formatSize(held)}`, formatSize(bounds.manifestBytes));
    }
  };
  async function add(manifest: StoredManifest, depth: number): Promise<void> {
    if (manifests.has(manifest.digest)) return;
    if (isIndexMediaType(manifest.mediaType)) {
      if (depth > bounds.depth) throw beyond(root, `indexes within indexes, ${depth} deep`, String(bounds.depth));
      const children = parseIndex(manifest);
      // BuildKit's cache lists layers in an index.
      children.filter(({ mediaType }) => !isManifestMediaType(mediaType)).forEach(addBlob);
      const fresh = children.filter(({ mediaType, digest }) => {
        if (!isManifestMediaType(mediaType) || seen.has(digest)) return false;
        seen.add(digest);
        return true;
      });
      if (seen.size > bounds.manifests) throw beyond(root, `${seen.size} manifests`, String(bounds.manifests));
      const read = await sideBySide(fresh, widthOfRequests, async (child) => {
        const found = await source.readManifest(child);
        hold(found.bytes.length);
        return found;
      });
      for (const child of read) await add(child, depth + 1);
    } else {
      const image = parseImageManifest(manifest);
      images.set(manifest.digest, { ...image, digest: manifest.digest, mediaType: manifest.mediaType });
      addBlob(image.config);
      image.layers.filter((layer) => !isForeign(layer)).forEach(addBlob);
    }
    manifests.set(manifest.digest, manifest);
  }
  await add(source.root, 0);
  return { manifests: [...manifests.values()], blobs: [...blobs.values()], images: [...images.values()] };
}

const imageConfigs: readonly string[] = [contentMediaTypes.ociConfig, contentMediaTypes.dockerConfig];

/** What an image is for: `os/arch[/variant]` → digest, and the ID by which an engine would know it. */
export interface ImageSummary {
  readonly platforms: Readonly<Record<string, Digest>>;
  /** Digest of the config; empty for several images. */
  readonly imageId: string;
  /** The config, where it was read. */
  readonly config?: Buffer;
}

/** @throws what reading the config of a single image throws */
export async function summarise(source: ImageSource): Promise<ImageSummary> {
  const { root } = source;
  if (isIndexMediaType(root.mediaType)) {
    const images = parseIndex(root).filter(({ platform }) => platform !== undefined && platform.os !== 'unknown');
    const platforms = images.flatMap(({ platform, digest }) => (platform ? [[formatPlatform(platform), digest]] : []));
    return { platforms: Object.fromEntries(platforms), imageId: '' };
  }
  const { config } = parseImageManifest(root);
  // The config of an artifact says nothing of a platform.
  if (!imageConfigs.includes(config.mediaType) || config.size > bounds.config) return { platforms: {}, imageId: '' };
  const bytes = await readWhole(await source.openBlob(config));
  const { platform } = parseImageConfig(bytes);
  return {
    platforms: platform === undefined ? {} : { [formatPlatform(platform)]: root.digest },
    imageId: config.digest,
    config: bytes,
  };
}

/**
 * The same image as Docker's schema 2, the one form that the Docker registry takes; its layers stay as they are.
 * @returns `undefined` where there is no such form: an index, an artifact, layers of zstd or without compression
 */
export function asSchema2({ bytes, mediaType, digest }: StoredManifest): Buffer | undefined {
  if (mediaType === mediaTypes.dockerManifest) return Buffer.from(bytes);
  if (isIndexMediaType(mediaType)) return undefined;
  const { config, layers } = parseImageManifest({ bytes, mediaType, digest });
  const isPlain = layers.every((layer) => layer.mediaType === contentMediaTypes.ociGzipLayer && !isForeign(layer));
  if (config.mediaType !== contentMediaTypes.ociConfig || !isPlain) return undefined;
  const described = ({ digest: of, size }: Descriptor, as: string) => ({ mediaType: as, size, digest: of });
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: described(config, contentMediaTypes.dockerConfig),
    layers: layers.map((layer) => described(layer, contentMediaTypes.dockerGzipLayer)),
  };
  return Buffer.from(JSON.stringify(manifest));
}
