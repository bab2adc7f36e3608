/**
 * What is done where the version tag is there already (the input `if-exists`): looked at before the build, and once more
 * before the tag moves.
 */

import { InputError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import type { Descriptor } from '../image/manifest.ts';
import { formatTagReference } from '../image/reference.ts';
import type { Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import type { IfExists } from '../inputs/publish-inputs.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import { summarise } from '../source/image-content.ts';
import { remoteContent } from '../source/remote-image.ts';
import type { NamingPorts } from './prepare.ts';
import type { Confirm, Target } from './target.ts';

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

/** Judges by `if-exists`, and keeps what was left as it is. */
export function confirmWith(
  plan: PublicationPlan,
  ports: NamingPorts,
): { readonly confirm: Confirm; readonly existing: readonly ExistingTag[] } {
  const existing: ExistingTag[] = [];
  return {
    existing,
    async confirm(candidates, own) {
      const found = await leaveExisting(plan, candidates, own, ports);
      existing.push(...found);
      return candidates.filter(({ repository }) => found.every((each) => each.repository !== repository));
    },
  };
}

/** The version tags that are there already and stay as they are, by `if-exists`. */
async function leaveExisting(
  plan: PublicationPlan,
  targets: readonly Target[],
  own: readonly Digest[] | undefined,
  { registry, log }: NamingPorts,
): Promise<readonly ExistingTag[]> {
  const versions = targets.flatMap(({ repository, tags: [tag] }) => (tag === undefined ? [] : [{ repository, tag }]));
  const existing = await findExisting(plan.ifExists, versions, registry, own);
  for (const { repository, tag, digest } of existing) {
    log.info(`${formatTagReference(repository, tag)} is there already (${digest}) and stays.`);
  }
  return existing;
}

/**
 * What the outputs say where nothing was published because the version is there already.
 * @param existing in any order; empty where it is nowhere
 */
export async function describeExisting(
  existing: readonly ExistingTag[],
  targets: readonly Target[],
  { registry }: NamingPorts,
): Promise<Partial<Outcome>> {
  const places = targets.flatMap(({ repository, description }) =>
    existing
      .filter((each) => each.repository === repository)
      .map(({ tag, digest }) => {
        const tags = description.tags.filter((each) => each.tag === tag);
        return { repository, tag, digest, description: { ...description, tags } };
      }),
  );
  const [first] = places;
  if (first === undefined) return {};
  const { repository, tag, digest, description } = first;
  const manifest = await registry.getManifest(repository, tag);
  return {
    ...(await summarise(remoteContent(registry, repository, manifest))),
    reason: `${formatTagReference(repository, tag)} is there already, and \`if-exists\` is skip`,
    places,
    description,
    digest,
  };
}
