/** Pushes an image that is somewhere already. */

import type { PlannedSource } from '../plan/plan.ts';
import type { PublishPorts } from './ports.ts';
import { placeOpened } from './push-by-client.ts';
import { placeEngineImage } from './push-engine-image.ts';
import type { Confirm, Produced, Target } from './target.ts';

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
