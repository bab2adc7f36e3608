/** Whether the run pushes, and why. */

import type { BuildRequest } from '../build/build-request.ts';
import { publishingRuleOf } from '../github/publishing-event.ts';
import { readOnlyRun } from '../github/read-only-token.ts';
import type { Run } from '../github/workflow-run.ts';
import type { PublicationInputs } from '../inputs/publication-inputs.ts';
import type { PushDecision } from './plan.ts';

/** Whether the run publishes. */
export function resolvePush(
  push: PublicationInputs['push'],
  run: Run,
  call: BuildRequest['call'] = 'build',
): PushDecision {
  const decide = (value: boolean, reason: string, yieldsBecause?: string): PushDecision => ({
    value,
    reason,
    yieldsBecause,
  });
  if (call !== 'build') return decide(false, `\`call\` is ${call}`);
  if (push === 'true') return decide(true, '`push` is true');
  if (push === 'false') return decide(false, '`push` is false');
  const { publishes, reason } = publishingRuleOf(run);
  if (run.ref.kind === 'pull') {
    const fork = readOnlyRun(run) === 'fork' ? ' from a fork' : '';
    return decide(false, `the run is for pull request ${run.ref.name}${fork} and \`push\` is auto`);
  }
  if (!publishes) return decide(false, `${reason}, and \`push\` is auto`);
  // Dependabot's runs have a token that only reads, unless `permissions` gives it more: the registry knows.
  if (readOnlyRun(run) === 'dependabot') {
    return decide(true, reason, 'Dependabot started the run, and its token only reads');
  }
  return decide(true, reason);
}
