import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, gatherFaults } from '../../../src/errors.ts';
import { parseInputs } from '../../../src/inputs/publish-inputs.ts';
import { someInputs } from '../../support/builders.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

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
    ['stage: an expression without a value', { stage: '' }, 'INPUT_INVALID'],
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

  test.each([
    ['-alpine', 'alpine'],
    ['.x', 'x'],
    ['a-b', 'a-b'],
  ])('a suffix is the name of what is staged: %s', (text, name) => {
    expect(someInputs({ stage: text }).stage).toBe(name);
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
      'metadata-env': 'x',
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
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'SOURCE_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'PLATFORM_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
    );
  });
});
