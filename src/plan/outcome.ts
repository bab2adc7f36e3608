/** What came of a plan, as a value. */

import type { Digest } from '../image/digest.ts';
import type { StoredManifest } from '../image/manifest.ts';
import type { Tag } from '../image/tag.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import type { Plan, PlanDocument, PublicationPlan, PushDecision } from './plan.ts';
import { type Target, targetOf } from './target.ts';

/** An attestation that GitHub keeps. */
export interface Attested {
  readonly id: string;
  /** Its page on GitHub. */
  readonly url: string;
  /** The file with the bundles of all attestations of this step, one a line. */
  readonly bundlePath: string;
}

/** What a published image comes after. */
export interface PreviousImage {
  /** Of the version before; or the main tag itself, if it pointed at another image until it moved. */
  readonly tag: Tag;
  readonly manifest: StoredManifest;
}

/** What came of a plan. */
export interface Outcome {
  /** The decision that the run carried out: a registry's refusal may have changed that of the plan. */
  readonly push: PushDecision;
  readonly published: boolean;
  /** Why nothing was published; empty when it was. */
  readonly reason: string;
  /** Names of the image in the main repository, as they were in the end. */
  readonly description: ImageDescription;
  /**
   * Where the image is, with its names there: this run published or staged it, or it existed before. Empty if it is nowhere. A
   * repository whose tags were all held is not among them.
   */
  readonly targets: readonly Target[];
  readonly digest: Digest | undefined;
  /** What the digest is of, as the registry has it; absent if nothing was published. */
  readonly manifest?: StoredManifest;
  readonly imageId: string;
  /** The image's configuration, if it was read on the way. */
  readonly config?: Uint8Array;
  /** `os/arch[/variant]` → digest of its manifest. */
  readonly platforms: Readonly<Record<string, Digest>>;
  /** What a person would want to know of the result, as sentences. */
  readonly remarks?: readonly string[];
  /** buildx's own report, JSON; empty without. */
  readonly metadata: string;
  /** Of what was published, in the order in which they were made; absent if the plan attests nothing. */
  readonly attested?: readonly Attested[];
  /** Of a bake file: what came of each target, in the order of the plan. The outcome around them is of the first one. */
  readonly ofTargets?: readonly Outcome[];
  /** Absent if there is none, or nobody is going to compare. */
  readonly previous?: PreviousImage;
}

/** The outcome of a plan that was not carried out. */
export function nothingDone(plan: PublicationPlan & Pick<PlanDocument, 'bake'>, reason: string): Outcome {
  const { description, push, bake } = plan;
  return {
    ...(bake && { ofTargets: bake.targets.map((each) => nothingDone(each.plan, reason)) }),
    push,
    published: false,
    reason,
    description,
    targets: [],
    digest: undefined,
    imageId: '',
    platforms: {},
    metadata: '',
  };
}

/** Where the image is; if it is nowhere, where it would go. */
export function targetsOf(plan: PublicationPlan, { targets, description }: Outcome): readonly Target[] {
  return targets.length > 0 ? targets : plan.destinations.map((destination) => targetOf(destination, description));
}

/** Whether a leg is in its repositories now. A leg has no tag there, unlike a version that already exists. */
export function isStaged({ staging }: Pick<Plan, 'staging'>, { digest, description }: Outcome): boolean {
  return staging !== undefined && digest !== undefined && description.tags.length === 0;
}
