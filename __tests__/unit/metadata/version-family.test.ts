import { describe, expect, test } from '@jest/globals';
import { isVersionTag, versionTagBefore } from '../../../src/metadata/version-family.ts';

describe('the version before', () => {
  const tags = ['1.2.3', '1.2.10', '1.2', '1', '2.0.0', '1.2.9-alpine', '1.3.0-rc.1', 'latest', 'main', 'sha-1a2b3c4'];

  test.each([
    { tag: '1.2.11', before: '1.2.10' },
    { tag: '1.2.10', before: '1.2.3' },
    { tag: '3.0.0', before: '2.0.0' },
    { tag: '1.2.3', before: undefined },
    { tag: '1.3', before: '1.2' },
    { tag: '1.3.0-alpine', before: '1.2.9-alpine' },
    { tag: '1.3.0-rc.1', before: undefined },
    { tag: '24.04', before: '1.2' },
    { tag: 'v1.3.0', before: undefined },
    { tag: 'main', before: undefined },
  ])('$tag is $before', ({ tag, before }) => {
    expect(versionTagBefore(tag, tags)).toBe(before);
  });

  test.each([
    { tag: '1.2.3', isVersion: true },
    { tag: 'v1.2-alpine', isVersion: true },
    { tag: '2026-01-02', isVersion: true },
    { tag: 'main', isVersion: false },
    { tag: 'pr-15', isVersion: false },
    { tag: 'latest', isVersion: false },
  ])('$tag is a version: $isVersion', ({ tag, isVersion }) => {
    expect(isVersionTag(tag)).toBe(isVersion);
  });
});
