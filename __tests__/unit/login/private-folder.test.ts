import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isStepFolder, newStepFolder } from '../../../src/login/private-folder.ts';

test('each step has a folder of its own, below the runner’s temporary one', () => {
  const [first, second] = [newStepFolder('/tmp/runner'), newStepFolder('/tmp/runner')];
  expect(first).not.toBe(second);
  expect(first.startsWith(join('/tmp/runner', 'publish-docker-package-'))).toBe(true);
});

test('only such a folder is removed', () => {
  expect(isStepFolder(newStepFolder('/tmp'))).toBe(true);
});

test.each([
  '',
  '/',
  '/home/octocat',
  '/src/publish-docker-package',
  '/src/publish-docker-package-main',
  '/tmp/publish-docker-package-',
  '/tmp/publish-docker-package-00000000-0000-4000-8000-000000000000/..',
  '/tmp/publish-docker-package-00000000-0000-4000-8000-000000000000/docker',
])('never "%s"', (path) => {
  expect(isStepFolder(path)).toBe(false);
});
