/**
 * Staged legs in a registry: left there by the jobs of a matrix, collected and removed by the job that merges them.
 */

import { InputError, RegistryError } from '../errors.ts';
import { bounds } from '../image/bounds.ts';
import type { Digest } from '../image/digest.ts';
import { configOf } from '../image/image-index.ts';
import { isIndexMediaType, type StoredManifest } from '../image/manifest.ts';
import { formatDigestReference, formatTagReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import type { RegistryClient } from '../registry/client.ts';
import { sideBySide, widthOfRequests } from '../registry/concurrency.ts';
import { findPushed } from '../registry/read-back.ts';
import { readBlobWithin } from '../registry/read-whole.ts';
import { removeTagged } from '../registry/remove-tagged.ts';
import { faultOfEntry, type Leg, legOf, type StoredLeg } from './leg.ts';
import type { Staging } from './leg-key.ts';
import {
  chooseMarkers,
  isMarker,
  type Marker,
  markerTag,
  markerTagsOf,
  parseMarker,
  parseMarkerTag,
  writeMarker,
} from './marker.ts';

/** The registry, as staging and merging need it. */
type LegRegistry = Pick<
  RegistryClient,
  'findManifest' | 'headManifest' | 'putManifest' | 'deleteManifest' | 'getBlob' | 'listTags' | 'untilSeen'
>;

async function readConfig(
  registry: LegRegistry,
  repository: Repository,
  manifest: StoredManifest,
): Promise<Uint8Array | undefined> {
  const config = isIndexMediaType(manifest.mediaType) ? undefined : configOf(manifest);
  if (config === undefined) return undefined;
  const whose = `The config of ${formatDigestReference(repository, manifest.digest)}`;
  return readBlobWithin(registry, repository, config, whose, bounds.config);
}

/**
 * @param missing what to say if the repository has no such manifest
 * @throws InputError LEG_MISSING; RegistryError
 */
async function readManifest(
  registry: LegRegistry,
  repository: Repository,
  digest: Digest,
  missing: Pick<InputError, 'message' | 'remedy'>,
): Promise<StoredManifest> {
  const manifest = await findPushed(registry, repository, digest);
  if (manifest === undefined) throw new InputError('LEG_MISSING', missing);
  return manifest;
}

/**
 * @throws InputError LEG_MISSING (no such digest), LEG_INVALID (no image), LEG_FOREIGN (a marker); RegistryError
 */
export async function readLeg(registry: LegRegistry, repository: Repository, digest: Digest): Promise<StoredLeg> {
  const manifest = await readManifest(registry, repository, digest, {
    message: `${formatDigestReference(repository, digest)} is not in the registry: expected the digest of a leg that was pushed to this repository.`,
    remedy:
      'Take the digests from the `digest` outputs of the steps that pushed the legs, in this run. If the registry shows a push late, allow more attempts with `retries`.',
  });
  if (isMarker(manifest)) {
    throw new InputError('LEG_FOREIGN', {
      message: `${formatDigestReference(repository, digest)} is the marker of a staged leg, not a leg.`,
      remedy: 'Take the digests from the `digest` outputs of the steps that staged the legs, or leave `digests` out.',
    });
  }
  return legOf(repository, manifest, await readConfig(registry, repository, manifest));
}

/**
 * Leaves the marker of a leg that is in the repository already.
 * @returns the leg, as the merge is going to find it
 * @throws InputError LEG_INVALID; RegistryError
 */
export async function markLeg(
  registry: LegRegistry,
  repository: Repository,
  staging: Staging,
  digest: Digest,
  log: (line: string) => void,
): Promise<Leg> {
  const leg = await readLeg(registry, repository, digest);
  const tag = markerTag(staging, digest);
  await registry.putManifest(repository, writeMarker(staging, leg), tag);
  log(`Staged ${formatDigestReference(repository, digest)}, marked ${formatTagReference(repository, tag)}`);
  return leg;
}

/** @returns `undefined` for a tag of which only the name is left: Distribution 2.8 may remove a manifest and keep its tag */
async function readMarker(
  registry: LegRegistry,
  repository: Repository,
  tag: Tag,
  staging: Staging,
): Promise<Marker | undefined> {
  const manifest = await findPushed(registry, repository, tag);
  return manifest && parseMarker(tag, manifest, staging);
}

/** Markers of one image of a run; a matrix has at most 256 jobs, and a run some attempts. */
const mostMarkers = 4_096;

/**
 * The markers of one image of a run, of all attempts so far.
 * @throws InputError LEG_INVALID (also: too many), LEG_FOREIGN; RegistryError
 */
export async function findMarkers(
  registry: LegRegistry,
  repository: Repository,
  staging: Staging,
): Promise<readonly Marker[]> {
  const tags = markerTagsOf(await registry.listTags(repository), staging);
  if (tags.length > mostMarkers) {
    throw new InputError('LEG_INVALID', {
      message: `${formatRepository(repository)} has ${tags.length} markers of run ${staging.run}: expected at most ${mostMarkers}.`,
      remedy: 'Something else wrote them. Remove these tags, or merge explicit `digests`.',
    });
  }
  const found = await sideBySide(tags, widthOfRequests, (tag) => readMarker(registry, repository, tag, staging));
  return found.flatMap((marker) => marker ?? []);
}

/** Whether a repository has markers of one image of a run. @throws RegistryError */
export async function hasMarkers(registry: LegRegistry, repository: Repository, staging: Staging): Promise<boolean> {
  return markerTagsOf(await registry.listTags(repository), staging).length > 0;
}

/** Whether a repository has at least one of these manifests. @throws RegistryError */
export async function hasSome(
  registry: LegRegistry,
  repository: Repository,
  digests: readonly Digest[],
): Promise<boolean> {
  const found = await sideBySide(digests, widthOfRequests, (digest) => registry.headManifest(repository, digest));
  return found.some((each) => each !== undefined);
}

/**
 * Reads the leg that a marker names, so that the merge publishes what the registry holds under the leg's digest.
 * @throws InputError LEG_MISSING, LEG_FOREIGN, LEG_INVALID (the marker says something else of the leg); RegistryError
 */
async function readStagedLeg(registry: LegRegistry, repository: Repository, marker: Marker): Promise<StoredLeg> {
  const leg = await readLeg(registry, repository, marker.digest);
  const contentOf = ({ entries }: Leg): string =>
    entries.map(({ digest, platform = 'no platform' }) => `${digest} for ${platform}`).join(', ');
  if (contentOf(leg) === contentOf(marker)) return leg;
  throw new InputError('LEG_INVALID', {
    message: `The marker ${marker.tag} lists ${contentOf(marker)}, but its leg ${marker.digest} has ${contentOf(leg)}.`,
    remedy:
      'Something changed the marker. Remove that tag and run the job of the leg again, or merge explicit `digests`.',
  });
}

export interface Collected {
  readonly legs: readonly StoredLeg[];
  /** All that are to be removed when the legs are merged; also those of earlier attempts. */
  readonly markers: readonly Marker[];
}

/**
 * The legs that the jobs of this run staged.
 * @throws InputError LEG_MISSING (none), LEG_INVALID, LEG_FOREIGN; RegistryError
 */
export async function collectLegs(
  registry: LegRegistry,
  repository: Repository,
  staging: Staging,
  log: (line: string) => void,
): Promise<Collected> {
  const markers = await findMarkers(registry, repository, staging);
  if (markers.length === 0) throw await nothingStaged(registry, repository, staging);
  const { chosen, superseded } = chooseMarkers(markers);
  for (const { marker, reason } of superseded) {
    log(`Left out ${formatDigestReference(repository, marker.digest)}, because ${reason}`);
  }
  const legs = await sideBySide(chosen, widthOfRequests, (marker) => readStagedLeg(registry, repository, marker));
  return { legs, markers };
}

async function nothingStaged(
  registry: LegRegistry,
  repository: Repository,
  { run, name }: Pick<Staging, 'run' | 'name'>,
): Promise<InputError> {
  const called = (each: string): string => (each === '' ? 'without a name' : `as "${each}"`);
  const stagings = (await registry.listTags(repository)).flatMap((tag) => parseMarkerTag(tag) ?? []);
  const names = new Set(
    stagings.filter((other) => other.run === run && other.name !== name).map((other) => other.name),
  );
  const others = [...names].map(called).sort().join(', ');
  const missing = `${formatRepository(repository)} has no leg that run ${run} staged${name === '' ? '' : ` ${called(name)}`}`;
  return others === ''
    ? new InputError('LEG_MISSING', {
        message: `${missing}.`,
        remedy:
          'Stage the legs in earlier jobs of this run (`stage: true`), with the same `registry`, `owner`, `image` and name, and list these jobs in `needs` of the merging job. If this run was already merged, its legs are no longer marked. Re-run all jobs.',
      })
    : new InputError('LEG_MISSING', {
        message: `${missing}, but some that it staged ${others}.`,
        remedy: 'Give `stage` the same value in the steps that stage the legs and in the one that merges them.',
      });
}

/**
 * Makes sure that all that an index is going to list is in the repository, and is what the index says of it. A leg that is a
 * single image is read already, and its entry is made from what was read.
 * @throws InputError LEG_MISSING, LEG_INVALID (an entry says something else than its manifest and config); RegistryError
 */
export async function checkContent(registry: LegRegistry, repository: Repository, legs: readonly Leg[]): Promise<void> {
  const entries = legs.flatMap(({ digest: leg, entries }) =>
    entries.filter(({ digest }) => digest !== leg).map((entry) => ({ leg, entry })),
  );
  await sideBySide(entries, widthOfRequests, async ({ leg, entry }) => {
    const manifest = await readManifest(registry, repository, entry.digest, {
      message: `${formatDigestReference(repository, entry.digest)}, ${entry.platform ?? 'an attestation'} of the leg ${leg}, is no longer in the registry.`,
      remedy: 'Something removed it after the push, such as a clean-up of untagged versions. Run its job again.',
    });
    const fault = faultOfEntry(
      entry,
      manifest,
      entry.platform === undefined ? undefined : await readConfig(registry, repository, manifest),
    );
    if (fault === undefined) return;
    throw new InputError('LEG_INVALID', {
      message: `The leg ${formatDigestReference(repository, leg)} lists ${entry.digest} ${fault}.`,
      remedy: 'Something changed the leg, or its builder wrote a wrong index. Run its job again.',
    });
  });
}

/**
 * Removes manifests by GitHub's packages API.
 * @returns `false` where no such API has the repository
 * @throws RegistryError
 */
export type RemoveVersions = (repository: Repository, digests: readonly Digest[]) => Promise<boolean>;

/**
 * Removes markers, as far as the registry lets it: the image is published all the same.
 * @returns what is left, and why, as a sentence; `undefined` where nothing is
 */
export async function removeMarkers(
  registry: LegRegistry,
  repository: Repository,
  markers: readonly Marker[],
  removeVersions: RemoveVersions,
): Promise<string | undefined> {
  const refusals = await Promise.all(
    markers.map(async (each) => {
      try {
        await removeTagged(registry, repository, each.marker, [each.tag]);
        return [];
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        return [{ marker: each.marker, error }];
      }
    }),
  );
  const left = refusals.flat();
  const [first] = left;
  if (first === undefined) return undefined;
  let reason = first.error.message;
  try {
    // GitHub's Container registry does not delete by itself.
    const digests = left.map(({ marker }) => marker);
    if (await removeVersions(repository, digests)) return undefined;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    reason = error.message;
  }
  const tags = markers.map(({ tag }) => tag).join(', ');
  return `The markers of the legs are still in ${formatRepository(repository)}: ${reason} They do no harm; the tags ${tags} can be removed by hand.`;
}
