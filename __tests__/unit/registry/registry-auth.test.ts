import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, gatherFaults } from '../../../src/errors.ts';
import { parseRegistryAuth } from '../../../src/registry/registry-auth.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

function parse(text: string): ReturnType<typeof parseRegistryAuth> {
  const faults = gatherFaults();
  const logins = parseRegistryAuth(text, faults);
  faults.throwIfAny();
  return logins;
}

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
