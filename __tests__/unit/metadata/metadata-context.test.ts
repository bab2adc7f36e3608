import { describe, expect, test } from '@jest/globals';
import { parseShortShaLength } from '../../../src/metadata/metadata-context.ts';
import { aContext, codesOf, pullRequestHead, sha } from './naming.ts';

const later = new Date('2030-01-01T00:00:00Z');

describe('the facts of a run', () => {
  test('the payload goes before what the API said', () => {
    const repository = { name: 'x', description: 'y', url: 'z', license: 'q', defaultBranch: 'r' };
    expect(aContext({ repository }).repository).toEqual({
      name: 'octo-app',
      description: 'An app of octocat',
      url: 'https://github.com/octo-org/octo-app',
      license: 'MIT',
      defaultBranch: 'main',
    });
    expect(aContext({ repository, payload: { repository: {} } }).repository).toEqual(repository);
  });

  test.each([
    ['the merge commit of a pull request unless asked', {}, sha],
    ['the newest commit of a pull request if asked', { usesPullRequestHead: true }, pullRequestHead],
  ])('the commit is %s', (_title, options, commit) => {
    expect(aContext({ event: 'pull_request', ...options }).sha).toBe(commit);
    expect(aContext({ event: 'pull_request_target', ...options }).sha).toBe(commit);
  });

  test('outside of pull requests there is no other commit', () => {
    expect(aContext({ usesPullRequestHead: true }).sha).toBe(sha);
  });

  test.each([
    ['of the commit in the payload', { commits: [{ id: sha, timestamp: '2025-01-01T00:00:00Z' }] }, '2025-01-01'],
    ['of the head commit', { head_commit: { id: 'other', timestamp: '2025-02-01T00:00:00Z' } }, '2025-02-01'],
    ['that the API said', {}, '2030-01-01'],
  ])('the time of the commit is that %s', (_title, payload, day) => {
    expect(aContext({ payload, commitDate: later }).commitDate.toISOString().slice(0, 10)).toBe(day);
  });

  test('the time of the commit is now where nobody knows it', () => {
    expect(aContext({ now: later }).commitDate).toBe(later);
  });
});

describe('the length of a short commit', () => {
  test.each([
    ['7 unless said', '', 7],
    ['what is said', '12', 12],
  ])('is %s', (_title, text, length) => {
    expect(parseShortShaLength(text)).toBe(length);
  });

  test.each(['0', '-1', 'seven', '1.5'])('is an error as "%s"', (text) => {
    expect(codesOf(() => parseShortShaLength(text))).toEqual(['INPUT_INVALID']);
  });
});
