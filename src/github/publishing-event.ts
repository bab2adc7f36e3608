/**
 * Which events publish by themselves, and why (https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows).
 */

import type { Run } from './workflow-run.ts';

/** What an event means for publishing. */
interface PublishingRule {
  readonly publishes: boolean;
  /** A clause: "someone with write access pushed it". */
  readonly reason: string;
}

const byWriter = (reason: string): PublishingRule => ({ publishes: true, reason });
const byAnyone = (reason: string): PublishingRule => ({ publishes: false, reason });

const ofPullRequest = byAnyone('the code of a pull request is published once it is merged, by the push that merges it');

/** By the name of the event. An event that is not here does not publish by itself. */
export const publishingRules: Readonly<Record<string, PublishingRule>> = {
  push: byWriter('someone with write access pushed the branch or tag'),
  create: byWriter('someone with write access made the branch or tag'),
  release: byWriter('someone with write access released it'),
  schedule: byWriter('the workflow of the default branch runs at a time of its own'),
  workflow_dispatch: byWriter('someone with write access started the workflow'),
  repository_dispatch: byWriter('someone with write access started the workflow by the API'),
  workflow_run: byWriter('another workflow of this repository ended, which no pull request had started'),
  deployment: byWriter('someone with write access deploys it'),
  registry_package: byWriter('a package of the owner, such as a base image, was published'),
  pull_request: ofPullRequest,
  pull_request_target: ofPullRequest,
  pull_request_review: ofPullRequest,
  pull_request_review_comment: ofPullRequest,
  merge_group: byAnyone('the merge queue tries a merge that may never happen'),
  delete: byAnyone('the branch or tag of the event is gone'),
  issue_comment: byAnyone('anyone may comment'),
  issues: byAnyone('anyone may open an issue'),
  discussion: byAnyone('anyone may start a discussion'),
  discussion_comment: byAnyone('anyone may comment'),
  fork: byAnyone('anyone may fork the repository'),
  watch: byAnyone('anyone may star the repository'),
};

const goneReleases: readonly string[] = ['deleted', 'unpublished'];

/**
 * Whether an event publishes by itself. A run without an event, at a terminal, is someone's own.
 * @param run whose name and payload decide
 */
export function publishingRuleOf({ eventName, event }: Pick<Run, 'eventName' | 'event'>): PublishingRule {
  if (eventName === '') return byWriter('the run has no event');
  const rule = Object.hasOwn(publishingRules, eventName) ? publishingRules[eventName] : undefined;
  if (rule === undefined) return byAnyone(`nothing says that the event \`${eventName}\` means to publish`);
  if (eventName === 'workflow_run' && event.workflowRun?.isOfStranger !== false) {
    return byAnyone(
      'the workflow that ended was started by a pull request, by a fork, or by an event that is not known',
    );
  }
  if (eventName === 'release' && event.isDraft === true) return byAnyone('the release is a draft');
  if (eventName === 'release' && goneReleases.includes(event.action ?? '')) return byAnyone('the release is withdrawn');
  return rule;
}
