import { expect, test } from '@jest/globals';
import { joinBuilds } from '../../../src/build/joined-builds.ts';
import { aBuild } from '../../support/builders.ts';

const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };

test.each([
  ['none', [], []],
  ['one each', [amd64], [arm64]],
  ['several', [amd64, arm64], [amd64]],
])(
  'of builds with %s platforms, the builder has to be able to do as many at once as one build wants',
  (_, one, other) => {
    const { platforms } = joinBuilds(aBuild({ platforms: one }), [aBuild({ platforms: other })]);
    expect(platforms).toHaveLength(Math.max(one.length, other.length));
  },
);

test('what one build wants, the builder has to have', () => {
  const joined = joinBuilds(aBuild(), [
    aBuild({ needsAnnotations: true, allow: ['security.insecure'], sourceDate: 1 }),
    aBuild({ attestations: [{ type: 'sbom', attributes: [] }] }),
  ]);
  expect(joined).toMatchObject({
    needsAnnotations: true,
    allow: ['security.insecure'],
    sourceDate: 1,
    attestations: [{ type: 'sbom' }],
  });
});

test('one build alone is itself', () => {
  const build = aBuild();
  expect(joinBuilds(build, [])).toBe(build);
});
