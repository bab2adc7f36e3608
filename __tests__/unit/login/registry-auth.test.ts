import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, gatherFaults } from '../../../src/errors.ts';
import { parseRegistryAuth } from '../../../src/login/registry-auth.ts';
import { noRegistryAuth, type RegistryAuth } from '../../../src/registry/credential.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

function parseAll(text: string): RegistryAuth {
  const faults = gatherFaults();
  const registryAuth = { ...parseRegistryAuth(text, faults), ofToken: undefined };
  faults.throwIfAny();
  return registryAuth;
}

const parse = (text: string): RegistryAuth['logins'] => parseAll(text).logins;

const password = 'correct-horse';

describe('registry-auth', () => {
  test('is a list of registry, username and password', () => {
    const text = `
      - registry: docker.io
        username: octocat
        password: ${password}
      - {registry: "localhost:5000", username: 7, password: 8}`;
    expect(parse(text)).toEqual([
      { registry: 'docker.io', username: 'octocat', password },
      { registry: 'localhost:5000', username: '7', password: '8' },
    ]);
  });

  test.each(['0123456', '12e45678', '0x1F', '12345678901234567890', 'true', 'null', '~', '2026-11-24', '1_000'])(
    'a password is what stands there: %s',
    (text) => {
      expect(parse(`- {registry: quay.io, username: octocat, password: ${text}}`)).toEqual([
        { registry: 'quay.io', username: 'octocat', password: text },
      ]);
    },
  );

  test('a key that is JSON is told how to be written, and can be', () => {
    const key = '{\n  "type": "service_account",\n  "private_key": "a\\nb"\n}';
    const entry = (password: string): string => `- registry: gcr.io\n  username: _json_key\n  password: ${password}`;
    expect(() => parse(entry(key))).toThrow('${{ toJSON(secrets.NAME) }}');
    expect(() => parse(entry('{"type": "service_account"}'))).toThrow('${{ toJSON(secrets.NAME) }}');
    expect(parse(entry(JSON.stringify(key)))).toEqual([{ registry: 'gcr.io', username: '_json_key', password: key }]);
  });

  test.each([
    ['password', '[{registry: quay.io, username: octocat, password: ""}]'],
    ['password', '- registry: quay.io\n  username: octocat\n  password: '],
    ['username', '[{registry: quay.io, username: "", password: x}]'],
    ['password', '[{registry: quay.io, username: "", password: ""}]'],
  ])('a secret that is empty in this run leaves an entry without a %s', (lacks, text) => {
    expect(parseAll(text)).toEqual({ ...noRegistryAuth, empty: [{ registry: 'quay.io', lacks }] });
  });

  test.each([
    ['quay.io', '[{registry: quay.io, username: a, password: abc}]', []],
    ['quay.io', '- registry: quay.io\n  username: a\n  password: abc #def', ['quay.io']],
    ['quay.io', '- registry: quay.io\n  username: a\n  password: "abc #def"', []],
    ['quay.io', '- registry: quay.io\n  username: a\n  password: "abc" # of our robot', []],
    ['quay.io', '- registry: quay.io # ours\n  username: a\n  password: abc#def', []],
    ['quay.io', '- registry: quay.io\n  password: abc #def\n  username: a', ['quay.io']],
  ])('a password that YAML may have cut at a "#" is noticed: %s, %j', (_, text, commented) => {
    expect(parseAll(text).commented).toEqual(commented);
  });

  test.each(['', '# nothing', '[]'])('may be empty: "%s"', (text) => {
    expect(parse(text)).toEqual([]);
  });

  const entry = `registry: quay.io, username: octocat, password: ${password}`;
  test.each([
    ['is no YAML', `[${password}`, 'REGISTRY_AUTH_INVALID'],
    ['is no list', `{${entry}}`, 'REGISTRY_AUTH_INVALID'],
    ['has an entry that is no mapping', `[${password}]`, 'REGISTRY_AUTH_INVALID'],
    ['has an entry that is a list', `[[${password}]]`, 'REGISTRY_AUTH_INVALID'],
    ['has an unknown key', `[{${entry}, scope: x}]`, 'REGISTRY_AUTH_INVALID'],
    ['has no blank after a colon', `[{registry: quay.io, username: a, password:${password}}]`, 'REGISTRY_AUTH_INVALID'],
    ['names no registry', `[{username: octocat, password: ${password}}]`, 'REGISTRY_AUTH_INVALID'],
    ['has no username', `[{registry: quay.io, password: ${password}}]`, 'REGISTRY_AUTH_INVALID'],
    [
      'has no password, as where a secret is missing',
      '[{registry: quay.io, username: octocat}]',
      'REGISTRY_AUTH_INVALID',
    ],
    [
      'has a password that is a list',
      `[{registry: quay.io, username: a, password: [${password}]}]`,
      'REGISTRY_AUTH_INVALID',
    ],
    [
      'names a registry that is none',
      `[{registry: "https://quay.io", username: a, password: ${password}}]`,
      'REGISTRY_INVALID',
    ],
    ['has a registry twice', `[{${entry}}, {${entry}}]`, 'REGISTRY_AUTH_INVALID'],
    [
      'has a registry twice under two names',
      `[{registry: docker.io, username: a, password: ${password}}, {registry: index.docker.io, username: a, password: b}]`,
      'REGISTRY_AUTH_INVALID',
    ],
  ] as const)('is refused when it %s, and the error does not quote a password', (_title, text, code: ErrorCode) => {
    expect(() => parse(text)).toThrowCode(code);
    expect(
      JSON.stringify(
        thrownBy(() => parse(text)),
        ['message', 'remedy', 'cause', 'detail'],
      ),
    ).not.toContain(password);
    expect(String(thrownBy(() => parse(text)))).not.toContain(password);
  });

  test('all faults are reported together', () => {
    expect(() => parse('[{username: a}, {registry: quay.io}, {registry: "/", username: a, password: b}]')).toThrowCode(
      'REGISTRY_AUTH_INVALID',
      'REGISTRY_AUTH_INVALID',
      'REGISTRY_INVALID',
    );
  });
});

describe('the identity of the job in an entry', () => {
  test('is in the place of a password, and needs no user name where the cloud says which', () => {
    const { identities, logins } = parseAll(
      '[{registry: 123456789012.dkr.ecr.eu-central-1.amazonaws.com, password: "oidc:role=arn:aws:iam::123456789012:role/x"}]',
    );
    expect(logins).toEqual([]);
    expect(identities).toEqual([
      {
        registry: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
        username: '',
        identity: { kind: 'amazon', role: 'arn:aws:iam::123456789012:role/x', createsRepository: false },
      },
    ]);
  });

  test('of another cloud is refused', () => {
    const text = '[{registry: ghcr.io, username: octocat, password: "oidc:role=arn:aws:iam::123456789012:role/x"}]';
    expect(() => parseAll(text)).toThrowCode('IDENTITY_INVALID');
  });

  test('stands in it once a registry, as a password does', () => {
    const entry =
      '{registry: docker.io, username: octo, password: "oidc:connection=867f9d74-789a-4828-a856-12d46bfbbbe7"}';
    expect(() => parseAll(`[${entry}, {registry: docker.io, username: a, password: b}]`)).toThrow('stands in it twice');
  });
});
