/** An error with its cause and remedy in this very run. */

import type { Circumstances } from '../diagnosis/explain.ts';
import type { Run } from '../github/workflow-run.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import type { StepSecrets } from '../step/step-secrets.ts';

/** What an error of a run with this plan can be explained by. */
export function circumstancesOf(
  { product, destinations, push }: PublicationPlan,
  run: Run,
  secrets: StepSecrets,
): Circumstances {
  return { product, destinations, push: push.value, run, secrets };
}
