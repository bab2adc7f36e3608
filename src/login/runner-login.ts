/**
 * Who we are to a registry: the token that the step was given, or what the runner is already logged in with.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loginKey, type Registry } from '../image/registry-name.ts';
import type { Credential } from '../registry/credential.ts';
import type { Environment } from '../text/environment.ts';
import { isObject, parseJson } from '../text/json.ts';
import { isLoginOf } from './docker-config.ts';

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
  options: { readonly env: Environment; readonly input: string },
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
  env: Environment,
): Promise<Credential | undefined> {
  const given = loginIn(parseJson(env.DOCKER_AUTH_CONFIG ?? ''), registry);
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
  const answer = parseJson(result.stdout);
  if (!isObject(answer) || typeof answer.Username !== 'string' || typeof answer.Secret !== 'string') return undefined;
  const login = { username: answer.Username, token: answer.Secret };
  // The name by which a helper says that it keeps an identity token.
  return answer.Username === '<token>' ? { ...login, isIdentity: true } : login;
}
