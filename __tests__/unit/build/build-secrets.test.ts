import { describe, expect, test } from '@jest/globals';
import { gitSecretId, secretValues } from '../../../src/build/build-secrets.ts';
import { someInputs } from '../../support/builders.ts';

describe('secrets', () => {
  const { options, secretValues: values } = someInputs({
    secrets: 'plain=a=b, c \n"json={""k"": 1,\n ""l"": 2}"',
    'secret-envs': 'token=MY_TOKEN,other=OTHER',
    'secret-files': 'file=path/to, it',
  }).build;

  test('are known to the plan by where they come from, not by what they are', () => {
    expect(options.secrets).toEqual([
      { id: 'plain', kind: 'input' },
      { id: 'json', kind: 'input' },
      { id: 'token', kind: 'environment', variable: 'MY_TOKEN' },
      { id: 'other', kind: 'environment', variable: 'OTHER' },
      { id: 'file', kind: 'file', path: 'path/to, it' },
    ]);
  });

  test('keep their blanks, commas and line breaks', () => {
    expect([...secretValues(options.secrets, values, { MY_TOKEN: 't', OTHER: 'o' })]).toEqual([
      ['plain', 'a=b, c '],
      ['json', '{"k": 1,\n "l": 2}'],
      ['token', 't'],
      ['other', 'o'],
    ]);
  });
});

describe('the token for a Git context', () => {
  test.each([
    ['is for the run’s own server', 'https://github.com/o/r.git', 'GIT_AUTH_TOKEN.github.com'],
    ['with a ref, too', 'https://github.com/o/r.git#main:app', 'GIT_AUTH_TOKEN.github.com'],
    ['in the short form, too', 'github.com/o/r', 'GIT_AUTH_TOKEN.github.com'],
    ['is for no other server', 'https://gitlab.example/o/r.git', ''],
    ['is for no server that only looks alike', 'https://github.com.example/o/r.git', ''],
    ['is for no archive', 'https://github.com/o/r/archive/main.tar.gz', ''],
    ['is for no SSH remote', 'git@github.com:o/r.git', ''],
    ['is for no folder', '.', ''],
  ])('%s: %s', (_title, context, id) => {
    expect(gitSecretId(context, 'github.com', [])).toBe(id);
  });

  test.each(['GIT_AUTH_TOKEN', 'GIT_AUTH_TOKEN.github.com'])('yields to a secret %s of the workflow', (id) => {
    expect(gitSecretId('https://github.com/o/r.git', 'github.com', [{ id, kind: 'input' }])).toBe('');
  });
});
