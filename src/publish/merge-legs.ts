/**
 * The use case of `merge/`: legs that are in the registry become one image, which is tagged and verified as any image that is
 * published. Several legs become an index. A lone leg stays what it is.
 */

import { PublishError, RegistryError } from '../errors.ts';
import { platformsOf } from '../image/image-index.ts';
import type { StoredManifest } from '../image/manifest.ts';
import { formatDigestReference, formatTagReference } from '../image/reference.ts';
import { formatRepository, isSameRepository, type Repository } from '../image/repository.ts';
import { checkLegs, isJoinOf, joinLegs, type StoredLeg } from '../legs/leg.ts';
import {
  type Collected,
  checkContent,
  collectLegs,
  findMarkers,
  hasMarkers,
  hasSome,
  type RemoveVersions,
  readLeg,
  removeMarkers,
} from '../legs/leg-store.ts';
import { chooseMarkers, type Marker } from '../legs/marker.ts';
import { nothingDone, type Outcome } from '../plan/outcome.ts';
import type { Planned } from '../plan/plan.ts';
import type { LegSelection, MergePlan } from '../plan/plan-merge.ts';
import { isNamed, isSameTarget, type NamedTarget, reasonForNoTag, type Target } from '../plan/target.ts';
import { remoteContent } from '../source/remote-image.ts';
import { attestImages } from './attest-image.ts';
import { openExistingTags } from './existing-tags.ts';
import { type NamingPorts, prepareTargets } from './prepare.ts';
import { readPrevious } from './previous-image.ts';
import type { PushedImage } from './pushed-image.ts';
import { withConsent } from './recheck-permission.ts';
import { tagAll } from './tag-and-verify.ts';
import { pushImage } from './upload-image.ts';

interface MergePorts extends NamingPorts {
  readonly removeVersions: RemoveVersions;
}

/** A repository that the merge writes to. */
interface MergeTarget {
  readonly target: NamedTarget;
  /** What is under its version tag, left by an interrupted merge of these very legs. */
  readonly begun: StoredManifest | undefined;
}

/** What the legs come to: whole, but perhaps not in the registry yet. */
interface Merged extends MergeTarget {
  readonly joined: StoredLeg;
  /** Whether it is a lone leg, which keeps its digest and its annotations. */
  readonly isLoneLeg: boolean;
  /** Where its legs are: in the target's own repository, or in the one that they are copied from. */
  readonly home: Repository;
  /** Of the target's own repository. */
  readonly markers: readonly Marker[];
}

/** Where the legs of a repository are: there, or in another target of the merge, if only that one has any. */
type HomeOf = (repository: Repository) => Promise<Repository>;

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
  const homeOf = openHomes(plan.legs, targets, registry);
  const found = await findBegun(plan, ports, targets.filter(isNamed), homeOf);
  const begun = found.flatMap((each) => each.begun ?? []);
  const mayMerge = await existing.ask(
    targets,
    begun.map(({ digest }) => digest),
  );
  const wanted = found.filter(({ target }) => mayMerge(target));
  const [compared] = ports.isCompared ? wanted : [];
  const before = compared && readPrevious(compared.target, registry);
  before?.catch(() => undefined);
  // Nothing is written anywhere before the legs are known to be whole everywhere.
  const merged = await runStage('push', 'Join', async () => {
    const joined = await Promise.all(wanted.map((each) => mergeFor(plan, ports, each, begun, homeOf)));
    for (const each of joined) await putJoined(each, ports);
    return joined;
  });
  const mayMove = await existing.ask(
    merged.map(({ target }) => target),
    merged.map(({ joined }) => joined.digest),
  );
  const moving = merged.filter(({ target }) => mayMove(target));
  const images = moving.map(imageOf);
  const attested = await attestImages(plan, images, ports);
  await tagAll(plan, ports, images);
  await removeAllMarkers(targets, merged, plan, ports);
  const [first] = moving;
  if (first === undefined) {
    return { ...nothingDone(plan, reasonForNoTag(main)), ...(await existing.describe(targets)) };
  }
  const { joined, isLoneLeg, target } = first;
  const { annotations } = target.description;
  const previous = await before;
  return {
    ...nothingDone(plan, ''),
    published: true,
    targets: images.map((each) => each.target),
    description: { ...target.description, annotations: isLoneLeg ? [] : annotations },
    digest: joined.digest,
    manifest: joined.manifest,
    platforms: platformsOf(joined.entries),
    ...(plan.attested && { attested }),
    ...(previous && { previous }),
  };
}

function imageOf({
  target,
  joined: { digest, manifest },
  begun,
}: Merged): PushedImage & { readonly manifest: StoredManifest } {
  // A version that is to stay as it is may be one that the registry lets nobody write again.
  const unmoved = begun === undefined ? target.tags : target.tags.slice(1);
  return { target, digest, manifest, unmoved, isSeen: false };
}

