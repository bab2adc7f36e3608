import { describe, expect, test } from '@jest/globals';
import { parseEventPayload } from '../../../src/github/event-payload.ts';
import { publishingRuleOf, publishingRules } from '../../../src/github/publishing-event.ts';

const publishes = (eventName: string, payload: object = {}): boolean =>
  publishingRuleOf({ eventName, event: parseEventPayload(JSON.stringify(payload)) }).publishes;

const repository = { full_name: 'octo-org/octo-app' };
const ended = (run: object): object => ({ repository, workflow_run: { head_repository: repository, ...run } });

describe('by itself', () => {
  test.each([
    ['a push', 'push', {}],
    ['a schedule', 'schedule', {}],
    ['a run that someone started', 'workflow_dispatch', {}],
    ['a release', 'release', { action: 'published', release: { draft: false } }],
    ['a workflow that a push started', 'workflow_run', ended({ event: 'push' })],
    ['a terminal', '', {}],
  ])('%s publishes', (_title, eventName, payload) => {
    expect(publishes(eventName, payload)).toBe(true);
  });

  test.each([
    ['a pull request', 'pull_request', {}],
    ['a pull request with the rights of the base', 'pull_request_target', {}],
    ['a merge queue', 'merge_group', {}],
    ['a comment', 'issue_comment', {}],
    ['a branch that is gone', 'delete', {}],
    ['a draft of a release', 'release', { action: 'created', release: { draft: true } }],
    ['a release that is deleted', 'release', { action: 'deleted', release: {} }],
    ['a release that is withdrawn', 'release', { action: 'unpublished', release: {} }],
    ['a workflow that a pull request started', 'workflow_run', ended({ event: 'pull_request' })],
    [
      'a workflow that a fork started',
      'workflow_run',
      ended({ event: 'push', head_repository: { full_name: 'mona/app' } }),
    ],
    ['a workflow of unknown origin', 'workflow_run', {}],
    ['an event that is not known', 'page_build', {}],
    ['a name that every object has', 'constructor', {}],
  ])('%s does not', (_title, eventName, payload) => {
    expect(publishes(eventName, payload)).toBe(false);
  });
});

test('each rule has its reason', () => {
  for (const { reason } of Object.values(publishingRules)) expect(reason).toMatch(/^[a-z].*[a-zA-Z]$/);
});
