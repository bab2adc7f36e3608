/** Builds an image; the engine pushes it under its version tags. */

import type { BuildOutput } from '../build/build-request.ts';
import type { Built } from '../engine/docker.ts';
import type { EngineDecision, RunnerFacts } from '../engine/resolve-engine.ts';
import type { Plan } from '../plan/plan.ts';
import { chooseBuilder } from './choose-builder.ts';
import type { PublishPorts } from './ports.ts';
import { placeEngineImage, readBack } from './push-engine-image.ts';
import { type Confirm, mainReference, type Placed, type Produced, type Target } from './target.ts';

/** Builds; pushes the version tags. */
export async function placeBuilt(
  plan: Plan,
  facts: RunnerFacts,
  targets: readonly Target[],
  confirm: Confirm,
  ports: PublishPorts,
): Promise<Produced> {
  const { engine, runStage } = ports;
  const builder = await chooseBuilder(plan.build, facts, ports);
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
