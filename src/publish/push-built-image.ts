/** Builds an image and pushes it: under its version tags, or under no tag if those may not move yet. */

import type { BuildOutput, BuildRequest } from '../build/build-request.ts';
import type { Built } from '../engine/docker.ts';
import type { EngineDecision, RunnerFacts } from '../engine/resolve-engine.ts';
import { PublishError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import type { Plan } from '../plan/plan.ts';
import type { NamedTarget } from '../plan/target.ts';
import { findPushed } from '../registry/read-back.ts';
import { pushedDigest, type UnnamedBuild } from './build-by-digest.ts';
import { chooseBuilder } from './choose-builder.ts';
import { copyToOthers, keepsCompression } from './copy-to-others.ts';
import type { ExistingTags } from './existing-tags.ts';
import { mismatch } from './move-tags.ts';
import type { PublishPorts } from './ports.ts';
import { pushByClient } from './push-by-client.ts';
import { pushEngineImage, readBack } from './push-engine-image.ts';
import { mainReference, type PushedImage, type PushResult, withMoved } from './pushed-image.ts';

/**
 * Builds, and pushes nothing.
 * @returns no images
 * @throws BuildError BUILD_FAILED, CHECK_FAILED; ToolError
 */
export async function buildOnly(
  request: BuildRequest,
  facts: RunnerFacts,
  targets: readonly NamedTarget[],
  ports: PublishPorts,
): Promise<PushResult> {
  const builder = await chooseBuilder(request, facts, ports);
  const { imageId, metadata } = await ports.runStage('build', 'Build', () =>
    ports.engine.build(request, builder, targets.map(mainReference), false),
  );
  return { images: [], imageId, metadata };
}

/**
 * Builds and pushes.
 * @throws BuildError BUILD_FAILED; InputError TAG_EXISTS; PermissionError PUSH_DENIED; ToolError; RegistryError
 */
export async function pushBuiltImage(
  { ifExists, attested }: Pick<Plan, 'ifExists' | 'attested'>,
  request: BuildRequest,
  facts: RunnerFacts,
  targets: readonly NamedTarget[],
  existing: ExistingTags,
  ports: PublishPorts,
): Promise<PushResult> {
  const builder = await chooseBuilder(request, facts, ports);
  const together = keepsCompression(builder.kind) ? targets : targets.slice(0, 1);
  const build = (push: boolean, output?: BuildOutput): Promise<Built> =>
    ports.runStage('build', push ? 'Build and push' : 'Build', () =>
      ports.engine.build(request, builder, (push ? together : targets).map(mainReference), push, output),
    );
  // A new Docker engine cannot push to GitHub's Docker registry: our own client takes the image there.
  const isByClient = targets.some(({ destination: { registry } }) => registry.kind === 'docker');
  // The build takes long, so the version tags are looked at once more after it.
  const isAskedAgain = ifExists !== 'overwrite';
  const buildThenPush = async (): Promise<PushResult> => {
    const { imageId, metadata } = await build(false, { kind: 'engine' });
    const store = builder.kind === 'podman' ? 'containers-storage' : 'docker-daemon';
    const image = { kind: store, image: imageId } as const;
    return { ...(await pushEngineImage(image, targets, existing, ports)), metadata };
  };
  // An engine that unpacks what it pushes writes no time anew: it writes an archive, and our own client pushes that.
  const isArchived = request.sourceDate !== undefined && builder.kind === 'docker-containerd';
  // No tag moves before the image is attested, nor before its digest is compared with that of the tags.
  if (attested !== undefined || isArchived || ifExists === 'update')
    return pushUntagged(request, builder, targets, existing, ports);
  if (isByClient || (isAskedAgain && builder.kind !== 'builder')) return buildThenPush();
  if (isAskedAgain) return pushUntagged(request, builder, targets, existing, ports);
  const movedByThen = watchTags(targets, ports);
  const result = await build(true).catch(async (error: unknown) => {
    // buildx reads back what docker pushed, and a login that may only push is refused that; `docker push` reads nothing.
    const isRefused = error instanceof PublishError && error.code === 'PUSH_DENIED';
    const byDocker = isRefused && builder.tool === 'buildx' && builder.kind !== 'builder';
    const pushed = byDocker ? await buildThenPush().catch(() => undefined) : undefined;
    if (pushed !== undefined) return pushed;
    throw await movedByThen(error);
  });
  if ('images' in result) return result;
  const { imageId, metadata, ...built } = result;
  const digest = pushedDigest(built);
  const images: PushedImage[] = [];
  const pushAgain = (references: readonly string[]): Promise<Built> =>
    ports.engine.build(request, builder, references, true);
  for (const target of together) images.push(await readBack(target, digest, ports, pushAgain));
  const [first] = images;
  if (first === undefined) return { images, imageId, metadata };
  const pushByEngine = async (target: NamedTarget): Promise<PushedImage> =>
    readBack(target, pushedDigest(await pushAgain([mainReference(target)])), ports, pushAgain);
  images.push(...(await copyToOthers(first, targets.slice(together.length), ports, pushByEngine)));
  return { images, imageId, metadata };
}

/**
 * Looks at the version tags of several repositories while the build runs, since a push that one of them refuses may have moved the
 * tag of another.
 * @returns adds to an error which of them have moved by then
 */
function watchTags(
  targets: readonly NamedTarget[],
  { registry }: Pick<PublishPorts, 'registry'>,
): (error: unknown) => Promise<unknown> {
  const look = (): Promise<readonly PromiseSettledResult<Digest | undefined>[]> =>
    Promise.allSettled(
      targets.map(
        async ({ destination: { repository }, tags: [tag] }) => (await registry.headManifest(repository, tag))?.digest,
      ),
    );
  if (targets.length < 2) return async (error) => error;
  const before = look();
  return async (error) => {
    const [then, now] = await Promise.all([before, look()]);
    return targets.reduce<unknown>((told, target, place) => {
      const [was, is] = [then[place], now[place]];
      if (was?.status !== 'fulfilled' || is?.status !== 'fulfilled' || was.value === is.value) return told;
      return withMoved(told, target, target.tags.slice(0, 1));
    }, error);
  };
}

/** Pushes by digest, and leaves all tags to follow: by the builder, or by our own client if the engine pushes under tags only. */
async function pushUntagged(
  request: BuildRequest,
  builder: EngineDecision,
  targets: readonly NamedTarget[],
  existing: ExistingTags,
  ports: PublishPorts,
): Promise<PushResult> {
  const { engine, runStage } = ports;
  const repositories = targets.map(({ destination: { repository } }) => repository);
  const { imageId, metadata, result } = await runStage('build', 'Build', () =>
    engine.buildByDigest(request, builder, repositories),
  );
  return { images: await takeUntagged(result, targets, existing, ports), imageId, metadata };
}

/**
 * What a build under no name comes to in the repositories: the builder has pushed it there, or our own client does.
 * @returns the images whose tags may move
 * @throws InputError TAG_EXISTS; RegistryError DIGEST_MISMATCH
 */
export async function takeUntagged(
  result: UnnamedBuild['result'],
  targets: readonly NamedTarget[],
  existing: ExistingTags,
  ports: PublishPorts,
): Promise<readonly PushedImage[]> {
  const { registry } = ports;
  if (typeof result !== 'string') {
    const images = await pushByClient({ spec: result, referrers: false }, targets, ports);
    const mayMove = await existing.ask(
      targets,
      images.map(({ digest }) => digest),
    );
    return images.filter(({ target }) => mayMove(target));
  }
  const mayMove = await existing.ask(targets, [result]);
  const images = targets.filter(mayMove).map(async (target): Promise<PushedImage> => {
    const { repository } = target.destination;
    const manifest = await findPushed(registry, repository, result);
    if (manifest === undefined) throw mismatch(repository, result, result, undefined);
    return { target, digest: result, manifest, unmoved: target.tags, isSeen: true };
  });
  return Promise.all(images);
}
