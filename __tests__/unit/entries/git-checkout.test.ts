import { describe, expect, test } from '@jest/globals';
import { parseRemoteUrl, readGitRun } from '../../../src/entries/git-checkout.ts';

describe('the URL of a remote names server and repository', () => {
  test.each([
    ['https://github.com/octo-org/octo-app.git', 'https://github.com', 'octo-org/octo-app'],
    ['https://github.com/octo-org/octo-app', 'https://github.com', 'octo-org/octo-app'],
    ['https://github.com/octo-org/octo-app/', 'https://github.com', 'octo-org/octo-app'],
    ['http://ghes.example:8443/octo-org/octo-app.git', 'https://ghes.example', 'octo-org/octo-app'],
    ['git@github.com:octo-org/octo-app.git', 'https://github.com', 'octo-org/octo-app'],
    ['github.com:octo-org/octo-app', 'https://github.com', 'octo-org/octo-app'],
    ['git@ghes.example:/octo-org/octo-app.git', 'https://ghes.example', 'octo-org/octo-app'],
    ['ssh://git@ghes.example:2222/octo-org/octo-app.git', 'https://ghes.example', 'octo-org/octo-app'],
    ['ssh://git@ssh.github.com:443/octo-org/octo-app.git', 'https://github.com', 'octo-org/octo-app'],
    ['git://github.com/octo-org/octo-app', 'https://github.com', 'octo-org/octo-app'],
    ['https://github.com/octo-org/octo.github.io.git', 'https://github.com', 'octo-org/octo.github.io'],
  ])('%s', (url, server, repository) => {
    expect(parseRemoteUrl(url)).toEqual({ server, repository });
  });

  test('but never a password', () => {
    expect(JSON.stringify(parseRemoteUrl('https://octocat:secret@github.com/octo-org/octo-app'))).not.toContain(
      'secret',
    );
  });

  test.each([
    ['a folder', '/srv/git/octo-app.git'],
    ['a folder of two parts', '/octo-org/octo-app'],
    ['a folder beside', '../octo-app'],
    ['a folder on a drive', 'C:/octo-org/octo-app'],
    ['a file URL', 'file:///octo-org/octo-app'],
    ['an owner alone', 'https://github.com/octo-org'],
    ['a host alone', 'https://github.com'],
    ['a deeper path', 'https://gitlab.example/group/subgroup/app.git'],
    ['nothing', ''],
  ])('%s names none', (_title, url) => {
    expect(parseRemoteUrl(url)).toBeUndefined();
  });
});

describe('what Git says of a checkout stands for what the runner would', () => {
  const git = (answers: Readonly<Record<string, string>>) => (args: readonly string[]) =>
    Promise.resolve(answers[args[0] ?? '']);

  test('a branch', async () => {
    const answers = {
      'symbolic-ref': 'refs/heads/main',
      tag: 'v1.0',
      'rev-parse': 'c0ffee',
      remote: 'git@github.com:octo-org/octo-app.git',
    };
    expect(await readGitRun(git(answers))).toEqual({
      GITHUB_REF: 'refs/heads/main',
      GITHUB_SHA: 'c0ffee',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'octo-org/octo-app',
    });
  });

  test('a tag, where no branch is checked out', async () => {
    expect(await readGitRun(git({ tag: 'v1.0', 'rev-parse': 'c0ffee', remote: '/srv/x' }))).toEqual({
      GITHUB_REF: 'refs/tags/v1.0',
      GITHUB_SHA: 'c0ffee',
    });
  });

  test.each([
    ['the one with the most numbers', ['v1', 'v1.2.3', 'v1.2'], 'v1.2.3'],
    ['a release, not its candidate', ['v1.2.3-rc.1', 'v1.2.3', 'v1'], 'v1.2.3'],
    ['the newest of those that say as much', ['web-v2.0.0', 'api-v1.0.0'], 'web-v2.0.0'],
    ['a version, not a name', ['stable', 'v1.2'], 'v1.2'],
    ['the only one', ['stable'], 'stable'],
  ])('of several tags %s', async (_title, tags, chosen) => {
    expect(await readGitRun(git({ tag: tags.join('\n') }))).toEqual({ GITHUB_REF: `refs/tags/${chosen}` });
  });

  test('nothing, where there is no repository', async () => {
    expect(await readGitRun(git({}))).toEqual({});
  });
});
