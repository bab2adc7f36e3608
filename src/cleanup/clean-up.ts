/**
 * The use case of `cleanup/`: reads what a repository has, decides, deletes what nothing that stays needs, and reads again what stays.
 * Others may publish meanwhile: before each batch of deletions the step reads the repository again, and what is needed by then stays.
 */

import { InputError, PublishError, RegistryError, withContext } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { formatDigestReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { CleanupOutcome } from '../plan/cleanup-outcome.ts';
import type { CleanupPlan } from '../plan/plan-cleanup.ts';
import { decideVersions, type Retention, type VersionDecision } from '../plan/retention.ts';
import { nameOfVersion } from '../plan/retention-rules.ts';
import { type MissingPart, missingParts, removalOrder, type Version } from '../plan/version-graph.ts';
import type { RegistryClient } from '../registry/client.ts';
import { verifyBlobs } from '../registry/read-back.ts';
import { unreadable } from './unreadable.ts';
import { createVersionReader, type VersionReader } from './version-reader.ts';
import type { VersionStore } from './version-store.ts';

/** How many versions are deleted before the repository is read again. */
const batchSize = 50;

export interface CleanupPorts {
  readonly registry: Pick<RegistryClient, 'findManifest' | 'getBlob' | 'listReferrers' | 'headBlob' | 'untilSeen'>;
  readonly store: VersionStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Told of what was decided, before anything is deleted. */
  readonly onDecided: (outcome: CleanupOutcome) => void;
}

type Plan = Pick<CleanupPlan, 'rules' | 'dryRun' | 'verify'>;

/** What is remembered from one reading of the repository to the next. */
interface Progress {
  /** Stays, for a reason that came up on the way. */
  readonly held: Map<Digest, string>;
  readonly removed: Set<Digest>;
  readonly remarks: string[];
}

/**
 * @throws InputError CLEANUP_UNREADABLE, LAST_VERSION (before anything is deleted); RegistryError IMAGE_BROKEN; PublishError
 *   DELETE_DENIED, DELETE_UNSUPPORTED, REGISTRY_*
 */
export async function cleanUp(plan: Plan, repository: Repository, ports: CleanupPorts): Promise<CleanupOutcome> {
  const { onDecided, log } = ports;
  const progress: Progress = { held: new Map(), removed: new Set(), remarks: [] };
  let decided: Retention | undefined;
  let total = 0;
  try {
    const reader = openReader(plan, repository, ports);
    decided = await survey(plan, ports, reader, progress.held);
    refuseMissing(repository, decided);
    const going = leavingOf(decided);
    refuseLastVersion(repository, decided);
    onDecided(outcomeOf(plan, decided, progress));
    if (plan.dryRun || going.size === 0) return outcomeOf(plan, decided, progress);

    const order = removalOrder(decided.graph, going);
    total = order.length;
    for (let at = 0; at < order.length; at += batchSize) {
      await removeBatch(plan, repository, ports, reader, decided, order.slice(at, at + batchSize), progress);
      log(`Deleted ${progress.removed.size} of ${total} versions`);
    }
    await verify(plan, repository, ports, progress);
    return outcomeOf(plan, decided, progress);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    const count = progress.removed.size;
    throw withContext(
      error,
      count === 0 ? 'Nothing was deleted.' : `${count} of ${total} versions were deleted before; the next run goes on.`,
    );
  }
}

function openReader(
  { rules }: Plan,
  repository: Repository,
  { registry, store }: CleanupPorts,
  onBlobs?: (manifest: Digest, blobs: readonly Digest[]) => void,
): VersionReader {
  const needsAge = rules.keepYoungerThan > 0 || rules.keepNewest > 0;
  return createVersionReader(registry, repository, {
    readsAge: () => needsAge && !store.listsUntagged,
    ...(onBlobs && { onBlobs }),
  });
}

/** Reads the repository as it is now, and decides about each version. */
async function survey(
  { rules }: Plan,
  { store, now }: CleanupPorts,
  reader: VersionReader,
  held: ReadonlyMap<Digest, string>,
): Promise<Retention> {
  let listed = await store.list();
  let { versions, lost } = await reader.read(listed);
  if (lost.length > 0) {
    // Another job may have deleted it after the list was read.
    listed = await store.list();
    ({ versions, lost } = await reader.read(listed));
    const [first] = lost;
    if (first !== undefined) {
      throw unreadable(`the registry lists ${first}, but has no such manifest`, 'Delete that version by hand.');
    }
  }
  let decided = decideVersions(versions, rules, held, now());
  if (store.listsUntagged) return decided;
  // What refers to a version that goes has no tag. The registry lists it only in answer to a question.
  const asked = new Set<Digest>();
  for (;;) {
    const subjects = [...leavingOf(decided)].filter((digest) => !asked.has(digest));
    if (subjects.length === 0) return decided;
    for (const subject of subjects) asked.add(subject);
    const found = await reader.readReferrers(subjects);
    const { versions: referrers } = await reader.read(found);
    const known = new Set(versions.map(({ digest }) => digest));
    versions = [
      ...versions,
      ...referrers
        .filter(({ digest }) => !known.has(digest))
        .map((version): Version => ({ ...version, isListed: false })),
    ];
    decided = decideVersions(versions, rules, held, now());
  }
}

function leavingOf({ decisions }: Retention): ReadonlySet<Digest> {
  return new Set([...decisions.values()].filter(({ stays }) => !stays).map(({ version }) => version.digest));
}

function staysIn({ decisions }: Retention): (digest: Digest) => boolean {
  return (digest) => decisions.get(digest)?.stays === true;
}

function nameOf({ decisions }: Retention, digest: Digest): string {
  const version = decisions.get(digest)?.version;
  return `\`${nameOfVersion(version ?? { digest, tags: [] })}\``;
}

/** @throws InputError CLEANUP_UNREADABLE if something that stays is not whole already */
function refuseMissing(repository: Repository, retention: Retention): void {
  const [first] = missingParts(retention.graph, staysIn(retention));
  if (first === undefined) return;
  throw unreadable(
    `${formatDigestReference(repository, first.of)} (${nameOf(retention, first.of)}) lists ${first.missing}, which the registry does not have`,
    'Publish that image again, or delete it: name its tag in `delete-tags`.',
  );
}

/** @throws InputError LAST_VERSION */
function refuseLastVersion(repository: Repository, { decisions }: Retention): void {
  const all = [...decisions.values()];
  const isTagged = ({ version }: VersionDecision): boolean => version.tags.length > 0;
  const hasTagged = all.some(isTagged);
  if (all.length === 0 || all.some((each) => each.stays && (isTagged(each) || !hasTagged))) return;
  throw new InputError('LAST_VERSION', {
    message: `The rules would delete every ${hasTagged ? 'version with a tag' : 'version'} of ${formatRepository(repository)}, and with the last one the package.`,
    remedy: 'Keep at least one version, with `keep-tags`, `keep-versions` or `keep-newest`.',
  });
}

async function removeBatch(
  plan: Plan,
  repository: Repository,
  ports: CleanupPorts,
  reader: VersionReader,
  decided: Retention,
  batch: readonly Digest[],
  progress: Progress,
): Promise<void> {
  const { store } = ports;
  const { held, removed, remarks } = progress;
  let { now } = await putBack(ports, () => survey(plan, ports, reader, held), progress);
  refuseMissing(repository, now);
  for (const digest of batch) {
    const current = now.decisions.get(digest);
    if (current?.stays === true) {
      if (!held.has(digest)) {
        remarks.push(`${nameOf(decided, digest)} stays, because ${current.reason}.`);
        held.set(digest, current.reason);
      }
      continue;
    }
    // Another job has deleted it. What has no tag in a registry that lists tags only is unlisted once its index is gone.
    if (current === undefined && store.listsUntagged) continue;
    const tags = current?.version.tags ?? decided.decisions.get(digest)?.version.tags ?? [];
    const reason = await store.remove({ digest, tags });
    if (reason === undefined) {
      removed.add(digest);
      continue;
    }
    remarks.push(`${nameOf(decided, digest)} stays, because ${reason}.`);
    held.set(digest, reason);
    const versions = [...now.graph.versions.values()].filter((version) => !removed.has(version.digest));
    now = decideVersions(versions, plan.rules, held, ports.now());
  }
}

/**
 * Puts back what this run took from an image that somebody published meanwhile.
 * @param readAgain the repository as it is by then
 * @returns the repository as it is in the end, and what is missing all the same
 */
async function putBack(
  { store }: CleanupPorts,
  readAgain: () => Promise<Retention>,
  { held, removed, remarks }: Progress,
): Promise<{ readonly now: Retention; readonly missing: MissingPart | undefined }> {
  for (;;) {
    const now = await readAgain();
    for (const digest of removed) {
      if (!now.graph.versions.has(digest)) continue;
      removed.delete(digest);
      held.set(digest, 'it is there again: an image that was published meanwhile needs it');
      remarks.push(`${nameOf(now, digest)} stays: it was deleted, and an image that was published meanwhile needs it.`);
    }
    const missing = missingParts(now.graph, staysIn(now));
    const [first] = missing;
    if (first === undefined || !missing.every((part) => removed.has(part.missing))) return { now, missing: first };
    for (const digest of new Set(missing.map((part) => part.missing))) {
      if (!(await store.restore(digest))) return { now, missing: first };
    }
  }
}

/**
 * Reads anew all that is there, with each part of what stays.
 * @throws RegistryError IMAGE_BROKEN, BLOB_MISSING
 */
async function verify(plan: Plan, repository: Repository, ports: CleanupPorts, progress: Progress): Promise<void> {
  if (plan.verify === 'off') return;
  const blobs = new Map<Digest, readonly Digest[]>();
  const onBlobs = (manifest: Digest, of: readonly Digest[]): void => void blobs.set(manifest, of);
  const openAnew = () => openReader(plan, repository, ports, plan.verify === 'blobs' ? onBlobs : undefined);
  const { now, missing } = await putBack(ports, () => survey(plan, ports, openAnew(), progress.held), progress);
  if (missing !== undefined) {
    throw new RegistryError('IMAGE_BROKEN', {
      message: `${formatDigestReference(repository, missing.of)} (${nameOf(now, missing.of)}) lists ${missing.missing}, which the registry does not have after the clean-up.`,
      remedy: 'Publish that image again. Give the clean-up and the jobs that publish one `concurrency` group.',
    });
  }
  const stays = staysIn(now);
  for (const [manifest, of] of blobs) {
    if (stays(manifest)) await verifyBlobs(ports.registry, repository, manifest, of);
  }
}

function outcomeOf({ dryRun }: Plan, { decisions }: Retention, { held, remarks }: Progress): CleanupOutcome {
  const all = [...decisions.values()].map((decision): VersionDecision => {
    const reason = held.get(decision.version.digest);
    return reason === undefined || decision.stays ? decision : { ...decision, stays: true, reason };
  });
  return {
    isDryRun: dryRun,
    decisions: [...all.filter(({ stays }) => !stays), ...all.filter(({ stays }) => stays)],
    remarks,
  };
}
