import { describe, expect, test } from '@jest/globals';
import { parseEventPayload } from '../../../src/github/event-payload.ts';
import { readOnlyRun } from '../../../src/github/read-only-token.ts';

function pullRequestFrom(repository: string | undefined): string {
  const head = { sha: 'abc', repo: repository === undefined ? null : { full_name: repository } };
  return JSON.stringify({ number: 7, pull_request: { number: 7, head } });
}

const own = pullRequestFrom('octo-org/App');
const fork = pullRequestFrom('mona/app');

describe('a run has a token that only reads', () => {
  test.each([
    ['on a pull request from a fork', 'pull_request', fork, 'mona', 'fork'],
    ['on a review of one', 'pull_request_review', fork, 'octocat', 'fork'],
    ['on a pull request from a fork that was deleted', 'pull_request', pullRequestFrom(undefined), 'mona', 'fork'],
    ['on a fork’s pull request, even if Dependabot made it', 'pull_request', fork, 'dependabot[bot]', 'fork'],
    ['when Dependabot opens a pull request', 'pull_request', own, 'dependabot[bot]', 'dependabot'],
    ['when Dependabot pushes', 'push', '{}', 'dependabot[bot]', 'dependabot'],
  ])('%s', (_title, eventName, payload, actor, expected) => {
    expect(run(eventName, payload, actor)).toBe(expected);
  });
});

describe('a run has no such token', () => {
  test.each([
    ['on a pull request of the repository itself, whatever its case', 'pull_request', own, 'octocat'],
    ['on pull_request_target, which runs with the rights of the target', 'pull_request_target', fork, 'mona'],
    ['on a push', 'push', '{}', 'octocat'],
    ['on a schedule that Dependabot is said to have started', 'schedule', '{}', 'dependabot[bot]'],
    ['outside of a workflow', '', '', ''],
  ])('%s', (_title, eventName, payload, actor) => {
    expect(run(eventName, payload, actor)).toBeUndefined();
  });
});

function run(eventName: string, payload: string, actor: string): 'fork' | 'dependabot' | undefined {
  const sourceRepository = { owner: 'Octo-Org', name: 'app' };
  return readOnlyRun({ eventName, event: parseEventPayload(payload), actor, sourceRepository });
}
