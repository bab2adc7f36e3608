/**
 * Version tags that already exist, and what the input `if-exists` makes of them. The step looks for them before the build, and
 * once more before the tag moves. `update` can only be decided then: it leaves the tags that point at this very image.
 */

import { InputError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { formatTagReference } from '../image/reference.ts';
import type { Tag } from '../image/tag.ts';
import type { IfExists } from '../inputs/publication-inputs.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import { isSameTarget, type Target, targetOf } from '../plan/target.ts';
import { summarise } from '../source/image-content.ts';
import { remoteContent } from '../source/remote-image.ts';
import { type BaseImage, readBaseDigest } from './base-image.ts';
import type { NamingPorts } from './prepare.ts';

/** A version tag that was not moved. */
interface ExistingTag {
  readonly target: Target;
  readonly tag: Tag;
  readonly digest: Digest;
}

/** Whether the version tag of a target may move. */
export type MayMove = (target: Target) => boolean;

/** Looks for version tags, by `if-exists`, and remembers those that stay. */
export interface ExistingTags {
  /**
   * Asks the registries, right before the tags move.
   * @param own what this run itself pushes under these tags: no reason to stop, except for `update`
   * @throws InputError TAG_EXISTS for `fail`
   */
  ask(targets: readonly Target[], own?: readonly Digest[]): Promise<MayMove>;
  /** What the outcome says if nothing was published because the version already exists; `{}` if none does. */
  describe(targets: readonly Target[]): Promise<Partial<Outcome>>;
}

/** @param base that the build begins with now, for `skip-unless-base-changed`; `undefined`: it has none that can move */
export function openExistingTags(
  { ifExists }: Pick<PublicationPlan, 'ifExists'>,
  ports: NamingPorts,
  base?: BaseImage | 'unknown',
): ExistingTags {
  const existing: ExistingTag[] = [];
  return {
    async ask(targets, own = []) {
      if (ifExists !== 'overwrite') existing.push(...(await findExisting(ifExists, targets, own, ports, base)));
      return (target) => !existing.some((each) => isSameTarget(each.target, target));
    },
    async describe(targets) {
      const inOrder = targets.flatMap((target) => existing.filter((each) => isSameTarget(each.target, target)));
      return describeExisting(ifExists, inOrder, ports);
    },
  };
}

async function findExisting(
  policy: IfExists,
  targets: readonly Target[],
  own: readonly Digest[],
  ports: NamingPorts,
  base: BaseImage | 'unknown' | undefined,
): Promise<readonly ExistingTag[]> {
  const { registry, log } = ports;
  const asked = targets.map(async (target): Promise<readonly ExistingTag[]> => {
    const [tag, ...others] = target.tags;
    const digestOf = async (which: Tag): Promise<Digest | undefined> =>
      (await registry.headManifest(target.destination.repository, which))?.digest;
    const digest = tag && (await digestOf(tag));
    if (tag === undefined || digest === undefined) return [];
    const isOwn = own.includes(digest);
    const found = { target, tag, digest };
    if (policy === 'update') {
      // A run that was interrupted may have moved some of its tags.
      const isWhole = isOwn && (await Promise.all(others.map(digestOf))).every((other) => other === digest);
      return isWhole ? [found] : [];
    }
    if (isOwn) return [];
    return base !== undefined && (await hasOtherBase(found, base, ports)) ? [] : [found];
  });
  const existing = (await Promise.all(asked)).flat();
  const [first] = existing;
  if (first !== undefined && policy === 'fail') throw tagExists(first);
  for (const { target, tag, digest } of existing) {
    log.info(
      `${formatTagReference(target.destination.repository, tag)} already exists (${digest}) and was not changed.`,
    );
  }
  return existing;
}

/** Whether an existing image begins with another base than a build would now; one that names none may. */
async function hasOtherBase(
  { target, tag, digest }: ExistingTag,
  base: BaseImage | 'unknown',
  { registry, log }: NamingPorts,
): Promise<boolean> {
  if (base === 'unknown') return true;
  const { repository } = target.destination;
  const before = await readBaseDigest(registry, repository, digest);
  if (before === base.digest) return false;
  const was = before === undefined ? 'names no base image' : `was built from ${base.name} at ${before}`;
  log.info(`${formatTagReference(repository, tag)} ${was}. Now ${base.name} is ${base.digest}, so the step builds.`);
  return true;
}

function tagExists({ target, tag, digest }: ExistingTag): InputError {
  return new InputError('TAG_EXISTS', {
    message: `${formatTagReference(target.destination.repository, tag)} already exists (${digest}), and \`if-exists\` is fail.`,
    remedy: 'Publish a new version, or set `if-exists` to `skip` or `overwrite`.',
  });
}

async function describeExisting(
  policy: IfExists,
  existing: readonly ExistingTag[],
  { registry }: NamingPorts,
): Promise<Partial<Outcome>> {
  const [first] = existing;
  if (first === undefined) return {};
  const targets = existing.map(({ target: { destination, description }, tag }) =>
    targetOf(destination, { ...description, tags: description.tags.filter((each) => each.tag === tag) }),
  );
  const { tag, digest } = first;
  const { repository } = first.target.destination;
  const manifest = await registry.getManifest(repository, tag);
  return {
    ...(await summarise(remoteContent(registry, repository, manifest))),
    reason: `${formatTagReference(repository, tag)} already ${policy === 'update' ? 'points at this image' : 'exists'}, and \`if-exists\` is ${policy}`,
    targets,
    ...(targets[0] && { description: targets[0].description }),
    digest,
  };
}
