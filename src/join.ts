/**
 * The use case of `merge/`: legs that are in the registry become one index, which is tagged and read back as any image
 * that is published.
 */

import type { Digest } from './image/digest.ts';
import { readEntries } from './image/image-index.ts';
import type { StoredManifest } from './image/manifest.ts';
import { formatRepository, type Repository } from './image/repository.ts';
import type { LegSelection, MergePlan } from './merge-plan.ts';
import type { ImageDescription } from './metadata/describe.ts';
import { nothingDone, type Outcome } from './outputs.ts';
import type { Planned } from './plan.ts';
import { prepareNames, type RegistryPort, reasonForNothing, tagAndVerify } from './publish.ts';
import type { Log } from './report/log.ts';
import { checkLegs, joinLegs, type Leg } from './source/leg.ts';
import type { Marker } from './source/marker.ts';
import {
  type Collected,
  checkContent,
  collectLegs,
  type LegRegistry,
  type RemoveVersions,
  readLeg,
  removeMarkers,
} from './source/staged.ts';

export interface JoinPorts {
  readonly registry: RegistryPort;
  readonly removeVersions: RemoveVersions;
  readonly log: Log;
}

/** An index that is whole but not in the registry yet. */
interface Joined {
  readonly index: StoredManifest;
  readonly markers: readonly Marker[];
}

/**
 * @throws PublishError; no tag has moved then unless the registry failed while they moved, and the markers are still there
 */
export async function join({ plan, describe }: Planned<MergePlan>, ports: JoinPorts): Promise<Outcome> {
  if (!plan.push.value) return nothingDone(plan, plan.push.reason);
  const names = await prepareNames(plan, describe, ports);
  const [main] = names;
  if (main === undefined) return nothingDone(plan, '`images` enables no repository');
  const reason = reasonForNothing(main);
  if (reason !== undefined) return nothingDone(plan, reason);
  const { registry, log } = ports;

  // Nothing is written anywhere before the legs are known to be whole everywhere.
  const joined = await Promise.all(
    names.map(async (each) => ({ ...each, ...(await joinIn(plan, ports, each.repository, each.description)) })),
  );
  for (const { repository, index } of joined) await registry.putManifest(repository, index, index.digest);
  for (const { repository, index, tags } of joined) {
    const [mainTag] = tags;
    if (mainTag !== undefined) await registry.putManifest(repository, index, mainTag);
    await tagAndVerify(plan, ports, repository, tags, index.digest);
  }
  for (const { repository, markers } of joined) {
    const left = await removeMarkers(registry, repository, markers, ports.removeVersions);
    if (left !== undefined) log.warning(left);
  }
  const [{ index } = { index: undefined }] = joined;
  return {
    ...nothingDone(plan, ''),
    published: true,
    description: main.description,
    digest: index?.digest,
    platforms: index === undefined ? {} : platformsOf(index),
  };
}

async function joinIn(
  plan: MergePlan,
  { registry, log }: JoinPorts,
  repository: Repository,
  description: ImageDescription,
): Promise<Joined> {
  const { legs, markers } = await findLegs(plan.legs, registry, repository, log);
  for (const leg of legs) log.info(`Leg ${platformsIn(leg).join(', ')}: ${formatRepository(repository)}@${leg.digest}`);
  checkLegs(repository, legs, plan.platforms);
  await checkContent(registry, repository, legs);
  const annotations = description.annotations.filter(({ level }) => level === 'index');
  const fields = { annotations: Object.fromEntries(annotations.map(({ name, value }) => [name, value])) };
  return { index: joinLegs(legs, plan.platforms, fields), markers };
}

async function findLegs(
  selection: LegSelection,
  registry: LegRegistry,
  repository: Repository,
  log: Log,
): Promise<Collected> {
  if (selection.kind === 'staged')
    return collectLegs(registry, repository, selection.staging, (line) => log.info(line));
  const legs = await Promise.all(selection.digests.map((digest) => readLeg(registry, repository, digest)));
  return { legs, markers: [] };
}

function platformsIn(leg: Leg): readonly string[] {
  return leg.entries.flatMap(({ platform }) => platform ?? []);
}

/** `os/arch[/variant]` → digest of its manifest, of an index. */
export function platformsOf(index: StoredManifest): Readonly<Record<string, Digest>> {
  return Object.fromEntries(
    readEntries(index).flatMap(({ platform, digest }) => (platform === undefined ? [] : [[platform, digest]])),
  );
}
