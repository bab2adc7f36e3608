/** The use case of one leg: it pushes the image by digest, and leaves a marker for the merge. No tag moves. */

import type { Digest } from '../image/digest.ts';
import { platformsOf } from '../image/image-index.ts';
import type { Leg } from '../legs/leg.ts';
import type { Staging } from '../legs/leg-key.ts';
import { markLeg } from '../legs/leg-store.ts';
import { nothingDone, type Outcome } from '../plan/outcome.ts';
import type { Plan, PlannedSource } from '../plan/plan.ts';
import { type Target, targetOf } from '../plan/target.ts';
import { chooseBuilder } from './choose-builder.ts';
import type { PublishPorts } from './ports.ts';
import type { PublishedContent } from './published-content.ts';
import { pushByClient } from './push-by-client.ts';

/** The image of a leg in a repository. */
interface LegImage {
  readonly target: Target;
  readonly digest: Digest;
}

interface PushedLeg {
  readonly images: readonly LegImage[];
  readonly imageId: string;
  readonly metadata: string;
}

/**
 * @throws BuildError BUILD_FAILED; InputError SOURCE_*, LEG_INVALID; PermissionError PUSH_DENIED; ToolError; RegistryError
 */
export async function stageLeg(
  plan: Plan,
  staging: Staging,
  content: PublishedContent,
  targets: readonly Target[],
  ports: PublishPorts,
): Promise<Outcome> {
  const { registry, log } = ports;
  const { images, imageId, metadata } = await pushLeg(content, targets, ports);
  const legs: Leg[] = [];
  for (const { target, digest } of images) {
    legs.push(await markLeg(registry, target.destination.repository, staging, digest, (line) => log.info(line)));
  }
  // The tags are the merge's.
  const description = { ...plan.description, tags: [] };
  return {
    ...nothingDone(plan, 'it is staged, for `merge` to publish'),
    targets: images.map(({ target }) => targetOf(target.destination, description)),
    description,
    digest: images[0]?.digest,
    imageId,
    metadata,
    platforms: platformsOf(legs[0]?.entries ?? []),
  };
}

/** Pushes the image to every repository, under no tag. */
async function pushLeg(content: PublishedContent, targets: readonly Target[], ports: PublishPorts): Promise<PushedLeg> {
  const { request } = content;
  if (request === undefined) {
    return { images: await pushSource(content.source, targets, ports), imageId: '', metadata: '' };
  }
  const builder = await chooseBuilder(request, content.facts, ports);
  const repositories = targets.map(({ destination }) => destination.repository);
  const { imageId, metadata, result } = await ports.runStage('build', 'Build', () =>
    ports.engine.buildByDigest(request, builder, repositories),
  );
  const images =
    typeof result === 'string'
      ? targets.map((target) => ({ target, digest: result }))
      : await pushSource({ spec: result, referrers: false }, targets, ports);
  return { images, imageId, metadata };
}

async function pushSource(
  source: PlannedSource,
  targets: readonly Target[],
  ports: PublishPorts,
): Promise<readonly LegImage[]> {
  const images = await pushByClient(source, targets, ports);
  return images.map(({ target, digest }) => ({ target, digest }));
}
