/**
 * The `registry-auth` input: logins for registries beside the one that `token` is for, as docker/login-action writes them.
 */

import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { type Faults, type InputError, inputError } from '../errors.ts';
import { parseRegistry } from '../image/registry-name.ts';
import type { EmptyLogin, RegistryAuth, RegistryLogin } from '../registry/credential.ts';
import { checkIdentity, type IdentityLogin, namesIdentity, parseIdentity } from '../registry/identity.ts';

type WrittenEntry = RegistryLogin | IdentityLogin | EmptyLogin;

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

/** An item of the list. */
interface Item {
  readonly value: unknown;
  readonly hasComment: boolean;
}

/** Characters of more logins than a step has, each with a key of JSON. */
const longest = 65_536;

/** Whether lists and mappings lie in each other, on one line or in brackets: the parser takes minutes for some thousands. */
function isNested(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if ('[{'.includes(character)) depth += 1;
    if (']}'.includes(character)) depth -= 1;
    if (depth > 50) return true;
  }
  return /(?:[-?:][ \t]+){20}/.test(text);
}

function parseList(text: string): readonly Item[] {
  if (text.length > longest) throw unreadable(`it has more than ${longest} characters`);
  if (isNested(text)) throw unreadable('it has lists in lists');
  // As it stands: a password of digits is no number (`0123`, `12e45678`), and one that reads `null` is there.
  const document = parseDocument(text, { logLevel: 'error', schema: 'failsafe' });
  let value: unknown;
  try {
    if (document.errors[0] !== undefined) throw document.errors[0];
    value = document.toJS();
  } catch {
    // The parser's own words quote the text.
    throw unreadable(`it is no YAML; ${quoting}`);
  }
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw unreadable('it is not a list');
  const nodes = isSeq(document.contents) ? document.contents.items : [];
  return value.map((item, index) => ({ value: item, hasComment: hasCommentedPassword(nodes[index]) }));
}

/** Whether a `#` with a blank before it follows the password: YAML begins a comment there (https://yaml.org/spec/1.2.2/#66-comments). */
function hasCommentedPassword(entry: unknown): boolean {
  if (!isMap(entry)) return false;
  const password = entry.items.find(({ key }) => isScalar(key) && key.value === 'password')?.value;
  return isScalar(password) && typeof password.comment === 'string' && password.type === 'PLAIN';
}

function parseEntry(entry: unknown, position: number): WrittenEntry {
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
  const known = parseRegistry(registry);
  if (namesIdentity(password)) {
    const login = { registry: known, username, identity: parseIdentity(password) };
    checkIdentity(login);
    return login;
  }
  if (username !== '' && password !== '') return { registry: known, username, password };
  if (!fields.has('username') || !fields.has('password')) {
    throw unreadable(`${which} (${registry}) has no ${fields.has('username') ? 'password' : 'username'}`);
  }
  return { registry: known, lacks: password === '' ? 'password' : 'username' };
}

/**
 * @param text YAML; empty for none
 * @param faults gathers REGISTRY_AUTH_INVALID, REGISTRY_INVALID and IDENTITY_INVALID
 */
export function parseRegistryAuth(text: string, { attempt }: Faults): Omit<RegistryAuth, 'ofToken'> {
  const entries = (attempt(() => parseList(text)) ?? []).flatMap(({ value, hasComment }, index) => {
    const entry = attempt(() => parseEntry(value, index + 1));
    return entry === undefined ? [] : [{ entry, hasComment }];
  });
  attempt(() => {
    const registries = entries.map(({ entry }) => entry.registry);
    const twice = registries.find((registry, index) => registries.indexOf(registry) !== index);
    if (twice !== undefined) throw unreadable(`${twice} stands in it twice`);
  });
  return {
    logins: entries.flatMap(({ entry }) => ('password' in entry ? [entry] : [])),
    identities: entries.flatMap(({ entry }) => ('identity' in entry ? [entry] : [])),
    empty: entries.flatMap(({ entry }) => ('lacks' in entry ? [entry] : [])),
    commented: entries.filter(({ hasComment }) => hasComment).map(({ entry }) => entry.registry),
  };
}
