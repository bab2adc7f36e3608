/** Joins the staged legs of a matrix into one index, under the names of a publish: the action of `merge/action.yml`. */

import { removePackageVersions } from '../github/package-versions.ts';
import { isSameRepository, type Repository } from '../image/repository.ts';
import { type MergeInputs, mergeInputDefaults, parseMergeInputs } from '../inputs/merge-inputs.ts';
import { parseContextOptions } from '../inputs/metadata-options.ts';
import type { RemoveVersions } from '../legs/leg-store.ts';
import { nothingDone, type Outcome } from '../plan/outcome.ts';
import { hasPackagesApi } from '../plan/packages-api.ts';
import type { Planned } from '../plan/plan.ts';
import { type MergePlan, planMerge } from '../plan/plan-merge.ts';
import { mergeLegs } from '../publish/merge-legs.ts';
import { announce } from '../report/announce.ts';
import { formatMergeOutputs, type MergeOutputName } from '../report/outputs.ts';
import { retryPorts } from '../step/retry-ports.ts';
import type { Action, Done, Workplace } from './action.ts';
import { noteUnreadablePackage } from './note-unreadable-package.ts';
import { attesterOf } from './open-attester.ts';
import { withGitHubApi } from './with-github-api.ts';

interface MergeTypes {
  readonly name: keyof typeof mergeInputDefaults;
  readonly inputs: MergeInputs;
  readonly planned: Planned<MergePlan>;
  readonly outcome: Outcome;
  readonly output: MergeOutputName;
}

export const mergeAction: Action<MergeTypes> = {
  defaults: mergeInputDefaults,
  participle: 'published',
  parse: parseMergeInputs,
  plan: (inputs, { process: { env }, run, registryAuth, now, server, gitHub }) =>
    planMerge(inputs, run, {
      metadata: { ...parseContextOptions(env, now), ...gitHub },
      registryAuth,
      server,
    }),
  templatesOf: ({ tags, flavor, annotations }) => [tags, flavor, annotations],
  nothingDone,
  work: mergeIn,
  withRemarks: noteUnreadablePackage,
  announce: (plan, outcome, { env, log }) => announce(plan, outcome, env, log),
  outputs: formatMergeOutputs,
  publication: (outcome) => outcome,
};

async function mergeIn(
  planned: Planned<MergePlan>,
  { token, retries, loginScope, summary }: MergeInputs,
  workplace: Workplace,
): Promise<Done<Outcome>> {
  const { process, step, run, runStage } = workplace;
  const { env, log, termination } = process;
  const removeVersions: RemoveVersions = async (repository, digests) => {
    if (!isOwnPackage(planned.plan, repository)) return false;
    const attempts = { retries, ...retryPorts(log, termination) };
    await withGitHubApi({ url: run.apiUrl, token, environment: env, signal: termination, attempts }, (api) =>
      removePackageVersions(api, repository, run.event.ownerType, digests),
    );
    return true;
  };
  const attester = attesterOf(planned.plan, token, workplace);
  const isCompared = summary && Boolean(env.GITHUB_STEP_SUMMARY);
  const ports = { registry: step.registry, removeVersions, isCompared, log, runStage, ...(attester && { attester }) };
  const outcome = await mergeLegs(planned, ports);
  // A merge needs no Docker, and so none that logs in.
  if (loginScope === 'job') await step.writeLogins();
  return { outcome, loginVariables: { DOCKER_CONFIG: step.config.folder } };
}

/** Only of a package of the run's own product, for which the step's token is, the API removes versions. */
function isOwnPackage({ destinations, product }: MergePlan, repository: Repository): boolean {
  return destinations.some(
    (destination) => isSameRepository(destination.repository, repository) && hasPackagesApi(destination, product),
  );
}
