/**
 * The plan of `merge/`: the names of a publish, and which legs come together under them.
 */

import { gatherFaults } from '../errors.ts';
import type { Run } from '../github/workflow-run.ts';
import type { Digest } from '../image/digest.ts';
import { isLevelOfIndex } from '../image/image-index.ts';
import type { Platform } from '../image/platform.ts';
import type { MergeInputs } from '../inputs/merge-inputs.ts';
import type { Staging } from '../legs/leg-key.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import { refuseDockerRegistry, resolveStaging } from './leg-decision.ts';
import type { Planned, PublicationPlan } from './plan.ts';
import { draftPublication, type PublicationFacts } from './plan-publication.ts';
import { resolvePush } from './push-decision.ts';

/** Which legs are merged. */
export type LegSelection =
  | { readonly kind: 'staged'; readonly staging: Staging }
  | { readonly kind: 'digests'; readonly digests: readonly Digest[] };

export interface MergePlan extends PublicationPlan {
  readonly legs: LegSelection;
  /** Those that have to be there, and no others; empty where nothing is expected. */
  readonly platforms: readonly Platform[];
  /** Whether the user asked for annotations, beside those that every image has. */
  readonly needsAnnotations: boolean;
}

/**
 * A merge writes the index and nothing below it, so annotations that name no level are the index's.
 * @throws InputError, or InputFaults with every fault; INDEX_UNSUPPORTED for a Docker registry
 */
export function planMerge(inputs: MergeInputs, run: Run, facts: PublicationFacts): Planned<MergePlan> {
  const faults = gatherFaults();
  const metadata = { ...facts.metadata, annotationLevels: ['index'] };
  const push = resolvePush(inputs.push, run);
  const draft = draftPublication({ ...inputs, labels: '' }, run, { ...facts, metadata }, push, faults);
  const { digests, stage, platforms } = inputs;
  const needsAnnotations = inputs.annotations.trim() !== '';
  const staging = faults.attempt(() => (digests === undefined ? resolveStaging(stage, run) : undefined));
  faults.attempt(() => refuseDockerRegistry(draft.registries));
  faults.throwIfAny();
  const legs: LegSelection =
    staging === undefined ? { kind: 'digests', digests: digests ?? [] } : { kind: 'staged', staging };
  const { plan, describe } = draft.finish([]);
  const notes = [...plan.notes, ...noteOnAnnotations(plan.description)];
  return {
    plan: { ...plan, description: ofIndex(plan.description), notes, legs, platforms, needsAnnotations },
    describe: (existingTags) => ofIndex(describe(existingTags)),
  };
}

/** A description without the annotations that a merge does not write. */
function ofIndex(description: ImageDescription): ImageDescription {
  return { ...description, annotations: description.annotations.filter(({ level }) => isLevelOfIndex(level)) };
}

/** Annotations of other levels may be those of the legs' steps too, in one text for both. */
function noteOnAnnotations({ annotations }: ImageDescription): readonly string[] {
  const others = annotations.filter(({ level }) => !isLevelOfIndex(level)).map(({ level, name }) => `${level}:${name}`);
  if (others.length === 0) return [];
  return [
    `A merge writes the index alone: ${others.join(', ')} of \`annotations\` belong to the steps that build the legs.`,
  ];
}
