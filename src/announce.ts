/**
 * What the log says of a plan and of what came of it, and what later steps are told beside the outputs.
 */

import { appendFileSync } from 'node:fs';
import type { Environment } from './engine/command.ts';
import { formatDigestReference } from './image/reference.ts';
import type { Outcome } from './outputs.ts';
import type { Plan, PublicationPlan } from './plan.ts';
import type { Log } from './report/log.ts';

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
  if (thePlan.staging !== undefined && outcome.digest !== undefined) return;
  if (!outcome.published || outcome.digest === undefined) {
    log.notice(`Nothing was published, because ${outcome.reason}.`);
    return;
  }
  const { digest } = outcome;
  const [main = '', ...others] = (outcome.places ?? []).map(({ repository }) =>
    formatDigestReference(repository, digest),
  );
  const references = [main, ...others];
  // The runner's list of what a job made, for attestation steps (actions/runner, CreateArtifactsFileCommand).
  if (env.GITHUB_ARTIFACTS) appendFileSync(env.GITHUB_ARTIFACTS, references.map((each) => `oci://${each}\n`).join(''));
  // The main one is the last line of the log.
  for (const reference of [...others, main]) log.info(`Published ${reference}`);
}
