/** An image that is whole in a repository, and how far its tags have moved by then. */

import { PublishError, withContext } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import type { StoredManifest } from '../image/manifest.ts';
import { formatTagReference } from '../image/reference.ts';
import { formatRepository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import type { NamedTarget, Target } from '../plan/target.ts';

/** An image in a repository, with all that its manifest points at. At most the version tag points at it. */
export interface PushedImage {
  readonly target: Target;
  readonly digest: Digest;
  /** `undefined` if the registry does not let this login read it; no tag is then left to move. */
  readonly manifest: StoredManifest | undefined;
  /** The tags that do not point at it yet, in the order in which they move. */
  readonly unmoved: readonly Tag[];
  /** Whether the step read the manifest from this repository, so that it need not ask for it again. */
  readonly isSeen: boolean;
}

/** What a build or a source was pushed as. */
export interface PushResult {
  readonly images: readonly PushedImage[];
  /** Empty if no engine has the image. */
  readonly imageId: string;
  /** buildx's own report, JSON; empty if another tool built, or none. */
  readonly metadata: string;
}

/** The tags that point at an image since its push. */
export function movedTags({ target: { tags }, unmoved }: PushedImage): readonly Tag[] {
  return tags.filter((tag) => !unmoved.includes(tag));
}

/** A failure in one repository, with what has moved in another. */
export function withMoved(error: unknown, { destination: { repository } }: Target, moved: readonly Tag[]): unknown {
  if (!(error instanceof PublishError) || moved.length === 0) return error;
  return withContext(error, `In ${formatRepository(repository)} moved: ${moved.join(', ')}.`);
}

/** The name under which an engine pushes. */
export function mainReference({ destination: { repository }, tags: [tag] }: NamedTarget): string {
  return formatTagReference(repository, tag);
}
