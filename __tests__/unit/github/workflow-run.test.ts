import { describe, expect, test } from '@jest/globals';
import { parseGitRef, parseRun } from '../../../src/github/workflow-run.ts';

test.each([
  ['refs/heads/main', { kind: 'branch', name: 'main' }],
  ['refs/heads/feature/x', { kind: 'branch', name: 'feature/x' }],
  ['refs/heads/refs/tags/v1', { kind: 'branch', name: 'refs/tags/v1' }],
  ['refs/tags/v1.2.3', { kind: 'tag', name: 'v1.2.3' }],
  ['refs/tags/app/v1', { kind: 'tag', name: 'app/v1' }],
  ['refs/pull/15/merge', { kind: 'pull', name: '15' }],
  ['refs/pull/15/head', { kind: 'pull', name: '15/head' }],
  ['refs/notes/commits', { kind: 'none', name: '' }],
  ['main', { kind: 'none', name: '' }],
  ['', { kind: 'none', name: '' }],
])('"%s" points at %j', (ref, expected) => {
  expect(parseGitRef(ref)).toEqual(expected);
});

describe('the run', () => {
  const workflow = {
    GITHUB_SERVER_URL: 'https://ghes.example:8443',
    GITHUB_API_URL: 'https://ghes.example:8443/api/v3',
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_REF: 'refs/pull/15/merge',
    GITHUB_SHA: 'c0ffee',
    GITHUB_BASE_REF: 'main',
    GITHUB_REPOSITORY: 'Octo-Org/octo-app',
    GITHUB_ACTOR: 'octocat',
    GITHUB_RUN_ID: '7',
    GITHUB_RUN_ATTEMPT: '2',
  };

  test('is what the runner says', () => {
    const { event, serverUrl, ...run } = parseRun(workflow, '');
    expect(serverUrl.href).toBe('https://ghes.example:8443/');
    expect(event).toEqual({ commitTimes: new Map() });
    expect(run).toEqual({
      apiUrl: 'https://ghes.example:8443/api/v3',
      eventName: 'pull_request',
      ref: { kind: 'pull', name: '15' },
      sha: 'c0ffee',
      baseRef: 'main',
      sourceRepository: { owner: 'Octo-Org', name: 'octo-app' },
      actor: 'octocat',
      runId: '7',
      attempt: '2',
      hasIdToken: false,
    });
  });

  test('is on github.com, of no repository and for no ref, where nothing says otherwise', () => {
    const run = parseRun({}, '');
    expect(run.serverUrl.href).toBe('https://github.com/');
    expect(run).toMatchObject({
      apiUrl: 'https://api.github.com',
      eventName: '',
      ref: { kind: 'none' },
      sha: '',
      baseRef: '',
      sourceRepository: undefined,
      actor: '',
      runId: '',
      attempt: '1',
    });
  });

  test('of pull_request_target is for the pull request, though its ref is the base branch', () => {
    const env = { ...workflow, GITHUB_EVENT_NAME: 'pull_request_target', GITHUB_REF: 'refs/heads/main' };
    expect(parseRun(env, '{"number":15,"pull_request":{}}').ref).toEqual({ kind: 'pull', name: '15' });
    expect(parseRun(env, '{}').ref).toEqual({ kind: 'none', name: '' });
  });

  const ended = (run: object): string =>
    JSON.stringify({ repository: { full_name: 'octo-org/octo-app' }, workflow_run: run });
  const ours = { full_name: 'octo-org/octo-app' };
  const theirs = { full_name: 'mona/octo-app' };

  test.each([
    [
      'a merged pull request, though its ref is the base branch',
      'pull_request',
      'refs/heads/main',
      '{"number":15,"pull_request":{"number":15}}',
      'pull 15',
    ],
    ['a release whose ref is empty', 'release', '', '{"release":{"tag_name":"v1.2.3"}}', 'tag v1.2.3'],
    [
      'a release whose ref still names the draft',
      'release',
      'refs/tags/untagged-0a1b2c3d',
      '{"release":{"tag_name":"v1.2.3"}}',
      'tag v1.2.3',
    ],
    [
      'a draft without a tag',
      'release',
      'refs/tags/untagged-0a1b2c3d',
      '{"release":{"tag_name":"untagged-0a1b2c3d"}}',
      'none ',
    ],
    ['a release that says nothing', 'release', '', '{}', 'none '],
    ['a git tag that only begins like a draft', 'push', 'refs/tags/untagged-images', '{}', 'tag untagged-images'],
    [
      'a workflow of a push',
      'workflow_run',
      'refs/heads/main',
      ended({ event: 'push', head_repository: ours }),
      'branch main',
    ],
    [
      'a workflow of a pull request',
      'workflow_run',
      'refs/heads/main',
      ended({ event: 'pull_request', head_repository: ours, pull_requests: [{ number: 7 }] }),
      'pull 7',
    ],
    [
      'a workflow of a pull request from a fork',
      'workflow_run',
      'refs/heads/main',
      ended({ event: 'pull_request', head_repository: theirs, pull_requests: [] }),
      'none ',
    ],
    [
      'a workflow of a push to a fork',
      'workflow_run',
      'refs/heads/main',
      ended({ event: 'push', head_repository: theirs }),
      'none ',
    ],
    ['a workflow whose origin is not told', 'workflow_run', 'refs/heads/main', ended({ pull_requests: 3 }), 'none '],
  ])('of %s', (_title, GITHUB_EVENT_NAME, GITHUB_REF, payload, expected) => {
    const { kind, name } = parseRun({ ...workflow, GITHUB_EVENT_NAME, GITHUB_REF }, payload).ref;
    expect(`${kind} ${name}`).toBe(expected);
  });

  test.each([
    ['a repository without owner', { GITHUB_REPOSITORY: 'octo-app' }, ''],
    ['a repository with too many parts', { GITHUB_REPOSITORY: 'a/b/c' }, ''],
    ['a repository with an empty owner', { GITHUB_REPOSITORY: '/b' }, ''],
    ['a repository with an empty name', { GITHUB_REPOSITORY: 'a/' }, ''],
    ['a server without scheme', { GITHUB_SERVER_URL: 'ghes.example' }, ''],
    ['a payload that is no JSON', {}, '{'],
    ['a payload that is no object', {}, '[]'],
  ])('with %s is unknown', (_title, env, payload) => {
    expect(() => parseRun(env, payload)).toThrowCode('RUN_UNKNOWN');
  });
});
