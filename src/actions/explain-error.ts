/** An error with its cause and remedy in this very run. */

import type { Circumstances } from '../diagnosis/explain.ts';
import { means } from '../engine/tool-output.ts';
import { BuildError } from '../errors.ts';
import type { Run } from '../github/workflow-run.ts';
import { plansOfTargets } from '../plan/baked-plans.ts';
import type { AnyPlan } from '../plan/list-decisions.ts';
import type { StepSecrets } from '../step/step-secrets.ts';

/** By what an error of a run with this plan can be explained. */
export function circumstancesOf(plan: AnyPlan, run: Run, secrets: StepSecrets): Circumstances {
  const { product } = plan;
  const destinations = plansOfTargets(plan).flatMap((each): Circumstances['destinations'] => each.destinations);
  return { product, destinations, push: 'push' in plan && plan.push.value, run, secrets };
}

/**
 * Throws an error again, with its cause and remedy. Only a step that fails loads the diagnosis. What a process of the Dockerfile
 * printed is not about this run.
 */
export function explainIn(circumstances: Circumstances): (error: unknown) => Promise<never> {
  return async (error) => {
    if (error instanceof BuildError && means(error.message, 'process')) throw error;
    const { explain } = await import('../diagnosis/explain.ts');
    throw explain(error, circumstances);
  };
}