/** @param begun what interrupted merges left, in all repositories: the same legs get the same index again */
async function mergeFor(
  plan: MergePlan,
  ports: MergePorts,
  { target, begun: own }: MergeTarget,
  begun: readonly StoredManifest[],
  homeOf: HomeOf,
): Promise<Merged> {
  const { registry, log } = ports;
  const home = await homeOf(target.destination.repository);
  const { legs, markers } = await findLegs(plan.legs, ports, home);
  for (const { digest, entries } of legs) {
    log.info(`Leg ${Object.keys(platformsOf(entries)).join(', ')}: ${formatDigestReference(home, digest)}`);
  }
  checkLegs(home, legs, plan.platforms, plan.legs.kind);
  await checkContent(registry, home, legs);
  const { annotations } = target.description;
  const fresh = joinLegs(legs, plan.platforms, annotations);
  const manifest = begun.find((each) => isJoinOf(each, legs, plan.platforms, annotations)) ?? fresh.manifest;
  const isLoneLeg = legs.length === 1;
  if (isLoneLeg) tellOfLoneLeg(plan, log);
  const joined = { ...fresh, digest: manifest.digest, manifest };
  return { target, begun: own, joined, isLoneLeg, home, markers: isHome(home, target) ? markers : [] };
}

/** A lone leg is what was staged and tested, so nothing of it may change. */
function tellOfLoneLeg({ needsAnnotations }: MergePlan, log: MergePorts['log']): void {
  log.info('There is only one leg, so it is published as it is, with its own digest.');
  if (!needsAnnotations) return;
  log.warning(
    '`annotations` were not written: there is only one leg, and it keeps its digest. Set `annotations` in the step that stages it.',
  );
}

/**
 * Looks for the legs once for each repository. Where no repository has any, it is the first: there the merge says what is missing.
 */
function openHomes(selection: LegSelection, targets: readonly Target[], registry: MergePorts['registry']): HomeOf {
  const repositories = targets.map(({ destination }) => destination.repository);
  if (repositories.length === 1) return async (repository) => repository;
  const known = new Map<string, Promise<boolean>>();
  const hasLegsIn = (repository: Repository): Promise<boolean> => {
    const name = formatRepository(repository);
    const answer = known.get(name) ?? hasLegs(registry, repository, selection);
    known.set(name, answer);
    return answer;
  };
  return async (repository) => {
    if (await hasLegsIn(repository)) return repository;
    for (const other of repositories) if (await hasLegsIn(other)) return other;
    return repositories[0] ?? repository;
  };
}

/** A repository that may not be read is filled like one that has no legs: if it is the only one, collecting them says why. */
async function hasLegs(
  registry: MergePorts['registry'],
  repository: Repository,
  selection: LegSelection,
): Promise<boolean> {
  try {
    return selection.kind === 'staged'
      ? await hasMarkers(registry, repository, selection.staging)
      : await hasSome(registry, repository, selection.digests);
  } catch (error) {
    if (error instanceof RegistryError) return false;
    throw error;
  }
}

function isHome(home: Repository, { destination }: Target): boolean {
  return isSameRepository(home, destination.repository);
}

/** Brings the image into its repository, with what it lists where that is not there yet. */
async function putJoined(
  { target, joined: { digest, manifest }, isLoneLeg, home }: Merged,
  { registry, log }: MergePorts,
): Promise<void> {
  const { repository } = target.destination;
  if (isHome(home, target)) {
    if (!isLoneLeg) await registry.putManifest(repository, manifest, digest);
    return;
  }
  log.info(
    `${formatRepository(repository)} has no legs of its own, so they are copied from ${formatRepository(home)}.`,
  );
  await pushImage(registry, remoteContent(registry, home, manifest), repository, { log: (line) => log.info(line) });
}

/**
 * Looks for merges that were interrupted, where a version is to stay as it is. It is of the legs whose markers are
 * still there, because a merge that succeeds removes them. The merge goes on with it, whatever its annotations.
 */
async function findBegun(
  plan: MergePlan,
  ports: MergePorts,
  targets: readonly NamedTarget[],
  homeOf: HomeOf,
): Promise<readonly MergeTarget[]> {
  const { registry, log } = ports;
  const findIn = async (target: NamedTarget): Promise<StoredManifest | undefined> => {
    const { repository } = target.destination;
    const [tag] = target.tags;
    if ((await registry.headManifest(repository, tag)) === undefined) return undefined;
    const { chosen } = chooseMarkers(await findMarkersIfAny(plan.legs, ports, repository, homeOf));
    if (chosen.length === 0) return undefined;
    const there = await registry.getManifest(repository, tag);
    if (!isJoinOf(there, chosen, plan.platforms, target.description.annotations)) return undefined;
    log.info(
      `${formatTagReference(repository, tag)} is already made of exactly these legs. The merge continues with it.`,
    );
    return there;
  };
  const begun = async (target: NamedTarget): Promise<MergeTarget> => ({
    target,
    begun: plan.ifExists === 'overwrite' || plan.ifExists === 'update' ? undefined : await findIn(target),
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
  homeOf: HomeOf = async (own) => own,
): Promise<readonly Marker[]> {
  if (selection.kind !== 'staged') return [];
  try {
    return await findMarkers(registry, await homeOf(repository), selection.staging);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    log.warning(`Legs that were staged in ${formatRepository(repository)} may still exist: ${error.message}`);
    return [];
  }
}
