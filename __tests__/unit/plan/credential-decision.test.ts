import { describe, expect, test } from '@jest/globals';
import { resolveProduct } from '../../../src/github/product.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { checkWrittenLogin, resolveCredentialAmong } from '../../../src/plan/credential-decision.ts';
import { parseIdentity } from '../../../src/registry/identity.ts';

const noIdentity = { identities: [], ofToken: undefined, hasIdToken: false };

const cloud = resolveProduct(new URL('https://github.com'));
const server = resolveProduct(new URL('https://ghes.example'));

/** The registries that the token is sent to, of all that a run publishes to. */
function receivers(
  names: readonly string[],
  token: string,
  { product = cloud, entries = [] as readonly string[] } = {},
) {
  const registries = names.map(parseRegistry);
  const registryAuth = entries.map((name) => ({ registry: parseRegistry(name), username: 'robot' }));
  const given = { token, username: 'octocat', actor: 'octocat', registryAuth, ...noIdentity };
  return registries.filter(
    (registry) => resolveCredentialAmong(registries, registry, product, given, true).kind === 'token',
  );
}

describe('of several registries the token goes to', () => {
  test.each([
    ['GitHub’s of this product alone', ['ghcr.io', 'docker.io'], 'ghs_x', {}, ['ghcr.io']],
    [
      'both of GitHub’s of this product',
      ['ghcr.io', 'docker.pkg.github.com', 'quay.io'],
      'ghs_x',
      {},
      ['ghcr.io', 'docker.pkg.github.com'],
    ],
    ['none where none is GitHub’s', ['docker.io', 'quay.io'], 'password', {}, []],
    ['none of another product of GitHub', ['ghcr.io', 'docker.io'], 'ghp_x', { product: server }, []],
    ['GitHub’s alone, even if it is no token of GitHub', ['ghcr.io', 'docker.io'], 'password', {}, ['ghcr.io']],
    [
      'the only registry, however many repositories it has',
      ['docker.io', 'docker.io'],
      'password',
      {},
      ['docker.io', 'docker.io'],
    ],
    [
      'no other one, even where all others have an entry',
      ['docker.io', 'quay.io'],
      'password',
      { entries: ['docker.io'] },
      [],
    ],
  ])('%s', (_title, names, token, options, expected) => {
    expect(receivers(names, token, options)).toEqual(expected);
  });

  test('and each other one is told why not', () => {
    const registries = ['ghcr.io', 'docker.io'].map(parseRegistry);
    const given = { token: 'ghs_x', username: '', actor: 'octocat', registryAuth: [], ...noIdentity };
    expect(resolveCredentialAmong(registries, parseRegistry('docker.io'), cloud, given, true)).toEqual({
      kind: 'runner',
      reason: '`token` is for ghcr.io, and `registry-auth` has no entry for this one',
    });
  });
});

describe('an entry of registry-auth', () => {
  const check =
    (registry: string, password: string, product = cloud) =>
    () =>
      checkWrittenLogin({ registry: parseRegistry(registry), username: 'octocat', password }, product);

  test.each([
    ['with a password of its registry', 'docker.io', 'password', cloud],
    ['with the job’s token for its own product', 'ghcr.io', 'ghs_x', cloud],
    ['with a classic token for another product of GitHub', 'ghcr.io', 'ghp_x', server],
  ])('is taken %s', (_title, registry, password, product) => {
    expect(check(registry, password, product)).not.toThrow();
  });

  test.each([
    ['a token of GitHub for another registry', 'docker.io', 'ghp_x', cloud, 'TOKEN_FOREIGN'],
    ['the job’s token for another product', 'ghcr.io', 'ghs_x', server, 'TOKEN_FOREIGN'],
    ['a host that imitates one of GitHub’s', 'ghrc.io', 'password', cloud, 'REGISTRY_INVALID'],
  ] as const)('is refused with %s', (_title, registry, password, product, code) => {
    expect(check(registry, password, product)).toThrowCode(code);
  });
});

describe('a password that is empty beside a user name', () => {
  const decide = (username: string, needed: boolean) => {
    const given = { token: '', username, actor: 'octocat', registryAuth: [], ...noIdentity };
    const registry = parseRegistry('docker.io');
    return resolveCredentialAmong([registry], registry, cloud, given, needed);
  };

  test('is a secret that this run does not have, where it publishes', () => {
    expect(() => decide('ci', true)).toThrow(
      'The input `username` is "ci", and `token` is empty in this run, which publishes to docker.io.',
    );
    expect(() => decide('ci', true)).toThrowCode('TOKEN_MISSING');
  });

  test.each([
    ['a run that publishes nothing', 'ci', false],
    ['the name of whoever started the run, which is the default', 'octocat', true],
    ['no name', '', true],
  ])('means the login of the runner: %s', (_, username, needed) => {
    expect(decide(username, needed).kind).toBe('runner');
  });
});

describe('the identity of the job in place of a password', () => {
  const registry = parseRegistry('octo.azurecr.io');
  const identity = parseIdentity(
    'oidc:tenant=11111111-2222-3333-4444-555555555555,client=99999999-8888-7777-6666-555555555555',
  );
  const given = { token: '', username: 'octocat', actor: 'octocat', registryAuth: [] };
  const ofToken = { ...given, identities: [], ofToken: identity };
  const ofEntry = { ...given, identities: [{ registry, username: '', identity }], ofToken: undefined };

  test.each([
    ['`token`', ofToken],
    ['an entry of `registry-auth`', ofEntry],
  ])('from %s is the login of a run that may ask for an ID token', (_title, credentials) => {
    expect(
      resolveCredentialAmong([registry], registry, cloud, { ...credentials, hasIdToken: true }, true),
    ).toMatchObject({
      kind: 'identity',
      identity,
      reason: 'octo.azurecr.io trusts the identity of this job (client 99999999-8888-7777-6666-555555555555)',
    });
  });

  test('needs an ID token where the run publishes', () => {
    const credentials = { ...ofEntry, hasIdToken: false };
    expect(() => resolveCredentialAmong([registry], registry, cloud, credentials, true)).toThrowCode(
      'ID_TOKEN_MISSING',
    );
    expect(resolveCredentialAmong([registry], registry, cloud, credentials, false).kind).toBe('runner');
  });

  test('from `token` is not for a registry of another cloud', () => {
    const ghcr = parseRegistry('ghcr.io');
    const credentials = { ...ofToken, hasIdToken: true };
    expect(() => resolveCredentialAmong([ghcr], ghcr, cloud, credentials, true)).toThrowCode('IDENTITY_INVALID');
  });

  test('from `token` is not for several registries, of which each may be meant', () => {
    const other = parseRegistry('team.azurecr.io');
    const credentials = { ...ofToken, hasIdToken: true };
    expect(resolveCredentialAmong([registry, other], registry, cloud, credentials, true).kind).toBe('runner');
  });
});
