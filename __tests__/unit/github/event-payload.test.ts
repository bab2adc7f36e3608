import { describe, expect, test } from '@jest/globals';
import { parseEventPayload } from '../../../src/github/event-payload.ts';

const parse = (payload: unknown) => parseEventPayload(JSON.stringify(payload));

describe('of an event is kept what decisions are made upon', () => {
  test('nothing of no payload', () => {
    expect(parseEventPayload('')).toEqual({ commitTimes: new Map() });
    expect(parse({})).toEqual({ commitTimes: new Map() });
  });

  test('the repository', () => {
    const repository = {
      name: 'octo-app',
      default_branch: 'main',
      description: 'An app',
      html_url: 'https://github.com/octo-org/octo-app',
      license: { spdx_id: 'MIT' },
      private: false,
      owner: { type: 'User' },
    };
    expect(parse({ repository })).toMatchObject({
      repositoryName: 'octo-app',
      defaultBranch: 'main',
      repositoryDescription: 'An app',
      repositoryUrl: 'https://github.com/octo-org/octo-app',
      repositoryLicense: 'MIT',
      ownerType: 'User',
    });
    expect(parse({ repository: { owner: { type: 'Organization' } } })).toMatchObject({ ownerType: 'Organization' });
    expect(parse({ repository: { private: false } })).toMatchObject({ isPublic: true });
    expect(parse({ repository: { private: true } })).toMatchObject({ isPublic: false });
  });

  test('nothing of a repository that says nothing of itself', () => {
    const repository = { name: null, description: null, license: null, private: 'no', owner: { type: 'Bot' } };
    expect(parse({ repository })).toEqual({ commitTimes: new Map() });
    expect(parse({ repository: 'octo-app' })).toEqual({ commitTimes: new Map() });
  });

  test('the pull request', () => {
    const head = { sha: 'c0ffee', repo: { full_name: 'fork/octo-app' } };
    expect(parse({ pull_request: { number: 15, head } })).toMatchObject({
      pullRequestNumber: 15,
      pullRequestHeadSha: 'c0ffee',
      pullRequestHeadRepository: 'fork/octo-app',
    });
  });

  test('its number, where only the event has it', () => {
    expect(parse({ number: 15, pull_request: {} })).toMatchObject({ pullRequestNumber: 15 });
    expect(parse({ number: 15 })).not.toHaveProperty('pullRequestNumber');
    expect(parse({ pull_request: { number: '15' } })).not.toHaveProperty('pullRequestNumber');
  });

  test('not the repository of a fork that was deleted', () => {
    expect(parse({ pull_request: { number: 1, head: { sha: 'a', repo: null } } })).not.toHaveProperty(
      'pullRequestHeadRepository',
    );
  });

  test('the times of the commits that were pushed', () => {
    const payload = parse({
      base_ref: 'refs/heads/main',
      commits: [
        { id: 'a', timestamp: '2026-01-02T03:04:05+01:00' },
        { id: 'b', timestamp: 'yesterday' },
        { id: 7, timestamp: '2026-01-02T03:04:05Z' },
        { id: 'd' },
        null,
      ],
      head_commit: { id: 'e', timestamp: '2026-01-03T00:00:00Z' },
    });
    expect(payload).toEqual({
      baseRef: 'refs/heads/main',
      commitTimes: new Map([
        ['a', new Date('2026-01-02T02:04:05Z')],
        ['e', new Date('2026-01-03T00:00:00Z')],
      ]),
      headCommitTime: new Date('2026-01-03T00:00:00Z'),
    });
  });

  test('no times of a list that is none', () => {
    expect(parse({ commits: 'x', head_commit: null })).toEqual({ commitTimes: new Map() });
  });

  test.each(['{', '[]', 'null', '7'])('%s is no payload', (json) => {
    expect(() => parseEventPayload(json)).toThrowCode('RUN_UNKNOWN');
  });
});
