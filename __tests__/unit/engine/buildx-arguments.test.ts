import { describe, expect, test } from '@jest/globals';
import { buildxArguments, commonArguments } from '../../../src/engine/buildx-arguments.ts';
import { parsePlatform } from '../../../src/image/platform.ts';
import { aBuild } from '../../support/builders.ts';

describe('the command line', () => {
  const plain = aBuild();
  const call = {
    buildx: '/x/docker-buildx',
    builder: undefined,
    references: [],
    push: false,
    isStored: true,
    canAnnotate: true,
    files: { metadata: 'm', imageId: 'i' },
    secrets: new Map<string, string>(),
  };

  test('says only what was asked for', () => {
    expect(commonArguments(plain)).toEqual([]);
    expect(buildxArguments(plain, call)).toEqual([
      '/x/docker-buildx',
      'build',
      '--progress',
      'plain',
      '--iidfile',
      'i',
      '--metadata-file',
      'm',
      '.',
    ]);
  });

  test('tells the build the one time of a reproducible image', () => {
    expect(commonArguments(aBuild({ sourceDate: 1767323045 }))).toEqual([
      '--build-arg',
      'SOURCE_DATE_EPOCH=1767323045',
    ]);
  });

  test('has each value as one argument, whatever is in it', () => {
    const request = aBuild({
      context: '; rm -rf /',
      file: 'a b/Dockerfile',
      target: '--push',
      platforms: ['linux/amd64', 'linux/arm64'].map(parsePlatform),
      buildArgs: ['A=$(id) "x"', 'B'],
      labels: ['a=\n', 'b=,'],
    });
    expect(buildxArguments(request, { ...call, buildx: 'buildx', references: ['r:1', 's:1'], push: true })).toEqual(
      [
        ['buildx', 'build', '--progress', 'plain', '--tag', 'r:1', '--tag', 's:1', '--file', 'a b/Dockerfile'],
        ['--target', '--push', '--platform', 'linux/amd64,linux/arm64', '--build-arg', 'A=$(id) "x"'],
        ['--build-arg', 'B', '--label', 'a=\n', '--label', 'b=,', '--iidfile', 'i', '--metadata-file', 'm', '--push'],
        ['; rm -rf /'],
      ].flat(),
    );
  });
});
