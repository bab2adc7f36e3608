import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { dockerfileLabels } from '../../../src/build/dockerfile-labels.ts';
import { readCheckedOutCommit, readDockerfile } from '../../../src/build/read-build-context.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function git(folder: string, ...args: readonly string[]): string {
  const identity = ['-c', 'user.name=Mona', '-c', 'user.email=mona@example.com', '-c', 'protocol.file.allow=always'];
  const { status, stdout, stderr } = spawnSync('git', ['-C', folder, ...identity, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

function repositoryIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '-q', '-b', 'main');
  git(folder, 'commit', '-q', '--allow-empty', '-m', 'one');
  return git(folder, 'rev-parse', 'HEAD');
}

describe('the commit that a context is checked out at', () => {
  let root = '';
  beforeEach(() => {
    root = temporaryFolder();
  });

  test('is that of its branch, also when the references are packed', () => {
    const folder = join(root, 'branch');
    const commit = repositoryIn(folder);
    expect(readCheckedOutCommit('.', folder)).toBe(commit);
    git(folder, 'pack-refs', '--all');
    expect(readCheckedOutCommit('.', folder)).toBe(commit);
  });

  test('is that of a detached checkout, seen from a folder in it', () => {
    const folder = join(root, 'detached');
    const commit = repositoryIn(folder);
    git(folder, 'commit', '-q', '--allow-empty', '-m', 'two');
    git(folder, 'checkout', '-q', '--detach', commit);
    mkdirSync(join(folder, 'services/api'), { recursive: true });
    expect(readCheckedOutCommit('services/api', folder)).toBe(commit);
  });

  test('is that of a worktree, and of a submodule', () => {
    const folder = join(root, 'outer');
    const commit = repositoryIn(folder);
    const inner = repositoryIn(join(root, 'inner'));
    git(folder, 'worktree', 'add', '-q', '-b', 'other', join(root, 'worktree'));
    git(folder, 'submodule', '--quiet', 'add', join(root, 'inner'), 'sub');
    expect(readCheckedOutCommit('worktree', root)).toBe(commit);
    expect(readCheckedOutCommit('sub', folder)).toBe(inner);
  });

  test.each([
    ['no checkout', '/', '.'],
    ['a context that the builder fetches', '/', 'https://github.com/octo-org/app.git'],
    ['a folder that is not there', '/', 'nothing/here'],
  ])('is not known of %s', (_title, folder, context) => {
    expect(readCheckedOutCommit(context, folder)).toBeUndefined();
  });

  test('is not known of a repository without a commit, or with a reference that leads nowhere', () => {
    const folder = join(root, 'empty');
    mkdirSync(folder, { recursive: true });
    git(folder, 'init', '-q');
    expect(readCheckedOutCommit('.', folder)).toBeUndefined();
    writeFileSync(join(folder, '.git/HEAD'), 'ref: refs/../../../etc/passwd\n');
    expect(readCheckedOutCommit('.', folder)).toBeUndefined();
  });
});

describe('the labels of the Dockerfile', () => {
  let root = '';
  beforeEach(() => {
    root = temporaryFolder();
    mkdirSync(join(root, 'app'));
    writeFileSync(join(root, 'app/Dockerfile'), 'FROM scratch\nLABEL x=1\n');
  });
  const options = { context: '.', file: '', target: '' };

  test.each([
    ['of the context', { context: 'app' }, { x: '1' }],
    ['that `file` names', { file: 'app/Dockerfile' }, { x: '1' }],
    ['none where there is no Dockerfile', {}, {}],
    ['none of a context that the builder fetches', { context: 'https://github.com/octo-org/app.git' }, {}],
  ])('%s', (_title, given, labels) => {
    const dockerfile = readDockerfile({ ...options, ...given }, root);
    const found = dockerfile === undefined ? [] : dockerfileLabels(dockerfile, { ...options, ...given }.target);
    expect(Object.fromEntries(found)).toEqual(labels);
  });
});
