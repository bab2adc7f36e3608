/** Whether the run pushes, and why. */

import { publishingRuleOf } from '../github/publishing-event.ts';
import { readOnlyRun } from '../github/read-only-token.ts';
import type { Run } from '../github/workflow-run.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import type { PushDecision } from './plan.ts';

/** Whether the run publishes. */
export function resolvePush(inputs: Inputs, run: Run): PushDecision {
  const decide = (value: boolean, reason: string, yieldsBecause?: string): PushDecision => ({
    value,
    reason,
    yieldsBecause,
  });
  const { call } = inputs.build.options;
  if (call !== 'build') return decide(false, `\`call\` is ${call}`);
  if (inputs.push === 'true') return decide(true, '`push` is true');
  if (inputs.push === 'false') return decide(false, '`push` is false');
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
