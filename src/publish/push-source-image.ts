/** Pushes an image that exists already, from where `source` says it is. */

import type { Plan, PlannedSource } from '../plan/plan.ts';
import type { NamedTarget } from '../plan/target.ts';
import type { ExistingTags } from './existing-tags.ts';
import type { PublishPorts } from './ports.ts';
import { pushByClient } from './push-by-client.ts';
import { pushEngineImage } from './push-engine-image.ts';
import type { PushResult } from './pushed-image.ts';

/** @throws InputError SOURCE_*, TAG_EXISTS; RegistryError; ToolError */
export async function pushSourceImage(
  { attested, ifExists }: Pick<Plan, 'attested' | 'ifExists'>,
  source: PlannedSource,
  targets: readonly NamedTarget[],
  existing: ExistingTags,
  ports: PublishPorts,
): Promise<PushResult> {
  // The Docker engine pushes under a tag only.
  const mayTag = attested === undefined && ifExists !== 'update';
  if (source.spec.kind === 'docker-daemon' && mayTag) return pushEngineImage(source.spec, targets, existing, ports);
  const images = await pushByClient(source, targets, ports);
  const mayMove = await existing.ask(
    targets,
    images.map(({ digest }) => digest),
  );
  return { images: images.filter(({ target }) => mayMove(target)), imageId: '', metadata: '' };
}
