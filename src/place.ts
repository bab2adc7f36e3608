/**
 * Brings the image to where it is published: built and pushed by the engine, pushed by the engine that holds it, or by our
 * own client. Afterwards all of it is in each repository, and no tag but perhaps the version tag points at it.
 */

import type { BuildOutput } from './engine/build-request.ts';
import { formatCache } from './engine/cache.ts';
import { engineKinds } from './engine/capabilities.ts';
import type { Built } from './engine/docker.ts';
import type { EngineDecision, RunnerFacts } from './engine/resolve.ts';
import { PublishError, RegistryError } from './errors.ts';
import type { Digest } from './image/digest.ts';
import { mediaTypes, type StoredManifest, storedManifest } from './image/manifest.ts';
import { formatTagReference } from './image/reference.ts';
import { formatRepository, type Repository } from './image/repository.ts';
import type { Tag } from './image/tag.ts';
import { type EngineImage, formatSource, type SourceSpec } from './image/transport.ts';
import type { ImageDescription } from './metadata/describe-image.ts';
import type { Plan, PlannedSource } from './plan.ts';
import type { PublishPorts } from './ports.ts';
import type { RegistryKind } from './registry/directory.ts';
import { mismatch } from './registry/tags.ts';
import { asSchema2, readContent } from './source/content.ts';
import type { ImageSource } from './source/image-source.ts';
import { checkLimits } from './source/limits.ts';
import { copyReferrers, pushImage } from './source/push.ts';

/** A repository with the names that the image gets there. */
export interface Target {
  readonly repository: Repository;
  readonly kind: RegistryKind;
  readonly description: ImageDescription;
  /** In the order in which they move: the main one with the image, `latest` last. */
  readonly tags: readonly Tag[];
}

/** An image that is whole in a repository. */
export interface Placed {
  readonly target: Target;
  readonly manifest: StoredManifest;
  /** The tags that do not point at it yet, in the order in which they move. */
  readonly unmoved: readonly Tag[];
  /** Whether the manifest was read there, by its tag or digest: it has told that it is there. */
  readonly isSeen: boolean;
}

/** The tags that point at an image since it was placed. */
export function movedOf({ target: { tags }, unmoved }: Placed): readonly Tag[] {
  return tags.filter((tag) => !unmoved.includes(tag));
}

/** Adds to a failure in one repository what has moved in another. */
export function addMoved(error: unknown, { repository }: Target, moved: readonly Tag[]): void {
  if (!(error instanceof PublishError) || moved.length === 0) return;
  error.message += ` In ${formatRepository(repository)} moved: ${moved.join(', ')}.`;
}

export interface Produced {
  readonly placed: readonly Placed[];
  /** Empty where no engine has the image. */
  readonly imageId: string;
  /** buildx's own report, JSON; empty without. */
  readonly metadata: string;
}

/** Gives the targets whose version tag may still move (`if-exists`); asked right before it does. */
export type Confirm = (targets: readonly Target[], own?: readonly Digest[]) => Promise<readonly Target[]>;

function mainReference({ repository, tags: [tag] }: Target): readonly string[] {
  return tag === undefined ? [] : [formatTagReference(repository, tag)];
}

/** Builds; pushes the version tags. */
export async function placeBuilt(
  plan: Plan,
  facts: RunnerFacts,
  targets: readonly Target[],
  confirm: Confirm,
  ports: PublishPorts,
): Promise<Produced> {
  const { engine, log, runStage } = ports;
  const builder = await engine.resolveBuilder(facts);
  log.info(`Engine: ${engineKinds[builder.kind]}, because ${builder.reason}`);
  if (plan.build.cache.mode !== 'off') {
    log.info(`Cache: ${formatCache(builder.cache)}, because ${builder.cache.reason}`);
  }
  const build = (push: boolean, output?: BuildOutput): Promise<Built> =>
    runStage('build', push ? 'Build and push' : 'Build', () =>
      engine.build(builder, targets.flatMap(mainReference), push, output),
    );
  if (!plan.push.value) {
    const { imageId, metadata } = await build(false);
    return { placed: [], imageId, metadata };
  }
  // A new engine and the Docker registry do not understand each other: our own client takes the image there.
  const isByClient = targets.some(({ kind }) => kind === 'docker');
  // What takes long is done before the version tag is looked at for the last time.
  const isAskedAgain = plan.ifExists !== 'overwrite';
  if (isByClient || (isAskedAgain && builder.kind !== 'builder')) {
    const { imageId, metadata } = await build(false, { kind: 'engine' });
    const store = builder.kind === 'podman' ? 'containers-storage' : 'docker-daemon';
    const image = { kind: store, image: imageId } as const;
    return { ...(await placeEngineImage(image, targets, confirm, ports)), metadata };
  }
  return isAskedAgain ? placeUnnamed(builder, targets, confirm, ports) : pushed(targets, await build(true), ports);
}

