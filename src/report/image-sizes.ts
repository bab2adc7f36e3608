/**
 * What an image weighs in its registry: each platform, each layer, and which instruction made it.
 */

import type { Readable } from 'node:stream';
import { type Digest, isDigest } from '../image/digest.ts';
import { parseDocument } from '../image/image-index.ts';
import { type Descriptor, isIndexMediaType, parseIndex, type StoredManifest } from '../image/manifest.ts';
import { formatPlatform } from '../image/platform.ts';
import type { Repository } from '../image/repository.ts';
import type { PreviousImage } from '../plan/outcome.ts';
import { sideBySide, widthOfRequests } from '../registry/concurrency.ts';
import { readWhole } from '../registry/read-whole.ts';
import { isObject } from '../text/json.ts';

export interface WeighedLayer {
  readonly digest: Digest;
  /** Bytes, as the registry has it: compressed. */
  readonly size: number;
  /** The instruction that made it, from the image's history; empty where that says nothing. */
  readonly instruction: string;
}

export interface WeighedImage {
  /** Of a bake file that has several; absent: there is one image. */
  readonly target?: string;
  /** `os/arch[/variant]` */
  readonly platform: string;
  readonly digest: Digest;
  /** Bytes to pull where nothing is there yet: its layers and its config. */
  readonly size: number;
  readonly layers: readonly WeighedLayer[];
  /** Since the image before it; absent if there is none for this platform. */
  readonly change?: Change;
}

/** What is different from the image before. */
export interface Change {
  /** The tag of the image before. */
  readonly since: string;
  /** How many bytes more; negative for fewer. */
  readonly bytes: number;
  /** How many of the layers the image before does not have. */
  readonly newLayers: number;
}

/** The registry, as far as weighing needs it. */
export interface ContentPort {
  getManifest(repository: Repository, digest: Digest): Promise<StoredManifest>;
  getBlob(repository: Repository, blob: Pick<Descriptor, 'digest' | 'size'>): Promise<Readable>;
}

interface Sized {
  readonly digest: Digest;
  readonly size: number;
}

function parseSized(value: unknown): readonly Sized[] {
  if (!isObject(value) || typeof value.size !== 'number' || !(value.size >= 0)) return [];
  return typeof value.digest === 'string' && isDigest(value.digest) ? [{ digest: value.digest, size: value.size }] : [];
}

/** Config and layers of one image's manifest (image-spec manifest.md); what is malformed weighs nothing. */
export function parseContent({ bytes }: Pick<StoredManifest, 'bytes'>): {
  readonly config: Sized | undefined;
  readonly layers: readonly Sized[];
} {
  const { config, layers } = parseDocument(bytes);
  return { config: parseSized(config)[0], layers: Array.isArray(layers) ? layers.flatMap(parseSized) : [] };
}

/**
 * What made each layer: the history's entries that are no `empty_layer`, in order (image-spec config.md, "history").
 * Values of build arguments, which the classic builder writes before a command, are left out.
 */
export function parseHistory(config: Uint8Array): readonly string[] {
  const { history } = parseDocument(config);
  if (!Array.isArray(history)) return [];
  return history.filter(isObject).flatMap(({ created_by: createdBy, empty_layer: isEmpty }) => {
    if (isEmpty === true) return [];
    const text = typeof createdBy === 'string' ? createdBy : '';
    return [
      text
        .replace(/^(?<run>RUN )?\|\d+ .*?(?=\/bin\/sh -c )/s, '$<run>')
        .replace(/^(?:RUN )?\/bin\/sh -c #\(nop\)\s*/, '')
        .replace(/^(?:RUN )?\/bin\/sh -c /, 'RUN ')
        .replace(/ # buildkit$/, '')
        .trim(),
    ];
  });
}

/** A config is a few kilobytes; a larger one is not worth its transfer. */
const largestConfig = 1024 * 1024;

async function readHistory(
  port: ContentPort,
  repository: Repository,
  config: Sized | undefined,
  known: Uint8Array | undefined,
): Promise<readonly string[]> {
  if (config === undefined || config.size > largestConfig) return [];
  try {
    if (known !== undefined) return parseHistory(known);
    return parseHistory(await readWhole(await port.getBlob(repository, config)));
  } catch {
    // The sizes are known without it.
    return [];
  }
}

/** What is known of one image before it is weighed. */
interface Single {
  /** `os/arch[/variant]`; empty where nobody knows. */
  readonly platform: string;
  /** Its configuration, where it was read already. */
  readonly config?: Uint8Array;
  /** Whether to tell which instruction made each layer. Default: yes. */
  readonly hasHistory?: boolean;
}

async function weighImage(
  port: ContentPort,
  repository: Repository,
  manifest: StoredManifest,
  { platform, config: known, hasHistory = true }: Single,
): Promise<WeighedImage> {
  const { config, layers } = parseContent(manifest);
  const history = hasHistory ? await readHistory(port, repository, config, known) : [];
  // A history that counts otherwise (squashed, or made by another tool) tells nothing of single layers.
  const isWhole = history.length === layers.length;
  return {
    platform,
    digest: manifest.digest,
    size: layers.reduce((sum, { size }) => sum + size, config?.size ?? 0),
    layers: layers.map((layer, index) => ({ ...layer, instruction: isWhole ? (history[index] ?? '') : '' })),
  };
}

/**
 * @param manifest what was published: an image, or an index of images
 * @param single what is known of an image that is alone
 * @throws RegistryError
 */
export async function weigh(
  port: ContentPort,
  repository: Repository,
  manifest: StoredManifest,
  single: Single,
): Promise<readonly WeighedImage[]> {
  if (!isIndexMediaType(manifest.mediaType)) return [await weighImage(port, repository, manifest, single)];
  const images = parseIndex(manifest).flatMap(({ platform, digest }) =>
    platform === undefined || platform.os === 'unknown' ? [] : [{ name: formatPlatform(platform), digest }],
  );
  return sideBySide(images, widthOfRequests, async ({ name, digest }) =>
    weighImage(port, repository, await port.getManifest(repository, digest), {
      platform: name,
      hasHistory: single.hasHistory ?? true,
    }),
  );
}

/**
 * Compares images with those of the version before, platform by platform.
 * @param previous an image, or an index of images, in the same repository
 * @returns the images, with their change
 * @throws RegistryError
 */
export async function compare(
  port: ContentPort,
  repository: Repository,
  images: readonly WeighedImage[],
  { tag, manifest }: PreviousImage,
): Promise<readonly WeighedImage[]> {
  const before = await weigh(port, repository, manifest, {
    platform: images[0]?.platform ?? '',
    hasHistory: false,
  });
  return images.map((image) => {
    const other = before.find(({ platform }) => platform === image.platform);
    if (other === undefined) return image;
    const known = new Set(other.layers.map(({ digest }) => digest));
    const newLayers = image.layers.filter(({ digest }) => !known.has(digest)).length;
    return { ...image, change: { since: tag, bytes: image.size - other.size, newLayers } };
  });
}
