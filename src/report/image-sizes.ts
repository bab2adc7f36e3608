/**
 * What an image weighs in its registry: each platform, each layer, and which instruction made it.
 */

import type { Readable } from 'node:stream';
import { type Digest, isDigest } from '../image/digest.ts';
import { parseDocument } from '../image/image-index.ts';
import { type Descriptor, isIndexMediaType, parseIndex, type StoredManifest } from '../image/manifest.ts';
import { formatPlatform } from '../image/platform.ts';
import type { Repository } from '../image/repository.ts';
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
  /** `os/arch[/variant]` */
  readonly platform: string;
  readonly digest: Digest;
  /** Bytes to pull where nothing is there yet: its layers and its config. */
  readonly size: number;
  readonly layers: readonly WeighedLayer[];
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
}

async function weighImage(
  port: ContentPort,
  repository: Repository,
  manifest: StoredManifest,
  { platform, config: known }: Single,
): Promise<WeighedImage> {
  const { config, layers } = parseContent(manifest);
  const history = await readHistory(port, repository, config, known);
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
    weighImage(port, repository, await port.getManifest(repository, digest), { platform: name }),
  );
}
