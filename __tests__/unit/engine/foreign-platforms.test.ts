import { describe, expect, test } from '@jest/globals';
import { parseDockerfile } from '../../../src/build/dockerfile-stages.ts';
import { cannotRun, foreignPlatforms, hasForeign, parseHandled } from '../../../src/engine/foreign-platforms.ts';
import { formatPlatform, parsePlatform } from '../../../src/image/platform.ts';
import { aBuild } from '../../support/builders.ts';

const [amd64, arm64] = ['linux/amd64', 'linux/arm64'].map(parsePlatform) as [never, never];
const run = parseDockerfile('FROM a\nRUN x\n');
const copy = parseDockerfile('FROM a\nCOPY x /x\n');
const cross = parseDockerfile('FROM --platform=$BUILDPLATFORM a AS b\nRUN x\nFROM scratch\nCOPY --from=b /x /x\n');
const both = aBuild({ platforms: [amd64, arm64] });

describe('platforms that the engine does not run', () => {
  test.each([
    ['run by nobody', run, [amd64], ['linux/arm64'], ['linux/arm64']],
    ['copied to', copy, [amd64], ['linux/arm64'], []],
    ['compiled for', cross, [amd64], ['linux/arm64'], []],
    ['run by a handler', run, [amd64, arm64], [], []],
    ['of a Dockerfile that is not known', undefined, [amd64], ['linux/arm64'], ['linux/arm64']],
    [
      'named by the Dockerfile alone',
      parseDockerfile('FROM --platform=linux/s390x a\nRUN x\n'),
      [amd64, arm64],
      ['linux/s390x'],
      ['linux/s390x'],
    ],
  ])('%s', (_title, dockerfile, handled, unhandled, running) => {
    const found = foreignPlatforms(both, dockerfile, handled);
    expect(found.unhandled.map(formatPlatform)).toEqual(unhandled);
    expect(found.running.map(formatPlatform)).toEqual(running);
    expect(found.isKnown).toBe(dockerfile !== undefined);
  });

  test.each([
    ['several', both, true],
    ['the own one', aBuild({ platforms: [amd64] }), false],
    ['none', aBuild(), false],
  ])('are asked for by a build of %s: %s', (_title, request, expected) => {
    expect(hasForeign(request, run, amd64)).toBe(expected);
  });

  test('are told from what buildx lists', () => {
    const text = 'Name: default\nPlatforms:             linux/amd64*, linux/amd64/v2, linux/386, linux/odd\nLabels:\n';
    expect(parseHandled(text)?.map(formatPlatform)).toEqual(['linux/amd64', 'linux/amd64/v2', 'linux/386']);
    expect(parseHandled('Status: inactive\n')).toBeUndefined();
  });

  test('are an error that names the ways', () => {
    const error = cannotRun([arm64], 'r.test/b:1');
    expect(error).toMatchObject({ code: 'PLATFORM_UNSUPPORTED', message: expect.stringContaining('linux/arm64') });
    expect(error.remedy).toContain('`stage`');
  });
});
