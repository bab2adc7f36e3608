/**
 * The plan of `merge/`: the names of a publish, and which legs come together under them.
 */

import { type Faults, gatherFaults } from '../errors.ts';
import type { Run } from '../github/workflow-run.ts';
import type { Digest } from '../image/digest.ts';
import { isLevelOfIndex } from '../image/image-index.ts';
import type { Platform } from '../image/platform.ts';
import type { MergeInputs } from '../inputs/merge-inputs.ts';
import type { Staging } from '../legs/leg-key.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import { refuseDockerRegistry, resolveStaging } from './leg-decision.ts';
import type { Planned, PublicationPlan } from './plan.ts';
import { type PlanFacts, plan } from './plan-publish.ts';

/** Which legs are merged. */
export type LegSelection =
  | { readonly kind: 'staged'; readonly staging: Staging }
  | { readonly kind: 'digests'; readonly digests: readonly Digest[] };

export interface MergePlan extends PublicationPlan {
  readonly legs: LegSelection;
  /** Those that have to be there, and no others; empty where nothing is expected. */
  readonly platforms: readonly Platform[];
}

/**
 * A merge writes the index and nothing below it, so annotations that name no level are the index's.
 * @throws InputError, or InputFaults with every fault; INDEX_UNSUPPORTED for a Docker registry
 */
export function planMerge(
  inputs: MergeInputs,
  run: Run,
  facts: Omit<PlanFacts, 'checkBuild' | 'checkSource'>,
): Planned<MergePlan> {
  const faults = gatherFaults();
  const metadata = { ...facts.metadata, annotationLevels: ['index'] };
  const { options } = inputs.build;
  // Nothing is built; `platforms` is what the legs have to have.
  const build = { ...inputs.build, options: { ...options, platforms: [] } };
  const publish = { ...inputs, stage: undefined, build };
  const planned = faults.attempt(() =>
    plan(publish, run, { ...facts, metadata, checkBuild: () => {}, checkSource: () => {} }),
  );
  const legs = selectLegs(inputs, run, faults);
  if (planned !== undefined) {
    faults.attempt(() => refuseDockerRegistry(planned.plan.destinations.map(({ registry }) => registry)));
  }
  faults.throwIfAny();
  if (planned === undefined || legs === undefined) throw new Error('no fault, but no plan either');
  const { build: _, loginScope: __, ...publication } = planned.plan;
  const notes = [...publication.notes, ...noteOnAnnotations(publication.description)];
  const description = ofIndex(publication.description);
  return {
    plan: { ...publication, description, notes, legs, platforms: options.platforms },
    describe: (existingTags) => ofIndex(planned.describe(existingTags)),
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

function selectLegs({ digests, stage = '' }: MergeInputs, run: Run, faults: Faults): LegSelection | undefined {
  if (digests !== undefined) return { kind: 'digests', digests };
  const staging = faults.attempt(() => resolveStaging(stage, run));
  return staging && { kind: 'staged', staging };
}
