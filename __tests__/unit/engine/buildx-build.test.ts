import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { isCacheFailure } from '../../../src/engine/buildx-build.ts';

const failedPush = readFileSync(
  new URL('../../fixtures/build-output/buildx/push-beside-caches.txt', import.meta.url),
  'utf8',
);

test('a push that failed and took the exports of the caches with it is no failure of a cache', () => {
  expect(failedPush).toContain('\n > exporting cache to registry:\n');
  expect(isCacheFailure(failedPush)).toBe(false);
});

test.each([
  ['registry', 'error writing layer blob: failed to do request: Head "http://127.0.0.1:9/v2/": connection refused'],
  ['GitHub Actions Cache', 'error writing layer blob: failed to reserve cache: 403 Forbidden'],
])('the export of a cache that fails by itself is one: %s', (place, reason) => {
  const head = place === 'registry' ? 'exporting cache to registry' : `exporting to ${place}`;
  expect(isCacheFailure(`------\n > ${head}:\n------\nERROR: failed to build: failed to solve: ${reason}\n`)).toBe(
    true,
  );
  expect(isCacheFailure(`ERROR: failed to build: failed to solve: ${reason}\n`)).toBe(false);
});
