/** What the log says of a plan and of its outcome, and what later steps learn beside the outputs. */

import { formatDigestReference } from '../image/reference.ts';
import type { Log } from '../log/log.ts';
import type { AnyPlan } from '../plan/list-decisions.ts';
import { isStaged, type Outcome } from '../plan/outcome.ts';
import type { Plan, PublicationPlan } from '../plan/plan.ts';
import { appendText } from '../step/runner-files.ts';
import type { Environment } from '../text/environment.ts';

/** Notices for decisions that a person would want to know, and warnings for what is odd. */
export function tellOf(plan: AnyPlan, log: Log): void {
  for (const note of plan.notes) log.notice(note);
  if ('description' in plan) for (const warning of plan.description.warnings) log.warning(warning);
}

/** Tells people and later steps what was published. */
export function announce(
  thePlan: PublicationPlan & Pick<Plan, 'staging'>,
  outcome: Outcome,
  env: Environment,
  log: Log,
): void {
  if (isStaged(thePlan, outcome)) return;
  if (!outcome.published || outcome.digest === undefined) {
    log.notice(`Nothing was published, because ${outcome.reason}.`);
    return;
  }
  const { digest, places = [] } = outcome;
  const references = places.map(({ repository }) => formatDigestReference(repository, digest));
  // The runner's list of what a job made, for attestation steps (actions/runner, CreateArtifactsFileCommand).
  appendText(env.GITHUB_ARTIFACTS, references.map((each) => `oci://${each}\n`).join(''));
  // The main one comes last.
  for (const { repository, description } of [...places.slice(1), ...places.slice(0, 1)]) {
    const tags = description.tags.map(({ tag }) => tag).join(', ');
    const destination = thePlan.destinations.find((each) => each.repository === repository);
    log.info(`Published ${formatDigestReference(repository, digest)} as ${tags}`);
    if (destination?.packageUrl) log.info(`Package ${destination.packageUrl}`);
  }
}
