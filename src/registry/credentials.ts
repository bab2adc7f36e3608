/**
 * Who we are to a registry: the token that the step was given, or what the runner is already logged in with.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import type { Registry } from '../image/registry-name.ts';
import { isObject } from '../text/json.ts';
import { hostOfOwningProduct } from './directory.ts';
import { isLoginOf, loginKey } from './docker-config.ts';
import type { Product } from './product.ts';
import type { Credential } from './token.ts';

/** How the step is known to a registry. The plan that holds it is printed: a password is no part of it. */
export type CredentialDecision =
  /** Log in with the step's token, or with the entry of `registry-auth`. */
  | { readonly kind: 'token' | 'registry-auth'; readonly username: string; readonly reason: string }
  /** Use what the runner is logged in with, if anything. */
  | { readonly kind: 'runner'; readonly reason: string };

/**
 * The forms of GitHub's tokens
 * (https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats).
 */
export function tokenForm(token: string): 'installation' | 'classic' | 'fine-grained' | 'user' | 'other' {
  if (token.startsWith('ghs_')) return 'installation';
  if (token.startsWith('ghp_')) return 'classic';
  if (token.startsWith('github_pat_')) return 'fine-grained';
  if (/^gh[our]_/.test(token)) return 'user';
  return 'other';
}

/** What a step was given to log in with. */
export interface GivenCredentials {
  /** Empty for none. */
  readonly token: string;
  readonly username: string;
  readonly registryAuth: readonly { readonly registry: Registry; readonly username: string }[];
}

/**
 * Which credential is sent to a registry. The job's own token is good for the run's own product only, and a GitHub token of
 * any form for GitHub's registries only; anywhere else it would be given away.
 * @param needed whether the run is going to push
 * @throws InputError TOKEN_MISSING, TOKEN_FOREIGN
 */
export function resolveCredential(
  registry: Registry,
  product: Product,
  { token, username, registryAuth }: GivenCredentials,
  needed: boolean,
): CredentialDecision {
  const entry = registryAuth.find((each) => each.registry === registry);
  if (entry !== undefined) {
    return { kind: 'registry-auth', username: entry.username, reason: '`registry-auth` has it' };
  }
  const owning = hostOfOwningProduct(registry, product);
  const form = tokenForm(token);
  if (owning === undefined) {
    if (token === '') return { kind: 'runner', reason: 'no token was given for it' };
    if (form !== 'other') return { kind: 'runner', reason: `a token of GitHub is not sent to ${registry}` };
    return { kind: 'token', username: username || 'token', reason: 'the token was given for it' };
  }
  if (token === '') {
    if (!needed) return { kind: 'runner', reason: 'no token was given' };
    throw new InputError('TOKEN_MISSING', {
      message: `The input \`token\` is empty, but ${registry} takes a push only with a token.`,
      remedy:
        'Leave `token` out to use the job’s own token with\npermissions:\n  contents: read\n  packages: write\nor check that the secret it names exists for this event: pull requests from forks and Dependabot get no secrets.',
    });
  }
  if (owning !== product.host && form === 'installation') {
    if (!needed) return { kind: 'runner', reason: `the token of this job is good for ${product.host} only` };
    throw new InputError('TOKEN_FOREIGN', {
      message: `The token of this job is good for ${product.host} only; it is not sent to ${registry}, which belongs to ${owning}.`,
      remedy: `Set \`token\` to a classic personal access token of ${owning} with the scope write:packages, kept as a secret.`,
    });
  }
  // The registries take any non-empty name beside a token (facts of the registries, "Username").
  return { kind: 'token', username: username || 'x-access-token', reason: 'it belongs to the product of the token' };
}

/** An entry of `auths`: a password, or the identity token that a token service gave out in its place. */
function parseAuth(entry: unknown): Credential | undefined {
  if (!isObject(entry) || typeof entry.auth !== 'string') return undefined;
  const text = Buffer.from(entry.auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  const username = text.slice(0, colon);
  if (typeof entry.identitytoken === 'string' && entry.identitytoken !== '') {
    return { username, token: entry.identitytoken, isIdentity: true };
  }
  return { username, token: text.slice(colon + 1).replace(/\0+$/, '') };
}

/** What a helper printed, or a variable holds; `undefined` for no JSON. */
function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The login of a registry among those of a configuration. */
function loginIn(config: unknown, registry: Registry): Credential | undefined {
  const logins = Object.entries(isObject(config) && isObject(config.auths) ? config.auths : {});
  const exact =
    logins.find(([name]) => name === loginKey(registry)) ?? logins.find(([name]) => isLoginOf(registry, name));
  return parseAuth(exact?.[1]);
}

/** Runs a credential helper; the one of the engine's command runner fits. */
export type RunHelper = (
  argv: readonly [string, ...string[]],
  options: { readonly env: Readonly<Record<string, string | undefined>>; readonly input: string },
) => Promise<{ readonly exitCode: number; readonly stdout: string }>;

/**
 * What the CLI is logged in with at a registry: DOCKER_AUTH_CONFIG, the plain file, or a credential helper
 * (https://github.com/docker/docker-credential-helpers: `docker-credential-NAME get`, the registry on stdin).
 * @param folder DOCKER_CONFIG
 * @returns `undefined` when it is not logged in there
 */
export async function readLogin(
  folder: string,
  registry: Registry,
  run: RunHelper,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credential | undefined> {
  const given = loginIn(parseAnswer(env.DOCKER_AUTH_CONFIG ?? ''), registry);
  if (given !== undefined) return given;
  const text = await readFile(join(folder, 'config.json'), 'utf8').catch(() => '{}');
  const config: unknown = JSON.parse(text);
  if (!isObject(config)) return undefined;
  const key = loginKey(registry);
  const helpers = isObject(config.credHelpers) ? config.credHelpers : {};
  const helper = Object.hasOwn(helpers, key) ? helpers[key] : config.credsStore;
  if (typeof helper !== 'string' || helper === '') return loginIn(config, registry);
  const result = await run([`docker-credential-${helper}`, 'get'], { env, input: key });
  if (result.exitCode !== 0) return undefined;
  const answer = parseAnswer(result.stdout);
  if (!isObject(answer) || typeof answer.Username !== 'string' || typeof answer.Secret !== 'string') return undefined;
  const login = { username: answer.Username, token: answer.Secret };
  // The name by which a helper says that it keeps an identity token.
  return answer.Username === '<token>' ? { ...login, isIdentity: true } : login;
}
