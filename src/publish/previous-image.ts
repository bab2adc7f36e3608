/** The image that a published one comes after: it is read while the build runs, so that the job summary can compare the two. */

import { RegistryError } from '../errors.ts';
import { parseTag } from '../image/tag.ts';
import { isVersionTag, versionTagBefore } from '../metadata/version-family.ts';
import type { PreviousImage } from '../plan/outcome.ts';
import type { NamedTarget } from '../plan/target.ts';
import type { RegistryClient } from '../registry/client.ts';

/**
 * The version before the published one. If the main tag is no version, such as that of a branch, it is what the tag points at
 * until it moves.
 * @returns `undefined` if there is none, or if the registry does not tell: no step fails because of it
 */
export async function readPrevious(
  { destination: { repository }, tags: [main] }: NamedTarget,
  registry: Pick<RegistryClient, 'listTags' | 'findManifest'>,
): Promise<PreviousImage | undefined> {
  try {
    const found = isVersionTag(main) ? versionTagBefore(main, await registry.listTags(repository)) : main;
    if (found === undefined) return undefined;
    const tag = parseTag(found);
    const manifest = await registry.findManifest(repository, tag);
    return manifest && { tag, manifest };
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}
