import { expect, test } from '@jest/globals';
import { publishingRules } from '../../../src/github/publishing-event.ts';
import { mayBuildStrangersCode } from '../../../src/github/strangers-code.ts';
import { aRun } from '../../support/builders.ts';

const pullRequestOf = (full_name: string | null) => ({
  number: 15,
  pull_request: { number: 15, head: { sha: '0'.repeat(40), repo: full_name === null ? null : { full_name } } },
});
const endedRunOf = (event: string, full_name: string) => ({ workflow_run: { event, head_repository: { full_name } } });
const own = 'octo-org/octo-app';

test.each([
  ['a push', 'push', {}, false],
  ['a release', 'release', { release: { tag_name: 'v1' } }, false],
  ['a pull request of the repository itself', 'pull_request', pullRequestOf('Octo-Org/Octo-App'), false],
  ['one of a fork', 'pull_request', pullRequestOf('stranger/octo-app'), true],
  ['one of a fork that was deleted', 'pull_request', pullRequestOf(null), true],
  ['pull_request_target of a fork', 'pull_request_target', pullRequestOf('stranger/octo-app'), true],
  ['pull_request_target of the repository itself', 'pull_request_target', pullRequestOf(own), false],
  ['a review of a pull request of a fork', 'pull_request_review', pullRequestOf('stranger/octo-app'), true],
  ['a workflow that a push started', 'workflow_run', endedRunOf('push', own), false],
  ['a workflow that a pull request started', 'workflow_run', endedRunOf('pull_request', own), true],
  ['a workflow that a fork started', 'workflow_run', endedRunOf('push', 'stranger/octo-app'), true],
  ['a comment', 'issue_comment', {}, true],
  ['an event that is not known', 'something_new', {}, true],
  ['a terminal', '', {}, false],
])('%s: %s', (_what, GITHUB_EVENT_NAME, event, expected) => {
  const payload = { repository: { full_name: own }, ...event };
  expect(mayBuildStrangersCode(aRun({ GITHUB_EVENT_NAME }, payload))).toBe(expected);
});

test('each event that publishes by itself is one of people who may write', () => {
  const events = Object.keys(publishingRules).filter((name) => publishingRules[name]?.publishes);
  for (const GITHUB_EVENT_NAME of events.filter((name) => name !== 'workflow_run')) {
    expect({ GITHUB_EVENT_NAME, is: mayBuildStrangersCode(aRun({ GITHUB_EVENT_NAME })) }).toMatchObject({ is: false });
  }
});
