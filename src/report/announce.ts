/** What the log says of a plan and of its outcome, and what later steps learn beside the outputs. */

import { formatDigestReference } from '../image/reference.ts';
import type { Log } from '../log/log.ts';
import { outcomesOfTargets, plansOfTargets } from '../plan/baked-plans.ts';
import type { AnyPlan } from '../plan/list-decisions.ts';
import { isStaged, type Outcome } from '../plan/outcome.ts';
import type { Plan, PublicationPlan } from '../plan/plan.ts';
import { appendArtifacts } from '../runner/runner-files.ts';
import type { Environment } from '../text/environment.ts';

/** Notices for decisions that a person would want to know, and warnings for what is odd. */
export function tellOf(plan: AnyPlan, log: Log): void {
  const plans = plansOfTargets(plan);
  // What all targets of a bake file have in common is said once.
  for (const note of new Set(plans.flatMap(({ notes }) => notes))) log.notice(note);
  const warnings = plans.flatMap((each) => ('description' in each ? each.description.warnings : []));
  for (const warning of new Set(warnings)) log.warning(warning);
}

/** Tells people and later steps what was published. */
export function announce(
  thePlan: PublicationPlan & Pick<Plan, 'staging' | 'bake'>,
  outcome: Outcome,
  env: Environment,
  log: Log,
): void {
  const baked = outcomesOfTargets(thePlan, outcome);
  if (baked.length > 1) {
    for (const each of baked) announceOne(each.plan, each.outcome, env, log, `${each.target}: `);
  } else announceOne(thePlan, outcome, env, log);
}

function announceOne(
  thePlan: PublicationPlan & Pick<Plan, 'staging'>,
  outcome: Outcome,
  env: Environment,
  log: Log,
  head = '',
): void {
  if (isStaged(thePlan, outcome)) return;
  if (!outcome.published || outcome.digest === undefined) {
    log.notice(`${head}Nothing was published, because ${outcome.reason}.`);
    return;
  }
  const { digest, targets } = outcome;
  const references = targets.map(({ destination }) => formatDigestReference(destination.repository, digest));
  appendArtifacts(
    env,
    references.map((each) => `oci://${each}`),
  );
  for (const remark of outcome.remarks ?? []) log.notice(remark);
  // The main one comes last.
  for (const { destination, description } of [...targets.slice(1), ...targets.slice(0, 1)]) {
    const tags = description.tags.map(({ tag }) => tag).join(', ');
    log.info(`Published ${formatDigestReference(destination.repository, digest)} as ${tags}`);
    if (destination.packageUrl !== '') log.info(`Package ${destination.packageUrl}`);
  }
}
