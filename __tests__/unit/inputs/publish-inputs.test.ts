import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, gatherFaults } from '../../../src/errors.ts';
import { inputsWithDefaults } from '../../../src/inputs/input-reader.ts';
import { parseContextOptions } from '../../../src/inputs/metadata-options.ts';
import { inputDefaults, parseInputs } from '../../../src/inputs/publish-inputs.ts';
import { parsePullInputs, pullInputDefaults } from '../../../src/inputs/pull-inputs.ts';
import { someInputs } from '../../support/builders.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

describe('an input', () => {
  const read = (given: Record<string, string>, env: Record<string, string> = {}) =>
    inputsWithDefaults((name) => given[name] ?? '', env, inputDefaults);

  test('is what is given', () => {
    expect(read({ 'login-scope': 'job' })('login-scope')).toBe('job');
  });

  test('that is absent or empty, as an expression that comes to nothing, is the default', () => {
    expect(read({})('context')).toBe('.');
    expect(read({ retries: '' })('retries')).toBe('5');
  });

  test('without default is empty', () => {
    expect(read({})('owner')).toBe('');
  });

  test('a token and a user name that are not given are those of the environment', () => {
    const env = { GITHUB_TOKEN: 'ghs_x', GITHUB_ACTOR: 'octocat' };
    expect(read({}, env)('token')).toBe('ghs_x');
    expect(read({}, env)('username')).toBe('octocat');
    expect(read({ token: 'ghp_y' }, env)('token')).toBe('ghp_y');
  });

  test('where the environment has none either, there is none', () => {
    expect([read({})('token'), read({})('username')]).toEqual(['', '']);
  });
});

describe('strings become values', () => {
  test('the defaults', () => {
    expect(someInputs()).toMatchObject({
      registry: 'auto',
      build: { options: { context: '.', platforms: [], buildArgs: [] }, cache: 'off' },
      push: 'auto',
      loginScope: 'step',
      verify: 'manifest',
      retries: 5,
      dryRun: false,
    });
  });

  test.each([
    ['push in YAML’s spellings of true', { push: 'True' }, { push: 'true' }],
    ['push in capitals', { push: 'FALSE' }, { push: 'false' }],
    ['dry-run', { 'dry-run': 'TRUE' }, { dryRun: true }],
    ['login-scope', { 'login-scope': 'job' }, { loginScope: 'job' }],
    ['verify', { verify: 'off' }, { verify: 'off' }],
    ['retries', { retries: '1' }, { retries: 1 }],
    ['retries at the most', { retries: '100' }, { retries: 100 }],
    [
      'build arguments, one a line, which may have "=" and "," in their values, or no value',
      { 'build-args': 'A=1\n\n  B=x=y,z\nC\n' },
      { build: { options: { buildArgs: ['A=1', 'B=x=y,z', 'C'] } } },
    ],
    [
      'platforms between commas and lines, each once',
      { platforms: 'linux/amd64, linux/arm64\nlinux/x86_64,' },
      {
        build: {
          options: {
            platforms: [
              { os: 'linux', architecture: 'amd64' },
              { os: 'linux', architecture: 'arm64' },
            ],
          },
        },
      },
    ],
  ])('%s', (_title, texts, values) => {
    expect(someInputs(texts)).toMatchObject(values);
  });

  test.each([
    ['push: maybe', { push: 'maybe' }, 'INPUT_INVALID'],
    ['push: yes, which is no boolean of YAML 1.2', { push: 'yes' }, 'INPUT_INVALID'],
    ['stage: no, which would be a name', { stage: 'no' }, 'INPUT_INVALID'],
    ['stage: On, which would be none', { stage: 'On' }, 'INPUT_INVALID'],
    ['push: tRUE', { push: 'tRUE' }, 'INPUT_INVALID'],
    ['dry-run: auto', { 'dry-run': 'auto' }, 'INPUT_INVALID'],
    ['login-scope: workflow', { 'login-scope': 'workflow' }, 'INPUT_INVALID'],
    ['verify: blob', { verify: 'blob' }, 'INPUT_INVALID'],
    ['no attempt at all', { retries: '0' }, 'INPUT_INVALID'],
    ['too many attempts', { retries: '101' }, 'INPUT_INVALID'],
    ['a negative number of attempts', { retries: '-1' }, 'INPUT_INVALID'],
    ['half an attempt', { retries: '2.5' }, 'INPUT_INVALID'],
    ['attempts in hexadecimals', { retries: '0x5' }, 'INPUT_INVALID'],
    ['a build argument without name', { 'build-args': 'A=1\n=2' }, 'INPUT_INVALID'],
    ['an unknown platform', { platforms: 'linux/vax' }, 'PLATFORM_INVALID'],
    ['a context beside a source', { source: 'oci:build', context: 'services/api' }, 'INPUT_INVALID'],
    ['referrers of a build', { referrers: 'true' }, 'INPUT_INVALID'],
    ['referrers of a folder', { source: 'oci:build', referrers: 'true' }, 'INPUT_INVALID'],
  ] as const)('%s is refused', (_title, texts, code: ErrorCode) => {
    expect(() => someInputs(texts)).toThrowCode(code);
  });

  test('the error quotes the value, says what was expected and how to mend it', () => {
    expect(thrownBy(() => someInputs({ push: 'maybe' }))).toMatchObject({
      message: 'The input `push` is "maybe": expected `auto`, `true`, `false`.',
      remedy: 'Set `push: auto`, or leave it out.',
    });
    expect(thrownBy(() => someInputs({ retries: 'x' }))).toMatchObject({
      message: 'The input `retries` is "x": expected a whole number from 1 to 100.',
      remedy: 'Set `retries: 5`, or leave it out.',
    });
  });

  test('the default context beside a source, and referrers beside one in a registry, are none', () => {
    const texts = { source: 'docker://ghcr.io/octo-org/app:1.0', context: '.', referrers: 'True' };
    expect(someInputs(texts)).toMatchObject({ referrers: true, source: { kind: 'docker' } });
  });

  test('the faults of all inputs are reported together, and each input at fault has a value', () => {
    const faults = gatherFaults();
    const bad: Partial<Record<string, string>> = {
      platforms: 'x',
      'build-args': '=',
      push: 'x',
      verify: 'x',
      retries: 'x',
      'dry-run': 'x',
      summary: 'x',
      'login-scope': 'x',
      source: 'x',
      referrers: 'x',
      'if-exists': 'x',
      stage: 'X',
    };
    const inputs = parseInputs((name) => bad[name] ?? '', faults);
    expect(inputs).toMatchObject({
      summary: true,
      push: 'auto',
      verify: 'manifest',
      retries: 1,
      dryRun: false,
      loginScope: 'step',
    });
    expect(inputs).toMatchObject({ source: undefined, referrers: false, ifExists: 'overwrite', stage: undefined });
    expect(faults.throwIfAny).toThrowCode(
      'INPUT_INVALID',
      'SOURCE_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'PLATFORM_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
    );
  });
});

