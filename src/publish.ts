/**
 * The use case: log in, build, push, read back, tag. What is to happen is in the plan; how is in the ports.
 */

import type { BuilderDecision, BuilderFacts, Built } from './engine/docker.ts';
import { PermissionError, RegistryError } from './errors.ts';
import type { Digest } from './image/digest.ts';
import { isIndexMediaType, parseIndex, type StoredManifest } from './image/manifest.ts';
import { formatPlatform, type Platform } from './image/platform.ts';
import { formatDigestReference, formatTagReference } from './image/reference.ts';
import { formatRepository, type Repository } from './image/repository.ts';
import type { Tag } from './image/tag.ts';
import type { DescribedTag, ImageDescription } from './metadata/describe.ts';
import { nothingDone, type Outcome } from './outputs.ts';
import type { Plan, Planned, PublicationPlan } from './plan.ts';
import type { PushPermission } from './registry/permission.ts';
import type { Log } from './report/log.ts';
import { isMarkerTag } from './source/marker.ts';
import { type LegRegistry, stageLeg } from './source/staged.ts';
import type { Staging } from './source/staging.ts';

/** The engine, as a publish needs it. */
export interface EnginePort {
  readFacts(): Promise<BuilderFacts>;
  resolveBuilder(facts: BuilderFacts): BuilderDecision;
  /** Logs in wherever the step has a credential for. */
  logIn(): Promise<void>;
  /** Builds, and pushes under the references when `push` is true. */
  build(decision: BuilderDecision, references: readonly string[], push: boolean): Promise<Built>;
  /** Builds, and brings the image to the repositories under no name but its digest. */
  buildByDigest(decision: BuilderDecision, facts: BuilderFacts): Promise<Built>;
}

/** The registries, as a publish needs them. */
export interface RegistryPort extends LegRegistry {
  mayPush(repository: Repository): Promise<PushPermission>;
}

export interface PublishPorts {
  readonly engine: EnginePort;
  readonly registry: RegistryPort;
  readonly log: Log;
}

/**
 * @throws PublishError; no tag then points at an image that is not whole
 */
export async function publish({ plan, describe }: Planned, ports: PublishPorts): Promise<Outcome> {
  const { engine, log } = ports;
  const push = plan.push.value;
  const [facts, names] = await Promise.all([engine.readFacts(), prepare(plan, describe, ports)]);
  const [main] = names;
  if (main === undefined) return nothingDone(plan, '`images` enables no repository');
  const { staging } = plan;
  const reason = staging === undefined ? reasonForNothing(main) : undefined;
  if (reason !== undefined) return nothingDone(plan, reason);

  const builder = engine.resolveBuilder(facts);
  log.info(`Builder: ${builder.kind}, because ${builder.reason}`);
  if (staging !== undefined && push) {
    const leg = await log.group('Build and push by digest', () => engine.buildByDigest(builder, facts));
    return await stage(plan, staging, leg, ports);
  }
  const references = names.flatMap(({ repository, tags }) =>
    tags.slice(0, 1).map((tag) => formatTagReference(repository, tag)),
  );
  const built = await log.group(push ? 'Build and push' : 'Build', () => engine.build(builder, references, push));
  const { imageId, metadata, digest } = built;
  const done = { ...nothingDone(plan, plan.push.reason), description: main.description, imageId, metadata };
  if (digest === undefined) return done;

  const manifests = [];
  for (const { repository, tags } of names) manifests.push(await tagAndVerify(plan, ports, repository, tags, digest));
  const platforms = platformsOf(manifests[0], plan.build.platforms[0] ?? facts.engine.platform);
  return { ...done, published: true, reason: '', digest, platforms };
}

/** Marks what was built, in each repository, for the merge to find. The tags are those of the merge. */
async function stage(
  plan: Plan,
  staging: Staging,
  { imageId, metadata, digest }: Built,
  { registry, log }: PublishPorts,
): Promise<Outcome> {
  const description = { ...plan.description, tags: [] };
  const done = { ...nothingDone(plan, 'it is staged, for `merge` to publish'), description, imageId, metadata };
  if (digest === undefined) return done;
  const legs = [];
  for (const { repository } of plan.destinations) {
    legs.push(await stageLeg(registry, repository, staging, digest, (line) => log.info(line)));
  }
  const images = (legs[0]?.entries ?? []).flatMap((entry) =>
    entry.platform === undefined ? [] : [[entry.platform, entry.digest] as const],
  );
  return { ...done, digest, platforms: Object.fromEntries(images) };
}

/** A repository with the names that the image gets there. */
export interface Names {
  readonly repository: Repository;
  readonly description: ImageDescription;
  /** In the order in which they move: the main one with the image, `latest` last. */
  readonly tags: readonly Tag[];
}

/** Why a repository gets no tag; `undefined` where it gets one. */
export function reasonForNothing({ tags, description }: Names): string | undefined {
  if (tags.length > 0) return undefined;
  return description.held.length > 0 ? 'each of its tags would move backwards' : 'no tag came out of `tags`';
}

