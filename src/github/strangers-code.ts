/** Runs that may build what a stranger wrote, although they have the rights of the repository. */

import { publishingRules } from './publishing-event.ts';
import type { Run } from './workflow-run.ts';

/** What anyone does, and a workflow may answer by building what they name (events-that-trigger-workflows). */
const eventsOfAnyone: readonly string[] = [
  'issue_comment',
  'issues',
  'discussion',
  'discussion_comment',
  'fork',
  'watch',
];

/**
 * Whether somebody without write access may have written what a run builds. An event that is not known is taken for one of them.
 * (https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/)
 */
export function mayBuildStrangersCode({
  eventName,
  event,
  sourceRepository: source,
}: Pick<Run, 'eventName' | 'event' | 'sourceRepository'>): boolean {
  if (eventName === '') return false;
  if (eventName.startsWith('pull_request')) {
    // A deleted fork has no name any more, and counts as a fork.
    const head = event.pullRequestHeadRepository?.toLowerCase();
    return source === undefined || head !== `${source.owner}/${source.name}`.toLowerCase();
  }
  if (eventName === 'workflow_run') return event.workflowRun?.isOfStranger !== false;
  return eventsOfAnyone.includes(eventName) || !Object.hasOwn(publishingRules, eventName);
}
