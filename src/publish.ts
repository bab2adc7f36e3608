/**
 * The use case: log in, produce, push, verify, tag. What is to happen is in the plan; how is in the ports.
 */

import { setImmediate } from 'node:timers/promises';
import type { RunnerFacts } from './engine/resolve.ts';
import { PermissionError, RegistryError } from './errors.ts';
import { type ExistingTag, findExisting } from './if-exists.ts';
import type { Digest } from './image/digest.ts';
import { isIndexMediaType } from './image/manifest.ts';
import { formatPlatform } from './image/platform.ts';
import { formatDigestReference, formatTagReference } from './image/reference.ts';
import { formatRepository, type Repository } from './image/repository.ts';
import type { Tag } from './image/tag.ts';
import { withConsent } from './lost-login.ts';
import type { DescribedTag, ImageDescription } from './metadata/describe-image.ts';
import { nothingDone, type Outcome } from './outputs.ts';
import {
  addMoved,
  type Confirm,
  movedOf,
  type Placed,
  type Produced,
  placeBuilt,
  placeSource,
  type Target,
} from './place.ts';
import type { Decision, Plan, Planned, PublicationPlan } from './plan.ts';
import type { PublishPorts } from './ports.ts';
import { mismatch, moveTags, verifyBlobs, verifyTags, widthOfTagging } from './registry/tags.ts';
import { type ImageSummary, readContent, summarise } from './source/content.ts';
import { isMarkerTag } from './source/marker.ts';
import { remoteContent } from './source/remote.ts';
import { stage } from './stage.ts';

/**
 * @throws PublishError; no tag then points at an image that is not whole
 */
export async function publish({ plan: planned, describe }: Planned, ports: PublishPorts): Promise<Outcome> {
  const [facts, { push, targets }] = await ports.runStage('prepare', 'Prepare', () =>
    Promise.all([
      planned.source === undefined ? ports.engine.readFacts() : undefined,
      prepare(planned, describe, ports),
    ]),
  );
  const plan = { ...planned, push: { ...planned.push, ...push } };
  const repositories = plan.push.value ? targets.map(({ repository }) => repository) : [];
  return withConsent(repositories, ports.registry, () => publishTo(targets, plan, facts, ports));
}

async function publishTo(
  targets: readonly Target[],
  plan: Plan,
  facts: RunnerFacts | undefined,
  ports: PublishPorts,
): Promise<Outcome> {
  const [main] = targets;
  if (main === undefined) return nothingDone(plan, '`images` enables no repository');
  const { staging } = plan;
  const isNamed = staging !== undefined || targets.some(({ tags }) => tags.length > 0);
  const reason = isNamed ? undefined : reasonForNothing(main);
  if (reason !== undefined) return nothingDone(plan, reason);

  const done = { ...nothingDone(plan, plan.push.reason), description: main.description };
  const { confirm, existing } = confirmWith(plan, ports);
  // Where all tags are held there is nothing to move; a leg has no tags yet.
  const tagged = staging === undefined ? targets.filter(({ tags }) => tags.length > 0) : targets;
  const wanted = plan.push.value ? await confirm(tagged) : tagged;
  if (staging !== undefined && plan.push.value && wanted.length > 0) {
    return await stage({ ...plan, staging }, facts, wanted, ports);
  }
  const { placed, imageId, metadata } = await produce(plan, facts, wanted, confirm, ports);
  const [first] = placed;
  if (first === undefined) {
    return { ...done, imageId, metadata, ...(await describeExisting(existing, targets, ports)) };
  }

  // Read beside the tags, which have the connection first.
  const summarised = setImmediate().then(() => summariseImage(plan, facts, first, ports));
  summarised.catch(() => undefined);
  await tagAll(plan, ports, placed);
  const summary = await summarised;
  const { manifest } = first;
  const { digest } = manifest;
  const places = placed.map(({ target }) => target);
  const { description } = first.target;
  const published = { published: true, reason: '', places, description, digest, manifest, metadata };
  return { ...done, ...summary, ...published, imageId: imageId || summary.imageId };
}

/** Why a repository gets no tag; `undefined` where it gets one. */
export function reasonForNothing({ tags, description }: Target): string | undefined {
  if (tags.length > 0) return undefined;
  return description.held.length > 0 ? 'each of its tags would move backwards' : 'no tag came out of `tags`';
}

/** What a publish asks of its registries, whatever its content comes from. */
export type NamingPorts = Pick<PublishPorts, 'registry' | 'log' | 'runStage'>;

