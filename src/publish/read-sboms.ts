/**
 * The SBOMs that a builder left beside the images of an index
 * (https://docs.docker.com/build/metadata/attestations/attestation-storage/).
 */

import type { Digest } from '../image/digest.ts';
import {
  type Blob,
  type Descriptor,
  isIndexMediaType,
  parseImageManifest,
  parseIndex,
  type StoredManifest,
} from '../image/manifest.ts';
import { formatDigestReference } from '../image/reference.ts';
import type { Repository } from '../image/repository.ts';
import type { RegistryClient } from '../registry/client.ts';
import { readBlobWithin } from '../registry/read-whole.ts';
import { isObject, parseJsonObject } from '../text/json.ts';

/** What is in one image. */
export interface Sbom {
  /** The image: one of the index. */
  readonly image: Descriptor;
  /** Such as `https://spdx.dev/Document`. */
  readonly type: string;
  readonly content: object;
}

/** Predicate types of SBOMs (https://github.com/in-toto/attestation, "predicates"). */
const sbomTypes = /^https:\/\/(?:spdx\.dev|cyclonedx\.org)\//;

/** GitHub takes no predicate that is larger. */
const largestSbom = 16 * 1024 * 1024;

interface Attestations {
  readonly image: Descriptor;
  readonly manifest: Digest;
}

/** Each image of an index with the manifest of what its builder attested. */
function attestationsIn(index: StoredManifest): readonly Attestations[] {
  const entries = parseIndex(index);
  return entries.flatMap(({ digest, annotations = {} }) => {
    if (annotations['vnd.docker.reference.type'] !== 'attestation-manifest') return [];
    const image = entries.find((entry) => entry.digest === annotations['vnd.docker.reference.digest']);
    return image === undefined ? [] : [{ image, manifest: digest }];
  });
}

/**
 * @param root what was pushed: only an index has SBOMs
 * @throws InputError MANIFEST_INVALID; RegistryError
 */
export async function readSboms(
  client: Pick<RegistryClient, 'getManifest' | 'getBlob'>,
  repository: Repository,
  root: StoredManifest,
): Promise<readonly Sbom[]> {
  if (!isIndexMediaType(root.mediaType)) return [];
  const found: Sbom[] = [];
  for (const { image, manifest } of attestationsIn(root)) {
    const { layers } = parseImageManifest(await client.getManifest(repository, manifest));
    for (const layer of layers) {
      const type = layer.annotations?.['in-toto.io/predicate-type'] ?? '';
      if (!sbomTypes.test(type)) continue;
      found.push({ image, type, content: await readPredicate(client, repository, layer) });
    }
  }
  return found;
}

async function readPredicate(
  client: Pick<RegistryClient, 'getBlob'>,
  repository: Repository,
  layer: Blob,
): Promise<object> {
  const whose = `The SBOM ${formatDigestReference(repository, layer.digest)}`;
  const text = (await readBlobWithin(client, repository, layer, whose, largestSbom)).toString('utf8');
  const statement = parseJsonObject(text);
  return isObject(statement?.predicate) ? statement.predicate : {};
}
