import { describe, expect, test } from '@jest/globals';
import { urlSecrets, withoutUrlSecrets } from '../../../src/text/url-secrets.ts';

const token = 'ghp_0123456789abcdef';

describe('the credentials in', () => {
  test.each([
    ['https://user:p%40ss@host/r.git#main', ['p%40ss', 'p@ss'], 'https://user:***@host/r.git#main'],
    [`https://${token}@github.com/o/r.git`, [token], 'https://***@github.com/o/r.git'],
    [`https://${token}:x-oauth-basic@github.com/o/r`, [token, 'x-oauth-basic'], 'https://***:***@github.com/o/r'],
    [
      'a=https://u:100%@h\nHTTP_PROXY=http://u:two@proxy:3128',
      ['100%', 'two'],
      'a=https://u:***@h\nHTTP_PROXY=http://u:***@proxy:3128',
    ],
    ['https://:only@host', ['only'], 'https://:***@host'],
    ['ssh://git@github.com/o/r.git', [], 'ssh://git@github.com/o/r.git'],
    ['https://octocat@github.com/o/r.git', [], 'https://octocat@github.com/o/r.git'],
    ['https://host/path@v1:2 and git@github.com:o/r', [], 'https://host/path@v1:2 and git@github.com:o/r'],
    ['{"a":"https://host","b":"c@d"}', [], '{"a":"https://host","b":"c@d"}'],
    ['type=azblob,account_url=https://host,name=a:b@c', [], 'type=azblob,account_url=https://host,name=a:b@c'],
    ['docker-image://ghcr.io/o/app@sha256:abc', [], 'docker-image://ghcr.io/o/app@sha256:abc'],
  ])('%s', (text, secrets, without) => {
    expect(urlSecrets(text)).toEqual(secrets);
    expect(withoutUrlSecrets(text)).toBe(without);
  });
});
