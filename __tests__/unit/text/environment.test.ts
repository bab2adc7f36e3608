import { describe, expect, test } from '@jest/globals';
import { homeOf, inEitherCase, variableOf } from '../../../src/text/environment.ts';

describe('a variable', () => {
  test.each([
    ['Path', 'win32', 'C:\\bin'],
    ['PATH', 'win32', 'C:\\bin'],
    ['pAth', 'win32', 'C:\\bin'],
    ['Path', 'linux', undefined],
    ['Path', 'darwin', undefined],
  ] as const)('that is set as %s is found as PATH on %s: %s', (name, platform, value) => {
    expect(variableOf({ [name]: 'C:\\bin' }, 'PATH', platform)).toBe(name === 'PATH' ? 'C:\\bin' : value);
  });

  test('in its own case goes before another one', () => {
    expect(variableOf({ Path: 'a', PATH: 'b' }, 'PATH', 'win32')).toBe('b');
  });

  test('of a proxy is read in either case, and lower case goes first', () => {
    expect(inEitherCase({ HTTPS_PROXY: 'a', https_proxy: 'b' }, 'HTTPS_PROXY')).toBe('b');
    expect(inEitherCase({ HTTPS_PROXY: 'a', https_proxy: '' }, 'HTTPS_PROXY')).toBe('a');
  });
});

test.each([
  ['linux', '/home/octocat'],
  ['darwin', '/home/octocat'],
  ['win32', 'C:\\Users\\octocat'],
] as const)('the home folder on %s is %s', (platform, home) => {
  const env = { HOME: '/home/octocat', USERPROFILE: 'C:\\Users\\octocat' };
  expect(homeOf(env, platform)).toBe(home);
  expect(homeOf({}, platform)).toBe('');
});
