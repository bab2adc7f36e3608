/** A plan: every decision of a run, each with its reason. */

import type { BakeDefinition } from '../build/bake-definition.ts';
import type { BuildRequest } from '../build/build-request.ts';
import type { Product } from '../github/product.ts';
import type { Repository } from '../image/repository.ts';
import type { SourceSpec } from '../image/transport.ts';
import type { AttestedPredicate } from '../inputs/attested-predicates.ts';
import type { IfExists, Verification } from '../inputs/publication-inputs.ts';
import type { Staging } from '../legs/leg-key.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import type { CredentialDecision } from './credential-decision.ts';
import type { RegistryDecision } from './registry-decision.ts';

/** A decision with the reason for it, as a clause. */
export interface Decision<Value> {
  readonly value: Value;
  readonly reason: string;
}

/** Whether the run publishes. */
export interface PushDecision extends Decision<boolean> {
  /** Why a registry's refusal is no failure of this run, as a clause; `undefined` where it is one. */
  readonly yieldsBecause: string | undefined;
}

/** One repository that the image goes to. */
export interface Destination {
  readonly registry: RegistryDecision;
  readonly repository: Repository;
  readonly credential: CredentialDecision;
  /** The package's page on GitHub; empty elsewhere. */
  readonly packageUrl: string;
}

/** Where an image already is. */
export interface PlannedSource {
  readonly spec: SourceSpec;
  /** The repository that it is in, for a source in a registry. */
  readonly from?: Omit<Destination, 'packageUrl'>;
  readonly referrers: boolean;
}

/** Where an image goes and what it is called there, whatever its content comes from. */
export interface PublicationPlan {
  /** Of the plan's own form; raised when a reader of the JSON would have to change. */
  readonly schema: 1;
  readonly product: Product;
  /** The first is the main one; empty when `images` enables none. */
  readonly destinations: readonly Destination[];
  /** As far as is known without the tags that the registry has. */
  readonly description: ImageDescription;
  readonly ifExists: IfExists;
  readonly push: PushDecision;
  /** What is attested before a tag moves; absent: nothing. */
  readonly attested?: readonly AttestedPredicate[];
  readonly verify: Verification;
  readonly retries: number;
  /** What a person would want to know, as sentences. */
  readonly notes: readonly string[];
}

/** What is published: an image that the step builds, or one that exists. */
export type PlannedContent =
  | { readonly build: BuildRequest; readonly source?: undefined }
  | { readonly source: PlannedSource; readonly build?: undefined };

/** Something that a build asks for and not every Docker engine does. */
export interface BuilderNeed {
  /** As in "an engine cannot …": "build for several platforms at once". */
  readonly what: string;
  /** The input or inputs that ask for it: "`platforms` (several)". */
  readonly input: string;
}

/** The plan of one image as its JSON shows it. */
export interface ImagePlan extends PublicationPlan {
  /** Absent: the image is built. */
  readonly source?: PlannedSource | undefined;
  /** Absent: the image exists. */
  readonly build?: BuildRequest | undefined;
  /** Why the step makes a builder for the job, if the Docker engine of the runner does not do all of it; absent: it needs none. */
  readonly builderNeeds?: readonly BuilderNeed[];
  /** The image is a leg that `merge` joins with others, and gets no tag; absent: it is published by this step. */
  readonly staging?: Staging;
  readonly loginScope: 'step' | 'job';
}

/** The plan of a publish as its JSON shows it. */
export interface PlanDocument extends ImagePlan {
  /** What a bake file adds; absent: none says what is built. */
  readonly bake?: BakePlan;
}

/** The plans of the targets of a bake file that are published. */
export interface BakePlan {
  /** In the order in which they are published. The plan around this one is the first of them. */
  readonly targets: readonly TargetPlan[];
  /** Targets that are built with them and make no image: they write files, or nothing. */
  readonly others: readonly string[];
}

/** The plan of one target. */
export interface TargetPlan {
  readonly target: string;
  readonly plan: ImagePlan;
}

export type Plan = PlanDocument & PlannedContent;

/** A plan, and the one part of it that the registry may change. */
export interface Planned<Kind extends PublicationPlan = Plan> {
  readonly plan: Kind;
  /**
   * The description again, for a repository that has these tags: `latest` and other floating tags never move backwards.
   */
  readonly describe: (existingTags: readonly string[]) => ImageDescription;
  /** The images of a bake file; absent: no bake file says what is built. */
  readonly baked?: PlannedBake;
}

/** The targets of a bake file, as they are built together. */
export interface PlannedBake {
  readonly definition: BakeDefinition;
  /** Those that are published, in order. */
  readonly targets: readonly PlannedTarget[];
  /** What makes no image, or is only linked to by another target. */
  readonly others: readonly BesideTarget[];
  /** As the input `allow` has it. */
  readonly allow: readonly string[];
}

/** A target that is built beside those that are published. */
export interface BesideTarget {
  readonly name: string;
  readonly request: BuildRequest;
  /** Whether the inputs ask for it; otherwise buildx builds it if another one links to it. */
  readonly isAsked: boolean;
}

/** A target that is published. */
export interface PlannedTarget {
  readonly name: string;
  readonly plan: Plan & { readonly build: BuildRequest };
  readonly describe: Planned['describe'];
}