function movingOrder({ tags: [main, ...others] }: ImageDescription): readonly Tag[] {
  const isLatest = ({ kind }: DescribedTag): boolean => kind === 'latest';
  const ordered = [...others.filter((each) => !isLatest(each)), ...others.filter(isLatest)];
  return [...(main === undefined ? [] : [main]), ...ordered].map(({ tag }) => tag);
}

/** Logs in everywhere, beside the questions to the registries. */
async function prepare(plan: Plan, describe: Planned['describe'], ports: PublishPorts): Promise<readonly Names[]> {
  const [names] = await Promise.all([prepareNames(plan, describe, ports), ports.engine.logIn()]);
  return names;
}

/** What a publish asks of its registries, whatever the content comes from. */
type NamingPorts = Pick<PublishPorts, 'registry' | 'log'>;

/**
 * Asks each registry whether this run may push there, so that a refusal comes before the build, and which tags it has, so
 * that none moves backwards.
 */
export async function prepareNames(
  plan: PublicationPlan & Pick<Plan, 'staging'>,
  describe: Planned['describe'],
  ports: NamingPorts,
): Promise<readonly Names[]> {
  const asked = plan.destinations.map(async ({ repository }) => {
    if (!plan.push.value) return plan.description;
    await askPermission(ports, repository);
    return plan.staging === undefined ? await describeFor(plan, describe, ports, repository) : plan.description;
  });
  const descriptions = await Promise.all(asked);
  return plan.destinations.map(({ repository }, index) => {
    const description = descriptions[index] ?? plan.description;
    return { repository, description, tags: movingOrder(description) };
  });
}

async function askPermission({ registry, log }: NamingPorts, repository: Repository): Promise<void> {
  const permission = await registry.mayPush(repository);
  const name = formatRepository(repository);
  if (permission.answer === 'unknown') {
    log.notice(`Whether this run may push to ${name} could not be told before the build: ${permission.reason}`);
  } else if (permission.answer === 'refused') {
    throw new PermissionError('PUSH_DENIED', {
      message: `This run may not push to ${name}: ${permission.message}`,
      remedy: permission.error.remedy,
      cause: permission.error,
    });
  }
}

/** The names once more, with the tags that the registry has, where that can matter. */
async function describeFor(
  plan: PublicationPlan,
  describe: Planned['describe'],
  { registry, log }: NamingPorts,
  repository: Repository,
): Promise<ImageDescription> {
  if (plan.description.tags.every(({ kind }) => kind === 'fixed')) return plan.description;
  try {
    const tags = await registry.listTags(repository);
    const description = describe(tags.filter((tag) => !isMarkerTag(tag)));
    for (const { tag, reason } of description.held) {
      log.notice(`${formatTagReference(repository, tag)} stays where it is, because ${reason}.`);
    }
    return description;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    log.notice(
      `The tags of ${formatRepository(repository)} could not be listed, so all of \`tags\` move: ${error.message}`,
    );
    return plan.description;
  }
}

/** Moves the further tags to what was pushed under the first, then asks for each. */
export async function tagAndVerify(
  plan: Pick<PublicationPlan, 'verify'>,
  { registry, log }: NamingPorts,
  repository: Repository,
  [mainTag, ...further]: readonly Tag[],
  digest: Digest,
): Promise<StoredManifest | undefined> {
  if (mainTag === undefined) return undefined;
  const manifest = await registry.getManifest(repository, mainTag);
  if (manifest.digest !== digest) throw mismatch(repository, mainTag, digest, manifest.digest);
  for (const tag of further) {
    await registry.putManifest(repository, manifest, tag);
    log.info(`Tagged ${formatTagReference(repository, tag)}`);
  }
  if (plan.verify !== 'off') {
    await Promise.all(
      further.map(async (tag) => {
        const found = await registry.headManifest(repository, tag);
        if (found?.digest !== digest) throw mismatch(repository, tag, digest, found?.digest);
      }),
    );
    log.info(`Verified ${further.length + 1} tags of ${formatDigestReference(repository, digest)}`);
  }
  return manifest;
}

function mismatch(repository: Repository, tag: Tag, pushed: Digest, found: Digest | undefined): RegistryError {
  return new RegistryError('DIGEST_MISMATCH', {
    message: `${formatTagReference(repository, tag)} is ${found ?? 'not there'} after the push of ${pushed}.`,
    remedy:
      'Something else moved the tag at the same time, or the registry lost the push. Give runs that publish the same tag one `concurrency` group, then run this job again.',
  });
}

function platformsOf(manifest: StoredManifest | undefined, single: Platform): Readonly<Record<string, Digest>> {
  if (manifest === undefined) return {};
  if (!isIndexMediaType(manifest.mediaType)) return { [formatPlatform(single)]: manifest.digest };
  const images = parseIndex(manifest).filter(({ platform }) => platform !== undefined && platform.os !== 'unknown');
  return Object.fromEntries(
    images.flatMap(({ platform, digest }) => (platform === undefined ? [] : [[formatPlatform(platform), digest]])),
  );
}
