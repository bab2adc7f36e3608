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
import { confirmWith, describeExisting } from './existing-tags.ts';
import { type NamingPorts, prepareTargets } from './prepare.ts';
import { withConsent } from './recheck-permission.ts';
import { tagAll } from './tag-and-verify.ts';
import { reasonForNothing, type Target } from './target.ts';

export interface JoinPorts extends NamingPorts {
  readonly removeVersions: RemoveVersions;
}

/** An index that is whole, but not in the registry yet. */
interface Joined {
  readonly target: Target;
  readonly index: StoredManifest;
  readonly markers: readonly Marker[];
}

/** The index under the version tag of a repository, where an interrupted merge of these very legs has left one. */
type Begun = ReadonlyMap<Target, StoredManifest>;

/**
 * @throws PublishError; the markers are then still there, and no tag has moved unless the registry failed while they did
 */
export async function join({ plan: planned, describe }: Planned<MergePlan>, ports: JoinPorts): Promise<Outcome> {
  if (!planned.push.value) return nothingDone(planned, planned.push.reason);
  const { registry, runStage } = ports;
  const { push, targets } = await runStage('prepare', 'Prepare', () => prepareTargets(planned, describe, ports));
  const plan = { ...planned, push: { ...planned.push, ...push } };
  if (!push.value) return nothingDone(plan, push.reason);
  const repositories = targets.map(({ repository }) => repository);
  return withConsent(repositories, registry, () => joinFor(targets, plan, ports));
}

async function joinFor(targets: readonly Target[], plan: MergePlan, ports: JoinPorts): Promise<Outcome> {
  const { registry, log, runStage } = ports;
  const [main] = targets;
  if (main === undefined) return nothingDone(plan, '`images` enables no repository');

  const { confirm, existing } = confirmWith(plan, ports);
  // Where all tags are held there is nothing to move.
  const named = targets.filter(({ tags }) => tags.length > 0);
  const begun = await findBegun(plan, ports, named);
  const wanted = await confirm(
    named,
    [...begun.values()].map(({ digest }) => digest),
  );
  // Nothing is written anywhere before the legs are known to be whole everywhere.
  const joined = await runStage('push', 'Join', async () => {
    const indexes = await Promise.all(wanted.map((target) => joinIn(plan, ports, target, begun)));
    for (const { target, index } of indexes) await registry.putManifest(target.repository, index, index.digest);
    return indexes;
  });
  const confirmed = await confirm(
    wanted,
    joined.map(({ index }) => index.digest),
  );
  const placed = joined.filter(({ target }) => confirmed.includes(target));
  await tagAll(
    plan,
    ports,
    placed.map(({ target, index }) => ({
      target,
      manifest: index,
      // A version that is to stay as it is may be one that the registry lets nobody write again.
      unmoved: begun.has(target) ? target.tags.slice(1) : target.tags,
      isSeen: false,
    })),
  );
  for (const target of targets) {
    const found = joined.find((each) => each.target === target);
    const markers = found?.markers ?? (await findMarkersIfAny(plan.legs, ports, target.repository));
    const left = await removeMarkers(registry, target.repository, markers, ports.removeVersions);
    if (left !== undefined) log.warning(left);
  }
  const [first] = placed;
  if (first === undefined) {
    return {
      ...nothingDone(plan, reasonForNothing(main) ?? ''),
      ...(await describeExisting(existing, targets, ports)),
    };
  }
  const { index } = first;
  return {
    ...nothingDone(plan, ''),
    published: true,
    places: placed.map(({ target }) => target),
    description: first.target.description,
    digest: index.digest,
    manifest: index,
    platforms: platformsOf(readEntries(index)),
  };
}

async function joinIn(plan: MergePlan, ports: JoinPorts, target: Target, begun: Begun): Promise<Joined> {
  const { registry, log } = ports;
  const { repository } = target;
  const { legs, markers } = await findLegs(plan.legs, ports, repository);
  for (const { digest, entries } of legs) {
    log.info(`Leg ${Object.keys(platformsOf(entries)).join(', ')}: ${formatDigestReference(repository, digest)}`);
  }
  checkLegs(repository, legs, plan.platforms, plan.legs.kind);
  await checkContent(registry, repository, legs);
  const fresh = joinFrom(legs, plan, target);
  const index = [...begun.values()].find((each) => haveSameEntries(each, fresh)) ?? fresh;
  return { target, index, markers };
}

function joinFrom(legs: readonly Leg[], { platforms }: MergePlan, { description }: Target): StoredManifest {
  return joinLegs(legs, platforms, description.annotations);
}

/**
 * Where a version is to stay as it is, one that lists the legs whose markers are still there comes from a merge that was
 * interrupted: one that gets through removes them. It is finished with the same index, whatever its annotations.
 */
async function findBegun(plan: MergePlan, ports: JoinPorts, targets: readonly Target[]): Promise<Begun> {
  if (plan.ifExists === 'overwrite') return new Map();
  const { registry, log } = ports;
  const found = targets.map(async (target): Promise<readonly (readonly [Target, StoredManifest])[]> => {
    const { repository, tags } = target;
    const [tag] = tags;
    if (tag === undefined || (await registry.headManifest(repository, tag)) === undefined) return [];
    const { chosen } = chooseMarkers(await findMarkersIfAny(plan.legs, ports, repository));
    if (chosen.length === 0) return [];
    const index = await registry.getManifest(repository, tag);
    if (!haveSameEntries(index, joinFrom(chosen, plan, target))) return [];
    log.info(`${formatTagReference(repository, tag)} lists these very legs already; the merge goes on with it.`);
    return [[target, index]];
  });
  return new Map((await Promise.all(found)).flat());
}

async function findLegs(
  selection: LegSelection,
  { registry, log }: JoinPorts,
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
  { registry, log }: JoinPorts,
  repository: Repository,
): Promise<readonly Marker[]> {
  if (selection.kind !== 'staged') return [];
  try {
    return await findMarkers(registry, repository, selection.staging);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    log.warning(`Legs that were staged in ${formatRepository(repository)} may still be there: ${error.message}`);
    return [];
  }
}