/** Judges by `if-exists`, and keeps what was left as it is. */
export function confirmWith(
  plan: PublicationPlan,
  ports: NamingPorts,
): { readonly confirm: Confirm; readonly existing: readonly ExistingTag[] } {
  const existing: ExistingTag[] = [];
  return {
    existing,
    async confirm(candidates, own) {
      const found = await leaveExisting(plan, candidates, own, ports);
      existing.push(...found);
      return candidates.filter(({ repository }) => found.every((each) => each.repository !== repository));
    },
  };
}

async function produce(
  plan: Plan,
  facts: RunnerFacts | undefined,
  targets: readonly Target[],
  confirm: Confirm,
  ports: PublishPorts,
): Promise<Produced> {
  if (targets.length === 0) return { placed: [], imageId: '', metadata: '' };
  if (facts !== undefined) return placeBuilt(plan, facts, targets, confirm, ports);
  if (plan.source === undefined || !plan.push.value) return { placed: [], imageId: '', metadata: '' };
  return placeSource(plan.source, targets, confirm, ports);
}

/** The version tags that are there already and stay as they are, by `if-exists`. */
async function leaveExisting(
  plan: PublicationPlan,
  targets: readonly Target[],
  own: readonly Digest[] | undefined,
  { registry, log }: NamingPorts,
): Promise<readonly ExistingTag[]> {
  const versions = targets.flatMap(({ repository, tags: [tag] }) => (tag === undefined ? [] : [{ repository, tag }]));
  const existing = await findExisting(plan.ifExists, versions, registry, own);
  for (const { repository, tag, digest } of existing) {
    log.info(`${formatTagReference(repository, tag)} is there already (${digest}) and stays.`);
  }
  return existing;
}

/**
 * What the outputs say where nothing was published because the version is there already.
 * @param existing in any order; empty where it is nowhere
 */
export async function describeExisting(
  existing: readonly ExistingTag[],
  targets: readonly Target[],
  { registry }: NamingPorts,
): Promise<Partial<Outcome>> {
  const places = targets.flatMap(({ repository, description }) =>
    existing
      .filter((each) => each.repository === repository)
      .map(({ tag, digest }) => {
        const tags = description.tags.filter((each) => each.tag === tag);
        return { repository, tag, digest, description: { ...description, tags } };
      }),
  );
  const [first] = places;
  if (first === undefined) return {};
  const { repository, tag, digest, description } = first;
  const manifest = await registry.getManifest(repository, tag);
  return {
    ...(await summarise(remoteContent(registry, repository, manifest))),
    reason: `${formatTagReference(repository, tag)} is there already, and \`if-exists\` is skip`,
    places,
    description,
    digest,
  };
}

function movingOrder({ tags: [main, ...others] }: ImageDescription): readonly Tag[] {
  const isLatest = ({ kind }: DescribedTag): boolean => kind === 'latest';
  const ordered = [...others.filter((each) => !isLatest(each)), ...others.filter(isLatest)];
  return [...(main === undefined ? [] : [main]), ...ordered].map(({ tag }) => tag);
}

/** Logs in everywhere, beside the questions to the registries. */
async function prepare(plan: Plan, describe: Planned['describe'], ports: PublishPorts): Promise<Prepared> {
  const [prepared] = await Promise.all([
    prepareTargets(plan, describe, ports),
    needsLogin(plan) ? ports.engine.logIn() : undefined,
  ]);
  return prepared;
}

/** What the registries answered. */
export interface Prepared {
  /** Whether the run publishes after all: a refusal may be no failure of it. */
  readonly push: Decision<boolean>;
  readonly targets: readonly Target[];
}

/**
 * Asks each registry whether this run may push there, so that a refusal comes before the build, and which tags it has, so
 * that none moves backwards.
 */
export async function prepareTargets(
  plan: PublicationPlan & Pick<Plan, 'staging'>,
  describe: Planned['describe'],
  ports: NamingPorts,
): Promise<Prepared> {
  const { yieldsBecause } = plan.push;
  const asked = plan.destinations.map(async ({ repository }) => {
    if (!plan.push.value) return { refusal: undefined, description: plan.description };
    const refusal = await askPermission(ports, repository);
    if (refusal !== undefined && yieldsBecause === undefined) throw refusal;
    const isNamed = refusal === undefined && plan.staging === undefined;
    return { refusal, description: isNamed ? await describeFor(plan, describe, ports, repository) : plan.description };
  });
  const answers = await Promise.all(asked);
  const isRefused = answers.some(({ refusal }) => refusal !== undefined);
  return {
    push: isRefused ? { value: false, reason: yieldsBecause ?? '' } : plan.push,
    targets: plan.destinations.map(({ repository, registry: { kind } }, index) => {
      const description = answers[index]?.description ?? plan.description;
      return { repository, kind, description, tags: movingOrder(description) };
    }),
  };
}

