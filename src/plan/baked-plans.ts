/** A plan of a bake file as the plans of its images. */

import type { AnyPlan } from './list-decisions.ts';
import type { Outcome } from './outcome.ts';
import type { ImagePlan, PlanDocument } from './plan.ts';

/** @returns the plan of each target; of a plan without a bake file, itself */
export function plansOfTargets<Kind extends AnyPlan>(plan: Kind): readonly (Kind | ImagePlan)[] {
  return 'bake' in plan && plan.bake !== undefined ? plan.bake.targets.map((each) => each.plan) : [plan];
}

/** A target with its plan, and what came of it. */
export interface TargetOutcome {
  readonly target: string;
  readonly plan: ImagePlan;
  readonly outcome: Outcome;
}

/** @returns each target of a bake file with what came of it; none without a bake file */
export function outcomesOfTargets(
  { bake }: Pick<PlanDocument, 'bake'>,
  { ofTargets = [] }: Outcome,
): readonly TargetOutcome[] {
  return (bake?.targets ?? []).flatMap((each, index) => {
    const outcome = ofTargets[index];
    return outcome === undefined ? [] : [{ ...each, outcome }];
  });
}
