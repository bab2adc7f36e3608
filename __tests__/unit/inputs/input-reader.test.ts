import { describe, expect, test } from '@jest/globals';
import { inputsOfEnvironment } from '../../../src/inputs/input-reader.ts';
import { inputDefaults } from '../../../src/inputs/publish-inputs.ts';

describe('an input is read as the runner hands it over', () => {
  const read = (env: Record<string, string>) => inputsOfEnvironment(env, inputDefaults);

  test('from a variable in upper case that keeps its hyphens, trimmed', () => {
    expect(read({ 'INPUT_LOGIN-SCOPE': ' job\n' })('login-scope')).toBe('job');
  });

  test('absent, it is the default', () => {
    expect(read({})('context')).toBe('.');
  });

  test('empty, as an expression that comes to nothing, it is the default too', () => {
    expect(read({ INPUT_REGISTRY: '', INPUT_RETRIES: '  ' })('registry')).toBe('auto');
    expect(read({ INPUT_REGISTRY: '', INPUT_RETRIES: '  ' })('retries')).toBe('5');
  });

  test('without default it is empty', () => {
    expect(read({})('owner')).toBe('');
  });

  test('a token and a user name that are not given are those of the environment', () => {
    const env = { INPUT_TOKEN: '', GITHUB_TOKEN: 'ghs_x', GITHUB_ACTOR: 'octocat' };
    expect(read(env)('token')).toBe('ghs_x');
    expect(read(env)('username')).toBe('octocat');
    expect(read({ ...env, INPUT_TOKEN: 'ghp_y' })('token')).toBe('ghp_y');
  });

  test('where the environment has none either, there is none', () => {
    expect([read({})('token'), read({})('username')]).toEqual(['', '']);
  });
});