/** Our own client logs in by itself; an engine, and later steps of the job, need the CLI's login. */
function needsLogin({ source, loginScope }: Plan): boolean {
  return source === undefined || source.spec.kind === 'docker-daemon' || loginScope === 'job';
}

/** @returns the error of a refusal; `undefined` when the run may push, or when that could not be told */
async function askPermission(
  { registry, log }: NamingPorts,
  repository: Repository,
): Promise<PermissionError | undefined> {
  const permission = await registry.mayPush(repository);
  const name = formatRepository(repository);
  if (permission.answer === 'unknown') {
    log.notice(`Whether this run may push to ${name} could not be told before the build: ${permission.reason}`);
  }
  if (permission.answer !== 'refused') return undefined;
  // A login that was refused is not one that lacks a right.
  const code = permission.error.code === 'TOKEN_REJECTED' ? 'TOKEN_REJECTED' : 'PUSH_DENIED';
  return new PermissionError(code, {
    message: `This run may not push to ${name}: ${permission.message}`,
    remedy: permission.error.remedy,
    cause: permission.error,
  });
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

/**
 * One repository after the other.
 * @throws PublishError as `tagAndVerify`, with what stands in the other repositories by then
 */
export async function tagAll(
  plan: Pick<PublicationPlan, 'verify'>,
  ports: NamingPorts,
  placed: readonly Placed[],
): Promise<void> {
  const finished: Placed[] = [];
  for (const each of placed) {
    try {
      await tagAndVerify(plan, ports, each);
    } catch (error) {
      for (const other of placed.filter((one) => one !== each)) {
        addMoved(error, other.target, finished.includes(other) ? other.target.tags : movedOf(other));
      }
      throw error;
    }
    finished.push(each);
  }
}

/** Looks at what was pushed, then moves the tags, then asks for each. */
async function tagAndVerify(plan: Pick<PublicationPlan, 'verify'>, ports: NamingPorts, placed: Placed): Promise<void> {
  const { registry, log, runStage } = ports;
  const { target, manifest, unmoved, isSeen } = placed;
  const { repository, tags } = target;
  const { digest } = manifest;
  if (plan.verify === 'blobs') await runStage('verify', 'Verify the blobs', () => verifyContent(ports, placed));
  if (plan.verify !== 'off' && !isSeen) {
    const found = await registry.headManifest(repository, digest);
    if (found?.digest !== digest) throw mismatch(repository, digest, digest, found?.digest);
  }
  if (unmoved.length > 0) {
    const how = { there: movedOf(placed), width: widthOfTagging(target.kind) };
    await runStage('tag', 'Tag', () =>
      moveTags(registry, repository, manifest, unmoved, how, (line) => log.info(line)),
    );
  }
  if (plan.verify === 'off') return;
  await runStage('verify', 'Verify', async () => {
    await verifyTags(registry, repository, digest, unmoved);
    log.info(`Verified ${formatDigestReference(repository, digest)}: ${tags.join(', ')}`);
  });
}

async function verifyContent({ registry, log }: NamingPorts, { target, manifest }: Placed): Promise<void> {
  const { repository } = target;
  const { digest } = manifest;
  const { blobs } = await readContent(remoteContent(registry, repository, manifest));
  await verifyBlobs(
    registry,
    repository,
    digest,
    blobs.map((blob) => blob.digest),
  );
  log.info(`Verified ${blobs.length} blobs of ${formatDigestReference(repository, digest)}`);
}

/** What a build's own decisions do not tell is read from the image. */
async function summariseImage(
  plan: Plan,
  facts: RunnerFacts | undefined,
  { target, manifest }: Placed,
  { registry }: PublishPorts,
): Promise<ImageSummary> {
  const platform = plan.build.platforms[0] ?? facts?.docker?.platform ?? facts?.podman?.platform;
  if (platform !== undefined && facts !== undefined && !isIndexMediaType(manifest.mediaType)) {
    return { platforms: { [formatPlatform(platform)]: manifest.digest }, imageId: '' };
  }
  return summarise(remoteContent(registry, target.repository, manifest));
}
