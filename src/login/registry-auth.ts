/**
 * The `registry-auth` input: logins for registries beside the one that `token` is for, as docker/login-action writes them.
 */

import { parse } from 'yaml';
import { type Faults, type InputError, inputError } from '../errors.ts';
import { parseRegistry } from '../image/registry-name.ts';
import type { RegistryLogin } from '../registry/credential.ts';

/** A JSON key, or a character that means something to YAML, such as `@` or `*` at its head. */
const quoting = 'a secret whose characters mean something to YAML is written as ${{ toJSON(secrets.NAME) }}';

/** A message must not quote the text: it may be a password. */
function unreadable(fault: string): InputError {
  return inputError(
    'REGISTRY_AUTH_INVALID',
    `The input \`registry-auth\` is invalid: ${fault}`,
    'a YAML list of {registry, username, password}',
    'Write, for each registry:\nregistry-auth: |\n  - registry: docker.io\n    username: octocat\n    password: ${{ secrets.DOCKERHUB_TOKEN }}',
  );
}

function parseList(text: string): readonly unknown[] {
  let value: unknown;
  try {
    // As it stands: a password of digits is no number (`0123`, `12e45678`), and one that reads `null` is there.
    value = parse(text, { logLevel: 'error', schema: 'failsafe' });
  } catch {
    // The parser's own words quote the text.
    throw unreadable(`it is no YAML; ${quoting}`);
  }
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw unreadable('it is not a list');
  return value;
}

function parseEntry(entry: unknown, position: number): RegistryLogin {
  const which = `entry ${position}`;
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw unreadable(`${which} is no mapping`);
  const fields = new Map(Object.entries(entry));
  const names = ['registry', 'username', 'password'];
  // Which it is stays untold: without a blank after its colon, `password:…` is a key.
  if ([...fields.keys()].some((name) => !names.includes(name)))
    throw unreadable(`${which} has a key that is none of these`);
  const [registry = '', username = '', password = ''] = names.map((name) => {
    const value: unknown = fields.get(name) ?? '';
    if (typeof value !== 'string') throw unreadable(`the ${name} of ${which} is a list or mapping; ${quoting}`);
    return value;
  });
  if (registry === '') throw unreadable(`${which} names no registry`);
  if (username === '') throw unreadable(`${which} (${registry}) has no username`);
  if (password === '') throw unreadable(`${which} (${registry}) has no password, or its secret is empty in this run`);
  return { registry: parseRegistry(registry), username, password };
}

/**
 * @param text YAML; empty for none
 * @param faults gathers REGISTRY_AUTH_INVALID and REGISTRY_INVALID
 */
export function parseRegistryAuth(text: string, { attempt }: Faults): readonly RegistryLogin[] {
  const logins = (attempt(() => parseList(text)) ?? []).flatMap((entry, index) => {
    const login = attempt(() => parseEntry(entry, index + 1));
    return login === undefined ? [] : [login];
  });
  attempt(() => {
    const twice = logins.find(
      ({ registry }, index) => logins.findIndex((each) => each.registry === registry) !== index,
    );
    if (twice !== undefined) throw unreadable(`${twice.registry} stands in it twice`);
  });
  return logins;
}
