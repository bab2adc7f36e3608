/**
 * Runs whose token only reads, as far as the event tells.
 */

import type { Run } from './workflow-run.ts';

/** The events of a pull request that run with the rights of where it comes from; `pull_request_target` does not. */
const pullRequestEvents: readonly string[] = ['pull_request', 'pull_request_review', 'pull_request_review_comment'];

/** The further events on which a run of Dependabot is held to be one of a fork. */
const dependabotEvents: readonly string[] = [...pullRequestEvents, 'push', 'create', 'deployment', 'deployment_status'];

/**
 * Whether GitHub gives the jobs of a run a token that only reads, and no secrets.
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows, "Workflows in forked
 * repositories"; https://docs.github.com/en/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions)
 * @returns `fork`: whatever `permissions` says; `dependabot`: unless `permissions` says otherwise
 */
export function readOnlyRun({
  eventName,
  event,
  actor,
  sourceRepository: source,
}: Pick<Run, 'eventName' | 'event' | 'actor' | 'sourceRepository'>): 'fork' | 'dependabot' | undefined {
  if (pullRequestEvents.includes(eventName) && event.pullRequestNumber !== undefined && source !== undefined) {
    // A deleted fork has no name any more, and counts as a fork.
    const head = event.pullRequestHeadRepository?.toLowerCase();
    if (head !== `${source.owner}/${source.name}`.toLowerCase()) return 'fork';
  }
  return actor === 'dependabot[bot]' && dependabotEvents.includes(eventName) ? 'dependabot' : undefined;
}
