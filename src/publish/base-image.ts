/**
 * Whether the image that a build begins with has moved since an existing image was built. The image says so itself
 * (https://github.com/opencontainers/image-spec/blob/main/annotations.md, "org.opencontainers.image.base.digest").
 */

import type { BuildRequest } from '../build/build-request.ts';
import { RegistryError } from '../errors.ts';
import { bounds } from '../image/bounds.ts';
import type { Digest } from '../image/digest.ts';
import { configOf, parseDocument, readEntries } from '../image/image-index.ts';
import { isIndexMediaType, type StoredManifest } from '../image/manifest.ts';
import { formatDigestReference, parseReference } from '../image/reference.ts';
import type { Repository } from '../image/repository.ts';
import { parseTag } from '../image/tag.ts';
import type { RegistryClient } from '../registry/client.ts';
import { readBlobWithin } from '../registry/read-whole.ts';
import { isObject } from '../text/json.ts';

/** An image that a build begins with, as its registry has it now. */
export interface BaseImage {
  /** As the Dockerfile names it. */
  readonly name: string;
  readonly digest: Digest;
}

/** Of a reference without a tag and a digest. */
const latest = parseTag('latest');

const digestName = 'org.opencontainers.image.base.digest';
const baseName = 'org.opencontainers.image.base.name';

/**
 * Asks for the digest that the base image has now.
 * @param log told of why nobody knows
 * @returns `unknown` if it cannot be read: then the build asks for it by its own ways
 */
export async function readBaseImage(
  registry: Pick<RegistryClient, 'headManifest'>,
  name: string,
  log: (line: string) => void,
): Promise<BaseImage | 'unknown'> {
  const { repository, tag, digest } = parseReference(name);
  if (digest !== undefined) return { name, digest };
  try {
    const found = await registry.headManifest(repository, tag ?? latest);
    if (found !== undefined) return { name, digest: found.digest };
    log(`The base image ${name} is not in its registry, so the step builds.`);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    log(`Could not ask whether the base image ${name} has moved, so the step builds: ${error.message}`);
  }
  return 'unknown';
}

/**
 * The digest of the base image that an existing image names, in an annotation or a label.
 * @returns `undefined` if it names none
 * @throws RegistryError; InputError MANIFEST_INVALID for a config that is too large
 */
export async function readBaseDigest(
  registry: Pick<RegistryClient, 'getManifest' | 'getBlob'>,
  repository: Repository,
  digest: Digest,
): Promise<string | undefined> {
  const root = await registry.getManifest(repository, digest);
  const annotated = textAt(parseDocument(root.bytes).annotations);
  if (annotated !== undefined) return annotated;
  const image = await firstImage(registry, repository, root);
  if (image === undefined) return undefined;
  const ofImage = textAt(parseDocument(image.bytes).annotations);
  const config = configOf(image);
  if (ofImage !== undefined || config === undefined) return ofImage;
  const whose = `The config of ${formatDigestReference(repository, image.digest)}`;
  const document = parseDocument(await readBlobWithin(registry, repository, config, whose, bounds.config));
  return textAt(isObject(document.config) ? document.config.Labels : undefined);
}

function textAt(texts: unknown): string | undefined {
  const value = isObject(texts) ? texts[digestName] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** All images of an index begin with the same base. */
async function firstImage(
  registry: Pick<RegistryClient, 'getManifest'>,
  repository: Repository,
  root: StoredManifest,
): Promise<StoredManifest | undefined> {
  if (!isIndexMediaType(root.mediaType)) return root;
  const first = readEntries(root).find(({ platform }) => platform !== undefined);
  return first && registry.getManifest(repository, first.digest);
}

/** A build whose image names the base that it begins with, and that takes the base from its registry and from nowhere else. */
export function withBase(request: BuildRequest, { name, digest }: BaseImage): BuildRequest {
  const labels = [`${baseName}=${name}`, `${digestName}=${digest}`];
  const isGiven = (label: string): boolean =>
    request.labels.some((given) => given.startsWith(label.slice(0, label.indexOf('=') + 1)));
  return { ...request, pull: true, labels: [...request.labels, ...labels.filter((label) => !isGiven(label))] };
}
