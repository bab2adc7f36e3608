import { describe, expect, test } from '@jest/globals';
import { bakeEnvironment, printArguments, printBake, releaseForBake } from '../../../src/engine/print-bake.ts';

const question = { files: ['a.hcl', 'b.json'], targets: ['app'], overrides: ['*.args.V=1, 2'] };

function answering(stdout: string, stderr = '', exitCode = 0) {
  return { run: async () => ({ stdout, stderr, exitCode }), env: {} };
}

test('buildx gets each file, override and target as an argument of its own', () => {
  expect(printArguments('/buildx', question)).toEqual([
    ...['/buildx', 'bake', '--print', '--progress', 'plain', '--file', 'a.hcl', '--file', 'b.json'],
    ...['--set', '*.args.V=1, 2', 'app'],
  ]);
});

test('a bake file has the variables of the step, and none with which it could act as the job', () => {
  const env = {
    VERSION: '1',
    PATH: '/bin',
    ACTIONS_RUNTIME_TOKEN: 'x',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
    DOCKER_AUTH_CONFIG: '{}',
  };
  expect(bakeEnvironment(env)).toEqual({ VERSION: '1', PATH: '/bin' });
});

describe('what buildx refuses', () => {
  test('points at the line of the file', async () => {
    const placed = printBake(answering('', 'ERROR: a.hcl:4,51-5,1: Invalid block', 1), '/buildx', question);
    await expect(placed).rejects.toMatchObject({ place: { file: 'a.hcl', line: 4 } });
    const elsewhere = printBake(answering('', 'ERROR: other.hcl:4,51-5,1: Invalid block', 1), '/buildx', question);
    await expect(elsewhere).rejects.toMatchObject({ place: undefined });
  });

  test.each([
    ['ERROR: docker-bake.hcl:4,51-5,1: Invalid block; and more', 'docker-bake.hcl:4,51-5,1: Invalid block', '--print'],
    ['#1 DONE 0.0s\nERROR: failed to find target nope\n', 'failed to find target nope', '`bake-targets`'],
    ["ERROR: could not find any target matching 'x*'", "could not find any target matching 'x*'", '`bake-targets`'],
    ['', 'exit code 1', '--print'],
  ])('%j is told in its own words', async (stderr, words, remedy) => {
    const failed = printBake(answering('', stderr, 1), '/buildx', question);
    await expect(failed).rejects.toMatchObject({
      code: 'BAKE_INVALID',
      message: expect.stringContaining(words),
      remedy: expect.stringContaining(remedy),
    });
  });
});

describe('a bake file needs buildx 0.23 or newer', () => {
  test.each([
    ['github.com/docker/buildx 0.29.1+ds1 0.29.1', '', undefined],
    ['github.com/docker/buildx v0.23.0 28c90ea', '', undefined],
    ['github.com/docker/buildx v0.22.0 28c90ea', '', '0.30.1'],
    ['', '', '0.30.1'],
    ['github.com/docker/buildx v0.29.0 28c90ea', '0.30.1', '0.30.1'],
    ['github.com/docker/buildx v0.31.0 28c90ea', '0.30.1', undefined],
    ['github.com/docker/buildx v0.31.0 28c90ea', `0.19.0@sha256:${'a'.repeat(64)}`, undefined],
  ])('of "%s" with the wish "%s": installs %s', async (printed, wish, installed) => {
    expect((await releaseForBake(answering(printed), '/buildx', wish))?.version).toBe(installed);
  });

  test('one that is missing is installed', async () => {
    expect((await releaseForBake(answering(''), undefined, ''))?.version).toBe('0.30.1');
  });

  test('an older wish is refused', async () => {
    const wish = `0.19.0@sha256:${'a'.repeat(64)}`;
    await expect(releaseForBake(answering(''), undefined, wish)).rejects.toMatchObject({ code: 'ENGINE_CANNOT' });
  });
});
