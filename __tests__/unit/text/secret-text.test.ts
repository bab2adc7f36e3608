import { describe, expect, test } from '@jest/globals';
import { formsOf, withoutBuildSecrets } from '../../../src/text/secret-text.ts';

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

describe('the forms of a secret', () => {
  const secrets = [
    'ghs_0123456789abcdef',
    '-p&ss=w/rd+with%signs',
    'pässwörd-über-längen',
    'quo"ted\\back\nslash-long',
  ];
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  test.each(
    secrets.flatMap((secret) => [
      [secret, 'as it is', `before ${secret} after`],
      [secret, 'in a URL', new URL(`https://host/?token=${encodeURIComponent(secret)}`).href],
      [secret, 'as a path', encodeURI(`https://host/${secret}/x`)],
      [secret, 'in JSON', JSON.stringify({ secret })],
      ...['', 'a', 'ab', 'octocat:', 'x-access-token:'].map((before) => [
        secret,
        `in base64 after "${before}"`,
        `Basic ${base64(before + secret)}`,
      ]),
      [secret, 'in base64 before more', base64(`user:${secret}@host`)],
    ]),
  )('of %j has the one %s', (secret, _, text) => {
    expect(formsOf(secret).filter((form) => text.includes(form))).not.toEqual([]);
    expect(Object.keys(withoutBuildSecrets({ TEXT: text, CI: 'true' }, [secret]))).toEqual(['CI']);
  });

  test('are in no other text', () => {
    const other = base64('x-access-token:ghs_another-token-of-the-same-kind');
    expect(secrets.flatMap(formsOf).filter((form) => other.includes(form))).toEqual([]);
  });
});
