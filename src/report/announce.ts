/**
 * What the log says of a plan and of what came of it, and what later steps are told beside the outputs.
 */

import { formatDigestReference } from '../image/reference.ts';
import type { Log } from '../log/log.ts';
import { isStaged, type Outcome } from '../plan/outcome.ts';
import type { Plan, PublicationPlan } from '../plan/plan.ts';
import { appendArtifacts } from '../runner/runner-files.ts';
import type { Environment } from '../text/environment.ts';

/** Notices for decisions that a person would want to know, and warnings for what is odd. */
export function tellOf({ notes, description }: PublicationPlan, log: Log): void {
  for (const note of notes) log.notice(note);
  for (const warning of description.warnings) log.warning(warning);
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
  const { digest, targets } = outcome;
  const references = targets.map(({ destination }) => formatDigestReference(destination.repository, digest));
  appendArtifacts(
    env,
    references.map((each) => `oci://${each}`),
  );
  // The main one comes last.
  for (const { destination, description } of [...targets.slice(1), ...targets.slice(0, 1)]) {
    const tags = description.tags.map(({ tag }) => tag).join(', ');
    log.info(`Published ${formatDigestReference(destination.repository, digest)} as ${tags}`);
    if (destination.packageUrl !== '') log.info(`Package ${destination.packageUrl}`);
  }
}
