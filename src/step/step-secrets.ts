/** The secrets of a step, read and masked before anything else. */

import type { Faults } from '../errors.ts';
import type { Log } from '../log/log.ts';
import { noRegistryAuth, type RegistryAuth, type RegistryLogin } from '../registry/credential.ts';
import { shortestSecret } from '../text/secret-text.ts';
import { urlSecrets } from '../text/url-secrets.ts';

/** Only a step that has `registry-auth` loads a YAML parser. */
export async function readRegistryAuth(text: string, faults: Faults): Promise<RegistryAuth> {
  if (text === '') return noRegistryAuth;
  const { parseRegistryAuth } = await import('../login/registry-auth.ts');
  return parseRegistryAuth(text, faults);
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
  for (const login of [{ username, password: token }, ...registryAuth]) {
    if (login.password === '') continue;
    log.mask(login.password);
    log.mask(Buffer.from(`${login.username}:${login.password}`).toString('base64'));
  }
  for (const secret of [...ofBuild, ...texts.flatMap(urlSecrets)]) log.mask(secret, shortestSecret);
}

/** The secret parts that no plan holds. */
export interface StepSecrets {
  readonly token: string;
  readonly registryAuth: readonly RegistryLogin[];
  /** Of the build, if they are in inputs and variables. */
  readonly ofBuild?: readonly string[];
}
