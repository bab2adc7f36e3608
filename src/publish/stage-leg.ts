/**
 * The use case of one leg: the image goes up by its digest, and a marker tells the merge of it. No tag moves.
 */

import type { RunnerFacts } from '../engine/resolve-engine.ts';
import type { Digest } from '../image/digest.ts';
import { platformsOf } from '../image/image-index.ts';
import type { Leg } from '../legs/leg.ts';
import type { Staging } from '../legs/leg-key.ts';
import { stageLeg } from '../legs/leg-store.ts';
import { nothingDone, type Outcome } from '../plan/outcome.ts';
import type { Plan, PlannedSource } from '../plan/plan.ts';
import { chooseBuilder } from './choose-builder.ts';
import type { PublishPorts } from './ports.ts';
import { placeOpened } from './push-by-client.ts';
import type { Target } from './target.ts';

interface BuiltLeg {
  readonly digest: Digest;
  readonly imageId: string;
  readonly metadata: string;
}

/**
 * @param facts of the builder; `undefined` where there is a source
 * @throws PublishError
 */
export async function stage(
  plan: Plan & { readonly staging: Staging },
  facts: RunnerFacts | undefined,
  targets: readonly Target[],
  ports: PublishPorts,
): Promise<Outcome> {
  const { registry, log } = ports;
  const { digest, imageId, metadata } = await bring(plan, facts, targets, ports);
  const legs: Leg[] = [];
  for (const { repository } of targets) {
    legs.push(await stageLeg(registry, repository, plan.staging, digest, (line) => log.info(line)));
  }
  // The tags are the merge's.
  const description = { ...plan.description, tags: [] };
  return {
    ...nothingDone(plan, 'it is staged, for `merge` to publish'),
    places: targets.map(({ repository }) => ({ repository, description })),
    description,
    digest,
    imageId,
    metadata,
    platforms: platformsOf(legs[0]?.entries ?? []),
  };
}

/** Brings the image to every repository, under no tag. */
async function bring(
  { build, source }: Plan,
  facts: RunnerFacts | undefined,
  targets: readonly Target[],
  ports: PublishPorts,
): Promise<BuiltLeg> {
  const { engine, runStage } = ports;
  if (facts === undefined) {
    if (source === undefined) throw new Error('neither a builder nor a source');
    return { digest: await push(source, targets, ports), imageId: '', metadata: '' };
  }
  const builder = await chooseBuilder(build, facts, ports);
  const repositories = targets.map(({ repository }) => repository);
  const { imageId, metadata, result } = await runStage('build', 'Build', () =>
    engine.buildByDigest(builder, repositories),
  );
  const digest = typeof result === 'string' ? result : await push({ spec: result, referrers: false }, targets, ports);
  return { digest, imageId, metadata };
}

async function push(source: PlannedSource, targets: readonly Target[], ports: PublishPorts): Promise<Digest> {
  const [placed] = await placeOpened(source, targets, ports);
  if (placed === undefined) throw new Error('an image was pushed nowhere');
  return placed.manifest.digest;
}