describe('the inputs of pull/', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const parse = (texts: Partial<Record<string, string>>) => {
    const faults = gatherFaults();
    const inputs = parsePullInputs((name) => texts[name] ?? pullInputDefaults[name], faults);
    return { inputs, faults };
  };

  test('what is not given is left open', () => {
    const { inputs } = parse({});
    expect(inputs).toMatchObject({ tag: undefined, digest: undefined, platform: undefined, retries: 5 });
  });

  test('what is given becomes a value', () => {
    const { inputs } = parse({ tag: '1.0', digest, platform: 'linux/arm64', 'login-scope': 'job', retries: '2' });
    const platform = { os: 'linux', architecture: 'arm64' };
    expect(inputs).toMatchObject({ tag: '1.0', digest, platform, loginScope: 'job', retries: 2 });
  });

  test('all faults are reported together', () => {
    const { inputs, faults } = parse({ tag: '-', digest: 'x', platform: 'x', 'login-scope': 'x', retries: 'x' });
    expect(inputs).toMatchObject({ loginScope: 'step', retries: 1 });
    expect(faults.throwIfAny).toThrowCode(
      'TAG_INVALID',
      'DIGEST_INVALID',
      'PLATFORM_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
    );
  });
});

describe('what the environment says of the metadata', () => {
  const clock = new Date('2026-01-02T03:04:05Z');

  test('nothing: the clock, and what metadata-action defaults to', () => {
    expect(parseContextOptions({}, clock)).toEqual({
      now: clock,
      usesPullRequestHead: false,
      shortShaLength: 7,
      annotationLevels: ['manifest'],
    });
  });

  test('SOURCE_DATE_EPOCH stands for the clock', () => {
    expect(parseContextOptions({ SOURCE_DATE_EPOCH: '0' }, clock).now).toEqual(new Date(0));
    expect(parseContextOptions({ SOURCE_DATE_EPOCH: '1700000000' }, clock).now).toEqual(new Date(1_700_000_000_000));
  });

  test('the variables of docker/metadata-action', () => {
    const env = {
      DOCKER_METADATA_PR_HEAD_SHA: 'true',
      DOCKER_METADATA_SHORT_SHA_LENGTH: '12',
      DOCKER_METADATA_ANNOTATIONS_LEVELS: 'manifest,index',
    };
    expect(parseContextOptions(env, clock)).toMatchObject({
      usesPullRequestHead: true,
      shortShaLength: 12,
      annotationLevels: ['manifest', 'index'],
    });
  });

  test.each(['yesterday', '-1', '1.5', '9'.repeat(20)])('SOURCE_DATE_EPOCH=%s is refused', (epoch) => {
    expect(() => parseContextOptions({ SOURCE_DATE_EPOCH: epoch }, clock)).toThrowCode('INPUT_INVALID');
  });

  test('all faults are reported together', () => {
    const env = {
      SOURCE_DATE_EPOCH: 'x',
      DOCKER_METADATA_SHORT_SHA_LENGTH: 'x',
      DOCKER_METADATA_ANNOTATIONS_LEVELS: 'x',
    };
    expect(() => parseContextOptions(env, clock)).toThrowCode('INPUT_INVALID', 'INPUT_INVALID', 'ANNOTATION_INVALID');
  });
});
