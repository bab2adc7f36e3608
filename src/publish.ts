/**
 * The use case: log in, build, push, read back, tag. What is to happen is in the plan; how is in the ports.
 */

import { formatCache } from './engine/cache.ts';
import { engineKinds } from './engine/capabilities.ts';
import type { Built } from './engine/docker.ts';
import type { EngineDecision, RunnerFacts } from './engine/resolve.ts';
import { PermissionError, RegistryError } from './errors.ts';
import type { Digest } from './image/digest.ts';
import { type Descriptor, isIndexMediaType, parseIndex, type StoredManifest } from './image/manifest.ts';
import { formatPlatform, type Platform } from './image/platform.ts';
import { formatDigestReference, formatTagReference } from './image/reference.ts';
import { formatRepository, type Repository } from './image/repository.ts';
import type { Tag } from './image/tag.ts';
import type { DescribedTag, ImageDescription } from './metadata/describe.ts';
import { nothingDone, type Outcome } from './outputs.ts';
import type { Decision, Plan, Planned } from './plan.ts';
import type { PushPermission } from './registry/permission.ts';
import type { Log } from './report/log.ts';

/** The engine, as a publish needs it. */
export interface EnginePort {
  readFacts(): Promise<RunnerFacts>;
  /** Decides how to build, and prepares it. */
  resolveBuilder(facts: RunnerFacts): Promise<EngineDecision>;
  /** Logs in wherever the step has a credential for. */
  logIn(): Promise<void>;
  /** Builds, and pushes under the references when `push` is true. */
  build(decision: EngineDecision, references: readonly string[], push: boolean): Promise<Built>;
}

/** The registries, as a publish needs them. */
export interface RegistryPort {
  mayPush(repository: Repository): Promise<PushPermission>;
  listTags(repository: Repository): Promise<readonly Tag[]>;
  getManifest(repository: Repository, tag: Tag): Promise<StoredManifest>;
  headManifest(repository: Repository, tag: Tag): Promise<Pick<Descriptor, 'digest'> | undefined>;
  putManifest(
    repository: Repository,
    manifest: Pick<StoredManifest, 'bytes' | 'mediaType'>,
    tag: Tag,
  ): Promise<Pick<Descriptor, 'digest'>>;
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
  const [facts, { push, names }] = await Promise.all([engine.readFacts(), prepare(plan, describe, ports)]);
  const [main] = names;
  if (main === undefined) return nothingDone(plan, '`images` enables no repository');
  if (main.tags.length === 0) {
    const isHeld = main.description.held.length > 0;
    return nothingDone(plan, isHeld ? 'each of its tags would move backwards' : 'no tag came out of `tags`');
  }

  const builder = await engine.resolveBuilder(facts);
  log.info(`Engine: ${engineKinds[builder.kind]}, because ${builder.reason}`);
  if (plan.build.cache.mode !== 'off')
    log.info(`Cache: ${formatCache(builder.cache)}, because ${builder.cache.reason}`);
  const references = names.flatMap(({ repository, tags }) =>
    tags.slice(0, 1).map((tag) => formatTagReference(repository, tag)),
  );
  const title = push.value ? 'Build and push' : 'Build';
  const built = await log.group(title, () => engine.build(builder, references, push.value));
  const { imageId, metadata, digest } = built;
  const done = { ...nothingDone(plan, push.reason), description: main.description, imageId, metadata };
  if (digest === undefined) return done;

  const manifests = [];
  for (const { repository, tags } of names) manifests.push(await tagAndVerify(plan, ports, repository, tags, digest));
  const platforms = platformsOf(manifests[0], singlePlatform(plan, facts, built));
  return { ...done, published: true, reason: '', digest, platforms };
}

/** A repository with the names that the image gets there. */
interface Names {
  readonly repository: Repository;
  readonly description: ImageDescription;
  /** In the order in which they move: the main one with the image, `latest` last. */
  readonly tags: readonly Tag[];
}

function movingOrder({ tags: [main, ...others] }: ImageDescription): readonly Tag[] {
  const isLatest = ({ kind }: DescribedTag): boolean => kind === 'latest';
  const ordered = [...others.filter((each) => !isLatest(each)), ...others.filter(isLatest)];
  return [...(main === undefined ? [] : [main]), ...ordered].map(({ tag }) => tag);
}

/**
 * Logs in everywhere, asks each registry whether this run may push there, so that a refusal comes before the build, and
 * which tags it has, so that none moves backwards.
 */
async function prepare(
  plan: Plan,
  describe: Planned['describe'],
  ports: PublishPorts,
): Promise<{ readonly push: Decision<boolean>; readonly names: readonly Names[] }> {
  const { yieldsBecause } = plan.push;
  const asked = plan.destinations.map(async ({ repository }) => {
    if (!plan.push.value) return { refusal: undefined, description: plan.description };
    const refusal = await askPermission(ports, repository);
    if (refusal !== undefined && yieldsBecause === undefined) throw refusal;
    return { refusal, description: refusal ? plan.description : await describeFor(plan, describe, ports, repository) };
  });
  const [answers] = await Promise.all([Promise.all(asked), ports.engine.logIn()]);
  const isRefused = answers.some(({ refusal }) => refusal !== undefined);
  return {
    push: isRefused ? { value: false, reason: yieldsBecause ?? '' } : plan.push,
    names: plan.destinations.map(({ repository }, index) => {
      const description = answers[index]?.description ?? plan.description;
      return { repository, description, tags: movingOrder(description) };
    }),
  };
}

/** @returns the error of a refusal; `undefined` when the run may push, or when that could not be told */
async function askPermission(
  { registry, log }: PublishPorts,
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
  plan: Plan,
  describe: Planned['describe'],
  { registry, log }: PublishPorts,
  repository: Repository,
): Promise<ImageDescription> {
  if (plan.description.tags.every(({ kind }) => kind === 'fixed')) return plan.description;
  try {
    const description = describe(await registry.listTags(repository));
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
async function tagAndVerify(
  plan: Plan,
  { registry, log }: PublishPorts,
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

/** The platform of an image that is no index, as far as anything told. */
function singlePlatform({ build }: Plan, { docker, podman }: RunnerFacts, built: Built): Platform | undefined {
  return build.platforms[0] ?? built.platform ?? docker?.platform ?? podman?.platform;
}

function platformsOf(
  manifest: StoredManifest | undefined,
  single: Platform | undefined,
): Readonly<Record<string, Digest>> {
  if (manifest === undefined) return {};
  if (!isIndexMediaType(manifest.mediaType)) return single ? { [formatPlatform(single)]: manifest.digest } : {};
  const images = parseIndex(manifest).filter(({ platform }) => platform !== undefined && platform.os !== 'unknown');
  return Object.fromEntries(
    images.flatMap(({ platform, digest }) => (platform === undefined ? [] : [[formatPlatform(platform), digest]])),
  );
}
