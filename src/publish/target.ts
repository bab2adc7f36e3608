/**
 * Brings the image to where it is published: built and pushed by the engine, pushed by the engine that holds it, or by our
 * own client. Afterwards all of it is in each repository, and no tag but perhaps the version tag points at it.
 */

import { PublishError, withContext } from '../errors.ts';
import type { RegistryKind } from '../github/product-registries.ts';
import type { Digest } from '../image/digest.ts';
import type { StoredManifest } from '../image/manifest.ts';
import { formatTagReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';

/** A repository with the names that the image gets there. */
export interface Target {
  readonly repository: Repository;
  readonly kind: RegistryKind;
  readonly description: ImageDescription;
  /** In the order in which they move: the main one with the image, `latest` last. */
  readonly tags: readonly Tag[];
}

/** An image that is whole in a repository. */
export interface Placed {
  readonly target: Target;
  readonly manifest: StoredManifest;
  /** The tags that do not point at it yet, in the order in which they move. */
  readonly unmoved: readonly Tag[];
  /** Whether the manifest was read there, by its tag or digest: it has told that it is there. */
  readonly isSeen: boolean;
}

/** The tags that point at an image since it was placed. */
export function movedOf({ target: { tags }, unmoved }: Placed): readonly Tag[] {
  return tags.filter((tag) => !unmoved.includes(tag));
}

/** A failure in one repository, with what has moved in another. */
export function withMoved(error: unknown, { repository }: Target, moved: readonly Tag[]): unknown {
  if (!(error instanceof PublishError) || moved.length === 0) return error;
  return withContext(error, `In ${formatRepository(repository)} moved: ${moved.join(', ')}.`);
}

export interface Produced {
  readonly placed: readonly Placed[];
  /** Empty where no engine has the image. */
  readonly imageId: string;
  /** buildx's own report, JSON; empty without. */
  readonly metadata: string;
}

/** Gives the targets whose version tag may still move (`if-exists`); asked right before it does. */
export type Confirm = (targets: readonly Target[], own?: readonly Digest[]) => Promise<readonly Target[]>;

export function mainReference({ repository, tags: [tag] }: Target): readonly string[] {
  return tag === undefined ? [] : [formatTagReference(repository, tag)];
}

/** Why a repository gets no tag; `undefined` where it gets one. */
export function reasonForNothing({ tags, description }: Target): string | undefined {
  if (tags.length > 0) return undefined;
  return description.held.length > 0 ? 'each of its tags would move backwards' : 'no tag came out of `tags`';
}
