/**
 * What is done where the version tag is there already (the input `if-exists`): looked at before the build, and once more
 * before the tag moves.
 */

import { InputError } from './errors.ts';
import type { Digest } from './image/digest.ts';
import type { Descriptor } from './image/manifest.ts';
import { formatTagReference } from './image/reference.ts';
import type { Repository } from './image/repository.ts';
import type { Tag } from './image/tag.ts';
import type { IfExists } from './inputs.ts';

/** A repository, and the version tag there. */
export interface VersionTag {
  readonly repository: Repository;
  readonly tag: Tag;
}

export interface ExistingTag extends VersionTag {
  readonly digest: Digest;
}

interface Registry {
  headManifest(repository: Repository, tag: Tag): Promise<Pick<Descriptor, 'digest'> | undefined>;
}

/**
 * @param own what this very run is publishing, which is no reason to stop
 * @returns the version tags that are there already and stay as they are
 * @throws InputError TAG_EXISTS for `fail`
 */
export async function findExisting(
  policy: IfExists,
  tags: readonly VersionTag[],
  registry: Registry,
  own: readonly Digest[] = [],
): Promise<readonly ExistingTag[]> {
  if (policy === 'overwrite') return [];
  const asked = tags.map(async ({ repository, tag }): Promise<readonly ExistingTag[]> => {
    const found = await registry.headManifest(repository, tag);
    return found === undefined || own.includes(found.digest) ? [] : [{ repository, tag, digest: found.digest }];
  });
  const existing = (await Promise.all(asked)).flat();
  const [first] = existing;
  if (first !== undefined && policy === 'fail') throw tagExists(first);
  return existing;
}

function tagExists({ repository, tag, digest }: ExistingTag): InputError {
  return new InputError('TAG_EXISTS', {
    message: `${formatTagReference(repository, tag)} is there already (${digest}), and \`if-exists\` is fail.`,
    remedy: 'Publish a new version, or set `if-exists` to `skip` or `overwrite`.',
  });
}
