import { describe, expect, test } from '@jest/globals';
import { withoutBuildSecrets } from '../../../src/text/secret-text.ts';

describe('a secret of the build', () => {
  const env = {
    PATH: '/home/runner/bin:/bin',
    TOKEN: 'npm_0123456789abcdef',
    NPM_CONFIG: '//registry.npmjs.org/:_authToken=npm_0123456789abcdef',
    PASSWORD: 'hunter22\n',
    KEY: '-----BEGIN KEY-----\nAAAA\n',
    CI: 'true',
    ABSENT: undefined,
  };

  test.each([
    ['is it', ['npm_0123456789abcdef'], ['TOKEN', 'NPM_CONFIG']],
    ['is it, but for white space', ['hunter22'], ['PASSWORD']],
    ['is it, in several lines', ['-----BEGIN KEY-----\nAAAA'], ['KEY']],
    ['is it, if it is long enough to be a secret', ['true'], []],
    ['has it in it, if it is too long for a part of a name', ['runner'], []],
    ['has it in it; an empty one is in none', [''], []],
  ])('is in the environment of no child: a variable goes that %s', (_title, secrets, gone) => {
    const kept = Object.keys(withoutBuildSecrets(env, secrets));
    expect(Object.keys(env).filter((name) => !kept.includes(name))).toEqual(gone);
  });
});
