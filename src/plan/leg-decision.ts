/** Whether the run stages a leg of a matrix, and under which key. */

import { InputError } from '../errors.ts';
import type { Run } from '../github/workflow-run.ts';
import type { Staging } from '../legs/leg-key.ts';
import type { RegistryDecision } from './registry-decision.ts';

/**
 * @param name as the input `stage` has it; empty for `true`
 * @throws InputError RUN_UNKNOWN outside of a workflow run
 */
export function resolveStaging(name: string, { runId, attempt }: Pick<Run, 'runId' | 'attempt'>): Staging {
  if (/^[0-9]{1,20}$/.test(runId) && /^[1-9][0-9]{0,5}$/.test(attempt)) {
    return { run: runId, attempt: Number(attempt), name };
  }
  throw new InputError('RUN_UNKNOWN', {
    message: `GITHUB_RUN_ID is "${runId}" and GITHUB_RUN_ATTEMPT "${attempt}": expected the numbers of the workflow run that the legs belong to.`,
    remedy: 'Stage and merge inside a workflow, or set both variables to the same numbers for all legs.',
  });
}

/** @throws InputError INDEX_UNSUPPORTED */
export function refuseDockerRegistry(registries: readonly RegistryDecision[]): void {
  const docker = registries.find(({ kind }) => kind === 'docker');
  if (docker === undefined) return;
  throw new InputError('INDEX_UNSUPPORTED', {
    message: `${docker.registry} is a Docker registry, which has no indexes and finds nothing by digest. You can neither stage nor merge legs there.`,
    remedy:
      'Use the Container registry (`registry: container`), or publish each platform under its own tag, without `stage`.',
  });
}
