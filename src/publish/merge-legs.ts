/**
 * The use case of `merge/`: legs that are in the registry become one index, which is tagged and verified as any image that
 * is published.
 */

import { PublishError } from '../errors.ts';
import { haveSameEntries, platformsOf, readEntries } from '../image/image-index.ts';
import type { StoredManifest } from '../image/manifest.ts';
import { formatDigestReference, formatTagReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import { checkLegs, joinLegs, type Leg } from '../legs/leg.ts';
import {
  type Collected,
  checkContent,
  collectLegs,
  findMarkers,
  type RemoveVersions,
  readLeg,
  removeMarkers,
} from '../legs/leg-store.ts';
import { chooseMarkers, type Marker } from '../legs/marker.ts';
import { nothingDone, type Outcome } from '../plan/outcome.ts';
import type { Planned } from '../plan/plan.ts';
import type { LegSelection, MergePlan } from '../plan/plan-merge.ts';
import { isNamed, isSameTarget, type NamedTarget, reasonForNoTag, type Target } from '../plan/target.ts';
import { openExistingTags } from './existing-tags.ts';
import { type NamingPorts, prepareTargets } from './prepare.ts';
import type { PushedImage } from './pushed-image.ts';
import { withConsent } from './recheck-permission.ts';
import { tagAll } from './tag-and-verify.ts';

export interface MergePorts extends NamingPorts {
  readonly removeVersions: RemoveVersions;
}

/** A repository that the merge writes to. */
interface MergeTarget {
  readonly target: NamedTarget;
  /** The index that is under its version tag, left by an interrupted merge of these very legs. */
  readonly begun: StoredManifest | undefined;
}

/** An index that is whole, but not in the registry yet. */
interface Merged extends MergeTarget {
  readonly index: StoredManifest;
  readonly markers: readonly Marker[];
}

/**
 * @throws PublishError; the markers are then still there, and no tag has moved unless the registry failed while they did
 */
export async function mergeLegs({ plan: planned, describe }: Planned<MergePlan>, ports: MergePorts): Promise<Outcome> {
  if (!planned.push.value) return nothingDone(planned, planned.push.reason);
  const { registry, runStage } = ports;
  const { push, targets } = await runStage('prepare', 'Prepare', () => prepareTargets(planned, describe, ports));
  const plan = { ...planned, push };
  if (!push.value) return nothingDone(plan, push.reason);
  const repositories = targets.map(({ destination }) => destination.repository);
  return withConsent(repositories, registry, () => mergeInto(targets, plan, ports));
}

async function mergeInto(targets: readonly Target[], plan: MergePlan, ports: MergePorts): Promise<Outcome> {
  const { registry, runStage } = ports;
  const [main] = targets;
  if (main === undefined) return nothingDone(plan, '`images` enables no repository');

  const existing = openExistingTags(plan, ports);
  const found = await findBegun(plan, ports, targets.filter(isNamed));
  const begun = found.flatMap((each) => each.begun ?? []);
  const mayMerge = await existing.ask(
    targets,
    begun.map(({ digest }) => digest),
  );
  const wanted = found.filter(({ target }) => mayMerge(target));
  // Nothing is written anywhere before the legs are known to be whole everywhere.
  const merged = await runStage('push', 'Join', async () => {
    const indexes = await Promise.all(wanted.map((each) => mergeFor(plan, ports, each, begun)));
    for (const { target, index } of indexes) {
      await registry.putManifest(target.destination.repository, index, index.digest);
    }
    return indexes;
  });
  const mayMove = await existing.ask(
    merged.map(({ target }) => target),
    merged.map(({ index }) => index.digest),
  );
  const images = merged.filter(({ target }) => mayMove(target)).map(imageOf);
  await tagAll(plan, ports, images);
  await removeAllMarkers(targets, merged, plan, ports);
  const [first] = images;
  if (first === undefined) {
    return { ...nothingDone(plan, reasonForNoTag(main)), ...(await existing.describe(targets)) };
  }
  const { manifest, target } = first;
  return {
    ...nothingDone(plan, ''),
    published: true,
    targets: images.map((each) => each.target),
    description: target.description,
    digest: manifest.digest,
    manifest,
    platforms: platformsOf(readEntries(manifest)),
  };
}

function imageOf({ target, index, begun }: Merged): PushedImage & { readonly manifest: StoredManifest } {
  // A version that is to stay as it is may be one that the registry lets nobody write again.
  const unmoved = begun === undefined ? target.tags : target.tags.slice(1);
  return { target, digest: index.digest, manifest: index, unmoved, isSeen: false };
}

/** @param begun indexes of interrupted merges, of all repositories: the same legs get the same index again */
async function mergeFor(
  plan: MergePlan,
  ports: MergePorts,
  { target, begun: own }: MergeTarget,
  begun: readonly StoredManifest[],
): Promise<Merged> {
  const { registry, log } = ports;
  const { repository } = target.destination;
  const { legs, markers } = await findLegs(plan.legs, ports, repository);
  for (const { digest, entries } of legs) {
    log.info(`Leg ${Object.keys(platformsOf(entries)).join(', ')}: ${formatDigestReference(repository, digest)}`);
  }
  checkLegs(repository, legs, plan.platforms, plan.legs.kind);
  await checkContent(registry, repository, legs);
  const fresh = joinFrom(legs, plan, target);
  return { target, begun: own, index: begun.find((each) => haveSameEntries(each, fresh)) ?? fresh, markers };
}

function joinFrom(legs: readonly Leg[], { platforms }: MergePlan, { description }: Target): StoredManifest {
  return joinLegs(legs, platforms, description.annotations);
}

/**
 * Looks for merges that were interrupted, where a version is to stay as it is. Its index lists the legs whose markers are
 * still there, because a merge that succeeds removes them. The merge goes on with that index, whatever its annotations.
 */
async function findBegun(
  plan: MergePlan,
  ports: MergePorts,
  targets: readonly NamedTarget[],
): Promise<readonly MergeTarget[]> {
  const { registry, log } = ports;
  const findIn = async (target: NamedTarget): Promise<StoredManifest | undefined> => {
    const { repository } = target.destination;
    const [tag] = target.tags;
    if ((await registry.headManifest(repository, tag)) === undefined) return undefined;
    const { chosen } = chooseMarkers(await findMarkersIfAny(plan.legs, ports, repository));
    if (chosen.length === 0) return undefined;
    const index = await registry.getManifest(repository, tag);
    if (!haveSameEntries(index, joinFrom(chosen, plan, target))) return undefined;
    log.info(`${formatTagReference(repository, tag)} already lists exactly these legs. The merge continues with it.`);
    return index;
  };
  const begun = async (target: NamedTarget): Promise<MergeTarget> => ({
    target,
    begun: plan.ifExists === 'overwrite' ? undefined : await findIn(target),
  });
  return Promise.all(targets.map(begun));
}

/** Removes the markers of all repositories, also of those whose tags were not moved. */
async function removeAllMarkers(
  targets: readonly Target[],
  merged: readonly Merged[],
  plan: MergePlan,
  ports: MergePorts,
): Promise<void> {
  const { registry, log, removeVersions } = ports;
  for (const target of targets) {
    const { repository } = target.destination;
    const known = merged.find((each) => isSameTarget(each.target, target));
    const markers = known?.markers ?? (await findMarkersIfAny(plan.legs, ports, repository));
    const left = await removeMarkers(registry, repository, markers, removeVersions);
    if (left !== undefined) log.warning(left);
  }
}

async function findLegs(
  selection: LegSelection,
  { registry, log }: MergePorts,
  repository: Repository,
): Promise<Collected> {
  if (selection.kind === 'staged') {
    return collectLegs(registry, repository, selection.staging, (line) => log.info(line));
  }
  const legs = await Promise.all(selection.digests.map((digest) => readLeg(registry, repository, digest)));
  return { legs, markers: [] };
}

/** The markers of the legs, where the merge can do without: as where the tags of the repository stay as they are. */
async function findMarkersIfAny(
  selection: LegSelection,
  { registry, log }: MergePorts,
  repository: Repository,
): Promise<readonly Marker[]> {
  if (selection.kind !== 'staged') return [];
  try {
    return await findMarkers(registry, repository, selection.staging);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    log.warning(`Legs that were staged in ${formatRepository(repository)} may still exist: ${error.message}`);
    return [];
  }
}
