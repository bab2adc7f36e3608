import { describe, expect, test } from '@jest/globals';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { createMasker } from '../../../src/log/masker.ts';
import { terminalLog } from '../../../src/log/terminal-log.ts';
import { maskSecrets, type StepSecrets } from '../../../src/step/step-secrets.ts';

/** A text, as every log of a step with these secrets shows it. */
function shown(text: string, secrets: Partial<StepSecrets>, texts: readonly string[] = []): string {
  const masker = createMasker();
  maskSecrets(
    terminalLog(() => undefined, masker),
    'octocat',
    { token: '', registryAuth: [], ...secrets },
    texts,
  );
  return masker.mask(text);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const hub = { registry: parseRegistry('docker.io'), username: 'robot', password: 'dckr_pat' };

describe('the secrets of a step that nobody sees', () => {
  test.each([
    ['the token', 'ghs_job', { token: 'ghs_job' }],
    ['the token as the CLI’s configuration has it', base64('octocat:ghs_job'), { token: 'ghs_job' }],
    ['a password of `registry-auth`', 'dckr_pat', { registryAuth: [hub] }],
    [
      'a password of `registry-auth` as the CLI’s configuration has it',
      base64('robot:dckr_pat'),
      { registryAuth: [hub] },
    ],
    [
      'the token as another user’s, in base64',
      base64('x-access-token:ghs_0123456789abcdef'),
      { token: 'ghs_0123456789abcdef' },
    ],
    ['the token in a URL', 'ghs_0123%26456789abcdef', { token: 'ghs_0123&456789abcdef' }],
    ['a line of a secret of the build', '"key": "abc"', { ofBuild: ['{\n  "key": "abc"\r\n}'] }],
  ])('are %s', (_title, text, secrets) => {
    expect(shown(`is ${text}.`, secrets)).toMatch(/^is [\w+/]{0,22}\*\*\*\w?=?\.$/);
  });

  test('are credentials in the URLs of inputs', () => {
    const texts = ['https://robot:hunter22@git.example/app.git'];
    expect(shown('Cloning as hunter22', {}, texts)).toBe('Cloning as ***');
  });

  test('are not lines of the build’s secrets that are in many texts', () => {
    expect(shown('{ short }', { ofBuild: ['{\nshort\n}'] })).toBe('{ short }');
  });

  test('are not the user names alone', () => {
    expect(shown('octocat, robot', { registryAuth: [hub] })).toBe('octocat, robot');
  });
});