/** A builder outside of the engine keeps no image: it pushes by digest what is tagged afterwards. */
async function placeUnnamed(
  builder: EngineDecision,
  targets: readonly Target[],
  confirm: Confirm,
  { engine, registry, runStage }: PublishPorts,
): Promise<Produced> {
  const repositories = targets.map(({ repository }) => repository);
  const { imageId, metadata, result } = await runStage('build', 'Build', () =>
    engine.buildByDigest(builder, repositories),
  );
  if (typeof result !== 'string') throw new Error('a builder of its own did not push');
  const confirmed = await confirm(targets, [result]);
  const placed = confirmed.map(async (target): Promise<Placed> => {
    const manifest = await registry.getManifest(target.repository, result);
    return { target, manifest, unmoved: target.tags, isSeen: true };
  });
  return { placed: await Promise.all(placed), imageId, metadata };
}

async function pushed(targets: readonly Target[], built: Built, ports: PublishPorts): Promise<Produced> {
  const { imageId, metadata, digest } = built;
  if (digest === undefined) throw new Error('a push has no digest');
  const placed: Placed[] = [];
  for (const target of targets) placed.push(await readBack(target, digest, ports));
  return { placed, imageId, metadata };
}

/** @throws RegistryError DIGEST_MISMATCH */
async function readBack(target: Target, digest: Digest, { registry }: PublishPorts): Promise<Placed> {
  const [tag, ...unmoved] = target.tags;
  if (tag === undefined) throw new Error('an image was pushed without a tag');
  const manifest = await registry.getManifest(target.repository, tag);
  if (manifest.digest !== digest) throw mismatch(target.repository, tag, digest, manifest.digest);
  return { target, manifest, unmoved, isSeen: true };
}

/** An image of an engine: the Docker engine pushes it, but not to the Docker registry. */
async function placeEngineImage(
  image: EngineImage,
  targets: readonly Target[],
  confirm: Confirm,
  ports: PublishPorts,
): Promise<Produced> {
  const { log, source, runStage } = ports;
  // Podman's is one that was built here, and may be an index.
  const imageId = image.kind === 'docker-daemon' ? await source.readImageId(image) : image.image;
  const confirmed = await confirm(targets);
  const placed: Placed[] = [];
  const isByClient = ({ kind }: Target): boolean => kind === 'docker' || image.kind !== 'docker-daemon';
  for (const target of confirmed.filter((each) => !isByClient(each))) {
    for (const reference of mainReference(target)) {
      try {
        const digest = await runStage('push', `Push of ${reference}`, () => source.pushFromDaemon(imageId, reference));
        placed.push(await readBack(target, digest, ports));
      } catch (error) {
        for (const other of placed) addMoved(error, other.target, movedOf(other));
        throw error;
      }
    }
  }
  const byClient = confirmed.filter(isByClient);
  if (byClient.some(({ kind }) => kind === 'docker')) {
    log.info('The Docker registry gets the image from this action: engines and it do not understand each other.');
  }
  if (byClient.length > 0) {
    placed.push(...(await placeOpened({ spec: image, referrers: false }, byClient, ports)));
  }
  const inOrder = targets.flatMap((target) => placed.filter((each) => each.target === target));
  return { placed: inOrder, imageId, metadata: '' };
}

