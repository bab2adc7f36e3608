import { describe, expect, test } from '@jest/globals';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { parseRealm } from '../../../src/registry/authorization.ts';
import type { Credential } from '../../../src/registry/credential.ts';

const credential: Credential = { username: 'octocat', token: 'secret-token' };
const within = (realmDomain: string): Credential => ({ ...credential, realmDomain });
const onGhes = within('ghes.test');

describe('the token endpoint that a registry names', () => {
  test.each([
    ['ghcr.io', 'https://ghcr.io/token', within('ghcr.io')],
    ['docker.pkg.github.com', 'https://docker.pkg.github.com/token', within('github.com')],
    ['containers.octo.ghe.com', 'https://containers.octo.ghe.com/token', within('octo.ghe.com')],
    ['containers.octo.ghe.com', 'https://octo.ghe.com/token', within('octo.ghe.com')],
    ['containers.ghes.test', 'https://containers.ghes.test/token', onGhes],
    ['containers.ghes.test', 'https://ghes.test/_registry/token', onGhes],
    ['ghes.test:8443', 'https://auth.ghes.test:8443/token', onGhes],
    ['docker.io', 'https://auth.docker.io/token', credential],
    ['registry.gitlab.com', 'https://gitlab.com/jwt/auth', credential],
    ['localhost:5000', 'http://localhost:5001/token', credential],
    ['localhost:5000', 'https://auth.test/token', credential],
    ['127.0.0.1:5000', 'http://[::1]:5001/token', credential],
    ['ghcr.io', 'https://elsewhere.test/token', undefined],
  ])('%s may send to %s', (registry, realm, login) => {
    expect(parseRealm(parseRegistry(registry), realm, login).href).toBe(realm);
  });

  test.each([
    ['a GitHub token leaves ghcr.io', 'ghcr.io', 'https://evil.test/token', within('ghcr.io')],
    ['a look-alike suffix is another domain', 'ghcr.io', 'https://notghcr.io/token', within('ghcr.io')],
    [
      'a GitHub token leaves its tenant',
      'containers.octo.ghe.com',
      'https://containers.other.ghe.com/token',
      within('octo.ghe.com'),
    ],
    [
      'a GitHub token leaves the legacy registry',
      'docker.pkg.github.com',
      'https://github.io/token',
      within('github.com'),
    ],
    ['a GHES token leaves its instance', 'containers.ghes.test', 'https://ghcr.io/token', onGhes],
    ['a token goes over plain HTTP', 'registry.test', 'http://registry.test/token', credential],
    ['a token goes to this machine from elsewhere', 'registry.test', 'http://localhost:1/token', credential],
    ['a local token leaves in the clear', 'localhost:5000', 'http://registry.test/token', credential],
    ['no token is asked for in the clear, even anonymously', 'registry.test', 'http://registry.test/token', undefined],
    ['a scheme that is none of the web', 'registry.test', 'file:///etc/passwd', credential],
  ])('%s: refused', (_, registry, realm, login) => {
    const parse = (): URL => parseRealm(parseRegistry(registry), realm, login);
    expect(parse).toThrow(expect.objectContaining({ code: 'REGISTRY_UNTRUSTED' }));
  });

  test('a realm that is no URL is no answer of a registry', () => {
    expect(() => parseRealm(parseRegistry('ghcr.io'), '/token', credential)).toThrow(
      expect.objectContaining({ code: 'ANSWER_INVALID' }),
    );
  });

  test('a user and password in the realm are dropped', () => {
    const realm = 'https://user:password@auth.test/token';
    expect(parseRealm(parseRegistry('registry.test'), realm, credential).href).toBe('https://auth.test/token');
  });
});
