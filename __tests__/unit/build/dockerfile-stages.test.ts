import { describe, expect, test } from '@jest/globals';
import { baseOf, imagesOf, parseDockerfile, runPlatforms } from '../../../src/build/dockerfile-stages.ts';

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`;

describe('the images that a build reads', () => {
  test.each([
    ['the base image', lines('FROM localhost:5000/a'), {}, ['localhost:5000/a']],
    ['the base image behind a mark of the byte order', `\uFEFF${lines('FROM a')}`, {}, ['a']],
    ['nothing for scratch', lines('FROM scratch'), {}, []],
    ['the frontend first', lines('# syntax=localhost:5000/f:1', 'FROM a'), {}, ['localhost:5000/f:1', 'a']],
    ['an argument’s default', lines('ARG BASE="r.test/b"', 'FROM ${BASE}:1'), {}, ['r.test/b:1']],
    [
      'an argument that is given, also inside of a default',
      lines('ARG BASE', 'FROM ${BASE:-$OTHER}'),
      { buildArgs: ['OTHER=r.test/o'] },
      ['r.test/o'],
    ],
    [
      'what COPY and a mount name, and no stage',
      lines(
        'FROM a AS one',
        'FROM b',
        'COPY --from=one /x /x',
        'COPY --from=0 /y /y',
        'COPY --chown=1 --from=c /z /z',
        'RUN --mount=type=bind,from=d,target=/d true',
      ),
      {},
      ['b', 'c', 'd', 'a'],
    ],
    ['nothing of a stage that the target does not need', lines('FROM a AS x', 'FROM b AS y'), { target: 'x' }, ['a']],
  ])('are %s', (_title, text, { target = '', buildArgs = [] }: { target?: string; buildArgs?: string[] }, images) => {
    expect(imagesOf(parseDockerfile(text), target, buildArgs)).toEqual(images);
  });
});

describe('the platforms that a build runs programs on', () => {
  const nothing = { onTarget: false, named: [] };
  const target = { onTarget: true, named: [] };
  test.each([
    ['none where files are only copied', lines('FROM a', 'COPY x /x'), nothing],
    ['the target’s for a plain RUN', lines('FROM a', 'RUN true'), target],
    [
      'none of the target’s for a stage of the builder’s own',
      lines('FROM --platform=$BUILDPLATFORM a', 'RUN x'),
      nothing,
    ],
    [
      'the usual cross-compilation',
      lines('FROM --platform=$BUILDPLATFORM a AS b', 'RUN x', 'FROM scratch', 'COPY --from=b /x /x'),
      nothing,
    ],
    ['the target’s where it is said', lines('FROM --platform=$TARGETPLATFORM a', 'RUN x'), target],
    [
      'the target’s of a stage that another begins with',
      lines('FROM a AS b', 'FROM --platform=$BUILDPLATFORM b', 'RUN x'),
      target,
    ],
    ['one that is named', lines('FROM --platform=linux/s390x a', 'RUN x'), { onTarget: false, named: ['linux/s390x'] }],
    [
      'one that an argument names',
      lines('ARG P=linux/arm64', 'FROM --platform=$P a', 'RUN x'),
      { onTarget: false, named: ['linux/arm64'] },
    ],
    ['none for a RUN that is not built', lines('FROM a AS x', 'RUN x', 'FROM b', 'COPY y /y'), nothing],
    ['none for a RUN in a here-document', lines('FROM a', 'COPY <<end /x', 'RUN x', 'end'), nothing],
  ])('are %s', (_title, text, expected) => {
    expect(runPlatforms(parseDockerfile(text), '', [])).toEqual(expected);
  });
});

test('a file of very many stages is read in the time that its length asks for', () => {
  const text = `FROM x AS s0\n${Array.from({ length: 50_000 }, (_, at) => `FROM s${at} AS s${at + 1}\n`).join('')}RUN x\n`;
  const dockerfile = parseDockerfile(text);
  expect(imagesOf(dockerfile, '', [])).toEqual(['x']);
  expect(runPlatforms(dockerfile, '', [])).toEqual({ onTarget: true, named: [] });
});

describe('the image that a target begins with', () => {
  const stages = lines(
    'ARG V=1',
    'FROM golang:$V AS build',
    'FROM build AS test',
    'FROM scratch AS none',
    'FROM alpine:${V}',
  );

  test.each([
    ['of the last stage', stages, '', [], 'alpine:1'],
    ['of a stage that begins with another one', stages, 'test', [], 'golang:1'],
    ['with the value of an argument', stages, 'build', ['V=2'], 'golang:2'],
    ['is none for scratch', stages, 'none', [], undefined],
    ['is none for a stage that is not there', stages, 'other', [], undefined],
    ['is none if nobody has the value', lines('FROM $BASE'), '', [], undefined],
    ['is none without a stage', lines('# nothing'), '', [], undefined],
  ] as const)('%s', (_, text, target, buildArgs, base) => {
    expect(baseOf(parseDockerfile(text), target, buildArgs)).toBe(base);
  });
});
