/** What came of a plan, as a value. */

import type { Digest } from '../image/digest.ts';
import type { StoredManifest } from '../image/manifest.ts';
import type { Repository } from '../image/repository.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import type { Plan, PublicationPlan, PushDecision } from './plan.ts';

/** A repository that has the image now, and its names there. */
export interface Place {
  readonly repository: Repository;
  readonly description: ImageDescription;
}

/** What came of a plan. */
export interface Outcome {
  /** As it was carried out: a registry's refusal may have changed the decision of the plan. */
  readonly push: PushDecision;
  readonly published: boolean;
  /** Why nothing was published; empty when it was. */
  readonly reason: string;
  /** Names of the image in the main repository, as they were in the end. */
  readonly description: ImageDescription;
  /**
   * Where the image is: published or staged by this run, or there already. Absent where it is nowhere. A repository whose
   * tags all stayed is none of them.
   */
  readonly places?: readonly Place[];
  readonly digest: Digest | undefined;
  /** What the digest is of, as the registry has it; absent where nothing was published. */
  readonly manifest?: StoredManifest;
  readonly imageId: string;
  /** The image's configuration, where it was read on the way. */
  readonly config?: Uint8Array;
  /** `os/arch[/variant]` → digest of its manifest. */
  readonly platforms: Readonly<Record<string, Digest>>;
  /** buildx's own report, JSON; empty without. */
  readonly metadata: string;
}

/** What a plan alone comes to, where nothing was done. */
export function nothingDone(plan: PublicationPlan, reason: string): Outcome {
  const { description, push } = plan;
  return { push, published: false, reason, description, digest: undefined, imageId: '', platforms: {}, metadata: '' };
}

/** Whether a leg is in its repositories now; it has no name there, unlike a version that is there already. */
export function isStaged({ staging }: Pick<Plan, 'staging'>, { digest, description }: Outcome): boolean {
  return staging !== undefined && digest !== undefined && description.tags.length === 0;
}
