/** Where an image goes and what it is called there: a destination of the plan, with the names that its tags allow. */

import { formatRepository, isSameRepository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import type { DescribedTag, ImageDescription } from '../metadata/describe-image.ts';
import type { Destination } from './plan.ts';

/** One destination, and the names of the image there. */
export interface Target {
  readonly destination: Destination;
  /** For this repository: the tags that it has decide which tags are held. */
  readonly description: ImageDescription;
  /** The tags of the description in the order in which they move: the main one first, `latest` last. */
  readonly tags: readonly Tag[];
}

/** A target that gets at least one tag. */
export interface NamedTarget extends Target {
  readonly tags: readonly [Tag, ...Tag[]];
}

/** @param description of all repositories: a tag of another one is left out */
export function targetOf(destination: Destination, description: ImageDescription): Target {
  const name = formatRepository(destination.repository);
  const isHere = ({ repository = name }: DescribedTag): boolean => repository === name;
  // A rule of all repositories may give a tag that one of them has by its own reference, too.
  const tags = [...new Map(description.tags.filter(isHere).map((each) => [each.tag, each])).values()];
  const own = { ...description, tags, held: description.held.filter(isHere) };
  return { destination, description: own, tags: movingOrder(own) };
}

export function isNamed(target: Target): target is NamedTarget {
  return target.tags.length > 0;
}

/** Whether both are one repository. A plan names each repository once. */
export function isSameTarget(one: Target, other: Target): boolean {
  return isSameRepository(one.destination.repository, other.destination.repository);
}

/** Why a target that gets no tag gets none, as a clause. */
export function reasonForNoTag({ description }: Target): string {
  return description.held.length > 0 ? 'each of its tags would move backwards' : 'no tag came out of `tags`';
}

function movingOrder({ tags: [main, ...others] }: ImageDescription): readonly Tag[] {
  const isLatest = ({ kind }: DescribedTag): boolean => kind === 'latest';
  const ordered = [...others.filter((each) => !isLatest(each)), ...others.filter(isLatest)];
  return [...(main === undefined ? [] : [main]), ...ordered].map(({ tag }) => tag);
}