/** Takes an image from where it is. */
export async function placeSource(
  planned: PlannedSource,
  targets: readonly Target[],
  confirm: Confirm,
  ports: PublishPorts,
): Promise<Produced> {
  const { spec } = planned;
  if (spec.kind === 'docker-daemon') return placeEngineImage(spec, targets, confirm, ports);
  const placed = await placeOpened(planned, targets, ports);
  const [first] = placed;
  const confirmed = first === undefined ? [] : await confirm(targets, [first.manifest.digest]);
  return { placed: placed.filter(({ target }) => confirmed.includes(target)), imageId: '', metadata: '' };
}

/** Takes an image from where it is, by our own client and under no tag. */
export async function placeOpened(
  planned: PlannedSource,
  targets: readonly Target[],
  ports: PublishPorts,
): Promise<readonly Placed[]> {
  return ports.runStage('push', 'Push', () => copyTo(planned, targets, ports));
}

async function copyTo(
  { spec, referrers }: PlannedSource,
  targets: readonly Target[],
  { registry, source: sources, log }: PublishPorts,
): Promise<readonly Placed[]> {
  const source = await sources.open(spec);
  try {
    const content = await readContent(source);
    log.info(`Source: ${formatSource(spec)} is ${source.root.digest}`);
    const { otherPlatforms = [] } = source;
    if (otherPlatforms.length > 0) log.warning(describeLeftOut(spec, otherPlatforms, targets));
    for (const { kind, repository } of targets) {
      for (const warning of checkLimits(content, kind, repository)) log.warning(warning);
    }
    const origin = source.repository && formatRepository(source.repository);
    const isFrom = ({ repository }: Target): boolean => formatRepository(repository) === origin;
    const placed = targets.map((target) => ({
      target,
      manifest: formFor(target, source),
      unmoved: target.tags,
      // The Docker registry knows no digests to ask for.
      isSeen: target.kind === 'docker' || isFrom(target),
    }));
    for (const { target } of placed) {
      const byDigest = target.kind !== 'docker';
      const nearest = nearestTo(target, source, targets);
      await pushImage(registry, nearest, target.repository, { content, byDigest, log: (line) => log.info(line) });
      if (!referrers || source.repository === undefined || isFrom(target)) continue;
      const count = await copyReferrers(registry, source.repository, target.repository, content.manifests);
      log.info(`${formatRepository(target.repository)}: manifests that refer to it, brought along: ${count}`);
    }
    return placed;
  } finally {
    await source.close();
  }
}

/** The same source; where its registry is another, an earlier target of the same registry gives what it has got by then. */
function nearestTo({ repository }: Target, source: ImageSource, targets: readonly Target[]): ImageSource {
  if (source.repository?.registry === repository.registry) return source;
  const earlier = targets.find((each) => each.repository.registry === repository.registry);
  return earlier === undefined || earlier.repository === repository
    ? source
    : { ...source, repository: earlier.repository };
}

/** What of an image stays behind where a tool saved it in two forms, of which one has a single platform. */
function describeLeftOut(spec: SourceSpec, platforms: readonly string[], targets: readonly Target[]): string {
  const isFile = spec.kind === 'docker-archive';
  const reason = targets.every(({ kind }) => kind === 'docker')
    ? 'a Docker registry takes one image.'
    : `${isFile ? 'name the file' : 'write it with `docker save` and name the file'} \`oci-archive:\` in \`source\` to publish all of it.`;
  return `${formatSource(spec)} has ${platforms.join(', ')} as well, which is not published: ${reason}`;
}

/** The manifest as it is, but in the one form that the Docker registry takes. */
function formFor({ kind, repository }: Target, { root }: ImageSource): StoredManifest {
  if (kind !== 'docker') return root;
  const bytes = asSchema2(root);
  if (bytes !== undefined) return storedManifest(bytes, mediaTypes.dockerManifest);
  throw new RegistryError('MEDIA_TYPE_UNSUPPORTED', {
    message: `${root.digest} (${root.mediaType}) cannot go to ${formatRepository(repository)}: the Docker registry takes Docker’s schema 2 with gzip layers only.`,
    remedy:
      'Publish to the Container registry (`registry: container`), or build the image with gzip layers; what `docker save` wrote gets them where `source` names it `docker-archive:`.',
  });
}
