import { describe, expect, test } from '@jest/globals';
import { inputsWithDefaults } from '../../../src/inputs/input-reader.ts';
import { inputDefaults } from '../../../src/inputs/publish-inputs.ts';

describe('an input', () => {
  const read = (given: Record<string, string>, env: Record<string, string> = {}) =>
    inputsWithDefaults((name) => given[name] ?? '', env, inputDefaults);

  test('is what is given', () => {
    expect(read({ 'login-scope': 'job' })('login-scope')).toBe('job');
  });

  test('that is absent or empty, as an expression without a value, is the default', () => {
    expect(read({})('context')).toBe('.');
    expect(read({ retries: '' })('retries')).toBe('5');
  });

  test('that decides whether a leg of a matrix publishes is not filled in where its expression has no value', () => {
    expect(read({}, { INPUT_STAGE: '' })('stage')).toBe('');
    expect(read({})('stage')).toBe('false');
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
