/** The secrets of a step, read and masked before anything else. */

import type { Faults } from '../errors.ts';
import type { Log } from '../log/log.ts';
import { noRegistryAuth, type RegistryAuth, type RegistryLogin } from '../registry/credential.ts';
import { namesIdentity, parseIdentity } from '../registry/identity.ts';
import { formsOf, shortestPart, shortestSecret } from '../text/secret-text.ts';
import { urlSecrets } from '../text/url-secrets.ts';

/**
 * Only a step that has `registry-auth` loads a YAML parser.
 * @param token the input, which may name an identity of the job in place of a token
 * @param faults gathers REGISTRY_AUTH_INVALID, REGISTRY_INVALID and IDENTITY_INVALID
 */
export async function readRegistryAuth(text: string, token: string, faults: Faults): Promise<RegistryAuth> {
  const ofToken = namesIdentity(token) ? faults.attempt(() => parseIdentity(token)) : undefined;
  if (text === '') return { ...noRegistryAuth, ofToken };
  const { parseRegistryAuth } = await import('../login/registry-auth.ts');
  return { ...parseRegistryAuth(text, faults), ofToken };
}

/**
 * Every secret, and the form in which the CLI's configuration keeps a login, is *** in the log from here on.
 * @param texts of all inputs: there may be URLs with credentials among them
 */
export function maskSecrets(
  log: Log,
  username: string,
  { token, registryAuth, ofBuild = [] }: StepSecrets,
  texts: readonly string[],
): void {
  for (const login of [{ username, password: token }, ...registryAuth]) maskLogin(log, login);
  for (const secret of [...ofBuild, ...texts.flatMap(urlSecrets)]) log.mask(secret, shortestSecret);
}

/**
 * Hides a password, and the forms in which a registry or a tool may print it.
 * @param shortest a password with fewer characters is hidden in its forms alone
 */
export function maskLogin(
  log: Pick<Log, 'mask'>,
  { username, password }: Omit<RegistryLogin, 'registry'>,
  shortest?: number,
): void {
  if (password === '') return;
  log.mask(password, shortest);
  log.mask(Buffer.from(`${username}:${password}`).toString('base64'));
  if (password.length < shortestPart) return;
  for (const form of formsOf(password)) log.mask(form, shortestPart);
}

/** The secret parts that no plan holds. */
export interface StepSecrets {
  readonly token: string;
  readonly registryAuth: readonly RegistryLogin[];
  /** Of the build, if they are in inputs and variables. */
  readonly ofBuild?: readonly string[];
}
