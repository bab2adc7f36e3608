/**
 * The same image in several repositories. The classic store of Docker, and the storage of Podman, keep layers without their
 * compression, and compress them anew for each registry that lacks them. What comes of it may differ from what the registry of the
 * base image has, and so may the digests. So such an engine pushes to the first repository alone, and our own client copies from
 * there what the others lack.
 */

import type { EngineKind } from '../build/capabilities.ts';
import type { NamedTarget } from '../plan/target.ts';
import type { PublishPorts } from './ports.ts';
import { pushByClient } from './push-by-client.ts';
import { movedTags, type PushedImage, withMoved } from './pushed-image.ts';

/** Whether an engine of this kind pushes the same bytes to every registry. */
export function keepsCompression(kind: EngineKind): boolean {
  return kind === 'docker-containerd' || kind === 'builder';
}

/**
 * Copies an image that was pushed to one repository into others, under no tag.
 * @param pushByEngine pushes there, too, for a login that may push and not read
 * @throws PublishError, with the tags that have moved by then
 */
export async function copyToOthers(
  first: PushedImage,
  others: readonly NamedTarget[],
  ports: PublishPorts,
  pushByEngine: (target: NamedTarget) => Promise<PushedImage>,
): Promise<readonly PushedImage[]> {
  const pushed: PushedImage[] = [];
  try {
    if (first.manifest !== undefined) {
      const reference = { repository: first.target.destination.repository, digest: first.digest };
      const source = { spec: { kind: 'docker', reference }, referrers: false } as const;
      return others.length === 0 ? [] : await pushByClient(source, others, ports);
    }
    for (const target of others) pushed.push(await pushByEngine(target));
    return pushed;
  } catch (error) {
    throw [first, ...pushed].reduce<unknown>((told, other) => withMoved(told, other.target, movedTags(other)), error);
  }
}
