/** Deletes old versions of a package, and nothing that one which stays needs: the action of `cleanup/action.yml`. */

import { cleanUp } from '../cleanup/clean-up.ts';
import { openGitHubStore } from '../cleanup/github-store.ts';
import { openRegistryStore } from '../cleanup/registry-store.ts';
import type { VersionStore } from '../cleanup/version-store.ts';
import { RegistryError } from '../errors.ts';
import { findPackage } from '../github/package-versions.ts';
import { formatRepository } from '../image/repository.ts';
import { type CleanupInputs, cleanupInputDefaults, parseCleanupInputs } from '../inputs/cleanup-inputs.ts';
import type { CleanupOutcome } from '../plan/cleanup-outcome.ts';
import { type CleanupPlan, planCleanup } from '../plan/plan-cleanup.ts';
import { type CleanupOutputName, formatCleanupOutputs } from '../report/cleanup-outputs.ts';
import { formatVersions, headOfCleanup } from '../report/summary-cleanup.ts';
import { retryPorts } from '../step/retry-ports.ts';
import type { Action, Done, Workplace } from './action.ts';
import { withGitHubApi } from './with-github-api.ts';

interface CleanupTypes {
  readonly name: keyof typeof cleanupInputDefaults;
  readonly inputs: CleanupInputs;
  readonly planned: { readonly plan: CleanupPlan };
  readonly outcome: CleanupOutcome;
  readonly output: CleanupOutputName;
}

export const cleanupAction: Action<CleanupTypes> = {
  defaults: cleanupInputDefaults,
  participle: 'cleaned up',
  parse: parseCleanupInputs,
  plan: (inputs, { run, registryAuth, server }) => ({ plan: planCleanup(inputs, run, registryAuth, server) }),
  work: cleanUpIn,
  announce: (_plan, outcome, { log }) => {
    for (const remark of outcome.remarks) log.warning(remark);
    log.notice(`${headOfCleanup(outcome)}.${outcome.isDryRun ? ' Set `dry-run: false` to delete them.' : ''}`);
  },
  outputs: (_plan, outcome) => formatCleanupOutputs(outcome),
  publication: () => undefined,
  cleanup: (outcome) => outcome,
};

async function cleanUpIn(
  { plan }: CleanupTypes['planned'],
  inputs: CleanupInputs,
  { process: { env, log, termination }, step, run, runStage }: Workplace,
): Promise<Done<CleanupOutcome>> {
  const [{ repository }] = plan.destinations;
  const work = (store: VersionStore): Promise<CleanupOutcome> =>
    runStage('cleanup', 'Clean up', () =>
      cleanUp(plan, repository, {
        registry: step.registry,
        store,
        now: Date.now,
        log: log.info,
        onDecided: (outcome) => {
          for (const line of formatVersions(outcome)) log.info(line);
        },
      }),
    );
  if (plan.way.value === 'registry') {
    return { outcome: await work(openRegistryStore(step.registry, repository)), loginVariables: {} };
  }
  const attempts = { retries: plan.retries, ...retryPorts(log, termination) };
  const options = { url: run.apiUrl, token: inputs.token, environment: env, signal: termination, attempts };
  return withGitHubApi(options, async (api) => {
    const found = await findPackage(api, repository, run.event.ownerType);
    if (found === undefined) {
      throw new RegistryError('PACKAGE_NOT_READABLE', {
        message: `GitHub shows this token no package ${formatRepository(repository)}.`,
        remedy:
          'Check `owner` and `image`. The package must give this repository the role *Admin* (package settings, *Manage Actions access*), and the job needs `permissions: packages: write`.',
      });
    }
    return {
      outcome: await work(openGitHubStore(found, step.registry, repository, Date.now)),
      loginVariables: {},
    };
  });
}
