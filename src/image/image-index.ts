/**
 * Indexes as they are joined: the entries stay as their builder wrote them, with every field, because attestations hang on
 * annotations of theirs (https://docs.docker.com/build/metadata/attestations/attestation-storage/).
 */

import { isObject, isTextList, parseJsonObject } from '../text/json.ts';
import type { Annotation } from './annotation.ts';
import { isSize, refuseEntries } from './bounds.ts';
import { type Digest, digestOf, isDigest } from './digest.ts';
import { type Descriptor, mediaTypes, type StoredManifest } from './manifest.ts';
import { formatPlatform, parsePlatform } from './platform.ts';

/** The fields of a descriptor, as they came. */
export type RawDescriptor = Readonly<Record<string, unknown>>;

/** A descriptor in an index (image-spec, image-index.md, "manifests"). */
export interface IndexEntry {
  readonly digest: Digest;
  /** What a client chooses it by; `undefined` for what is no image: an attestation, an artifact. */
  readonly platform: string | undefined;
  readonly descriptor: RawDescriptor & { readonly mediaType: string; readonly size: number };
}

/** The JSON of a manifest, index or config; `{}` for any other content. */
export function parseDocument(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return parseJsonObject(Buffer.from(bytes).toString('utf8')) ?? {};
}

/**
 * What a client chooses an image by: `os/arch[/variant]`, with the version of a system whose images run on their own
 * version only (image-spec, image-index.md, "platform"; Windows).
 * @param value with the fields of `platform`, which a config has too
 * @returns `undefined` where it names none; attestations are of `unknown/unknown`
 */
export function platformName(value: unknown): string | undefined {
  if (!isObject(value) || typeof value.os !== 'string' || typeof value.architecture !== 'string') return undefined;
  const { os, architecture, variant } = value;
  if (os === '' || architecture === '' || os === 'unknown' || architecture === 'unknown') return undefined;
  const version = value['os.version'];
  const name = [os, architecture, ...(typeof variant === 'string' && variant !== '' ? [variant] : [])].join('/');
  return `${normalisePlatform(name)}${typeof version === 'string' && version !== '' ? ` ${version}` : ''}`;
}

/** One name for one platform, where it is one that is known. */
function normalisePlatform(name: string): string {
  try {
    return formatPlatform(parsePlatform(name));
  } catch {
    return name;
  }
}

/** The `platform` of a descriptor, from the config of its image (image-spec, config.md). */
export function platformOfConfig(config: Readonly<Record<string, unknown>>): RawDescriptor | undefined {
  if (platformName(config) === undefined) return undefined;
  const names = ['architecture', 'os', 'os.version', 'variant'];
  const texts = names.flatMap((name) => {
    const value = config[name];
    return typeof value === 'string' && value !== '' ? [[name, value]] : [];
  });
  const features = config['os.features'];
  const isListed = isTextList(features) && features.length > 0;
  return { ...Object.fromEntries(texts), ...(isListed ? { 'os.features': features } : {}) };
}

/** The entry of a single image. */
export function entryOfImage({ mediaType, digest, bytes }: StoredManifest, platform: RawDescriptor): IndexEntry {
  const descriptor = { mediaType, digest, size: bytes.length, platform };
  return { digest, platform: platformName(platform), descriptor };
}

/**
 * The entries of an index; what is no descriptor is left out.
 * @throws InputError MANIFEST_INVALID for more entries than any image has
 */
export function readEntries(index: Pick<StoredManifest, 'bytes'>): readonly IndexEntry[] {
  const { manifests } = parseDocument(index.bytes);
  const listed: readonly unknown[] = Array.isArray(manifests) ? manifests : [];
  refuseEntries(index.bytes, listed.length);
  return listed.flatMap((descriptor): readonly IndexEntry[] => {
    if (!isObject(descriptor)) return [];
    const { digest, mediaType, size, platform } = descriptor;
    if (typeof digest !== 'string' || !isDigest(digest) || typeof mediaType !== 'string' || !isSize(size)) return [];
    return [{ digest, platform: platformName(platform), descriptor: { ...descriptor, mediaType, size } }];
  });
}

/** Whether two indexes list the same, whatever they say of themselves. */
export function haveSameEntries(one: Pick<StoredManifest, 'bytes'>, other: Pick<StoredManifest, 'bytes'>): boolean {
  const list = ({ bytes }: Pick<StoredManifest, 'bytes'>): string =>
    JSON.stringify(parseDocument(bytes).manifests ?? []);
  return list(one) === list(other);
}

/** `os/arch[/variant]` → digest, of the images among some entries. */
export function platformsOf(entries: readonly IndexEntry[]): Readonly<Record<string, Digest>> {
  return Object.fromEntries(
    entries.flatMap(({ platform, digest }) => (platform === undefined ? [] : [[platform, digest]])),
  );
}

const descriptorLevel = /^manifest-descriptor(?:\[(?<platform>[^\]]*)\])?$/;

/** Whether annotations of a level belong to the index itself. */
export function isLevelOfIndex(level: string): boolean {
  return level === 'index' || descriptorLevel.test(level);
}

function isForEntry(level: string, { platform }: IndexEntry): boolean {
  const match = descriptorLevel.exec(level);
  if (match === null || platform === undefined) return false;
  const only = match.groups?.platform;
  return only === undefined || isOfPlatform(platform, normalisePlatform(only));
}

/** Whether the name of an entry's platform, perhaps with a version of the system, is of a platform. */
export function isOfPlatform(name: string, platform: string): boolean {
  return name === platform || name.startsWith(`${platform} `);
}

function recordOf(annotations: readonly Annotation[]): Readonly<Record<string, string>> {
  return Object.fromEntries(annotations.map(({ name, value }) => [name, value]));
}

/** Those of the index itself. */
export function annotationsOfIndex(annotations: readonly Annotation[]): Readonly<Record<string, string>> {
  return recordOf(annotations.filter(({ level }) => level === 'index'));
}

/** The entry of an image with those that are for it; what it has stays, but for what has the same name. */
export function annotateEntry(entry: IndexEntry, annotations: readonly Annotation[]): IndexEntry {
  const added = recordOf(annotations.filter(({ level }) => isForEntry(level, entry)));
  if (Object.keys(added).length === 0) return entry;
  const { annotations: before, ...descriptor } = entry.descriptor;
  return {
    ...entry,
    descriptor: { ...descriptor, annotations: { ...(isObject(before) ? before : {}), ...added } },
  };
}

/** What an index says of itself beside its entries. */
interface IndexFields {
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Writes an OCI index (image-spec, image-index.md); Docker's own form has no annotations. */
export function writeIndex(entries: readonly IndexEntry[], { artifactType, annotations }: IndexFields): StoredManifest {
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    ...(artifactType === undefined ? {} : { artifactType }),
    manifests: entries.map(({ descriptor }) => descriptor),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  const bytes = Buffer.from(JSON.stringify(index));
  return { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), bytes };
}

/** The config that an image manifest names (image-spec, manifest.md; Docker's schema 2 has the same field). */
export function configOf(manifest: Pick<StoredManifest, 'bytes'>): Pick<Descriptor, 'digest' | 'size'> | undefined {
  const { digest, size } = Object(parseDocument(manifest.bytes).config);
  return typeof digest === 'string' && isDigest(digest) && isSize(size) ? { digest, size } : undefined;
}
