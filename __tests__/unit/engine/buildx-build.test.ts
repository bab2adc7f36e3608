import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { buildWithBuildx } from '../../../src/engine/buildx-build.ts';
import { type BuildxPorts, isCacheFailure } from '../../../src/engine/buildx-run.ts';
import type { Built } from '../../../src/engine/docker.ts';
import { aBuild, aDecision } from '../../support/builders.ts';
import { aTarget, toolPorts } from '../../support/tool-ports.ts';

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

describe('what buildx tells of its result', () => {
  const digest = `sha256:${'a1'.repeat(32)}`;
  const builder = { buildx: 'buildx', builder: undefined, endpoints: [] };
  const build = (docker: BuildxPorts, references: readonly string[], push: boolean): Promise<Built> =>
    buildWithBuildx(docker, aDecision(), builder, aBuild(), aTarget(docker, references, push));

  /** A buildx that writes its result files. */
  function writing(metadata: string | undefined, imageId: string | undefined): ReturnType<typeof toolPorts> {
    return toolPorts((argv) => {
      const fileOf = (option: string): string => argv[argv.indexOf(option) + 1] ?? '';
      if (metadata !== undefined) writeFileSync(fileOf('--metadata-file'), metadata);
      if (imageId !== undefined) writeFileSync(fileOf('--iidfile'), imageId);
      return {};
    });
  }

  test('the image and, where it was pushed, its digest', async () => {
    const metadata = JSON.stringify({ 'containerimage.digest': digest });
    const docker = writing(metadata, `${digest}\n`);
    expect(await build(docker, ['ghcr.io/octo/app:1'], true)).toMatchObject({
      imageId: digest,
      digest,
      metadata,
    });
  });

  test('nothing, where it wrote nothing and nothing was pushed', async () => {
    const built = await build(writing(undefined, undefined), [], false);
    expect(built).toEqual({ imageId: '', digest: undefined, metadata: '' });
  });

  test.each([
    ['no file', undefined],
    ['no digest', '{}'],
    ['a digest that is none', '{"containerimage.digest":"latest"}'],
    ['a digest that is a number', '{"containerimage.digest":7}'],
    ['no object', 'null'],
    ['a file that is cut', '{"containerimage.digest":'],
  ])('after a push %s is an error', async (_title, metadata) => {
    const built = build(writing(metadata, ''), [], true);
    await expect(built).rejects.toThrowCode('DIGEST_MISSING');
  });
});
