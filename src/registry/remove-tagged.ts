/** Removes a manifest together with its tags, on registries that each want it in another order. */

import { RegistryError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import type { Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import type { Manifests } from './manifests.ts';

/**
 * A registry may keep the tags of a manifest that was removed by its digest, as crane's does, or a manifest that has a tag, as
 * Google's do. A tag that has moved to another manifest stays.
 * @throws RegistryError as `deleteManifest`
 */
export async function removeTagged(
  registry: Pick<Manifests, 'deleteManifest' | 'headManifest'>,
  repository: Repository,
  digest: Digest,
  tags: readonly Tag[],
): Promise<void> {
  const remove = (which: Digest | Tag): Promise<unknown> =>
    registry.deleteManifest(repository, which).then(
      () => undefined,
      (error: unknown) => error,
    );
  const isThere = async (tag: Tag): Promise<boolean> =>
    (await registry.headManifest(repository, tag))?.digest === digest;
  const refusal = await remove(digest);
  const mayHaveOrder = refusal instanceof RegistryError && !refusal.retryable && refusal.status !== 405;
  if (refusal !== undefined && !mayHaveOrder) throw refusal;
  let isLeft = false;
  for (const tag of tags) {
    if (!(await isThere(tag))) continue;
    isLeft = true;
    const failure = await remove(tag);
    if (failure !== undefined) throw refusal ?? failure;
    if (refusal !== undefined && (await isThere(tag))) throw refusal;
  }
  if (refusal === undefined || (await registry.headManifest(repository, digest)) === undefined) return;
  if (!isLeft) throw refusal;
  await registry.deleteManifest(repository, digest);
}
