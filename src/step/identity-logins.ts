/** The logins of a step that the identity of its job gives, before anything is pushed or built. */

import { createHttp } from '../http/http.ts';
import type { Repository } from '../image/repository.ts';
import { logInByIdentity } from '../login/identity-login.ts';
import type { RegistryLogin } from '../registry/credential.ts';
import { describeIdentity, type IdentityLogin } from '../registry/identity.ts';
import type { StepProcess } from './process.ts';
import { retryPorts } from './retry-ports.ts';
import { maskLogin } from './step-secrets.ts';

/**
 * Gets the logins side by side. Each is *** in the log from here on.
 * @param repositories that the run pushes to
 * @param retries attempts of each request in all
 * @throws RegistryError IDENTITY_REFUSED, REGISTRY_*, ANSWER_INVALID
 */
export async function obtainLogins(
  identities: readonly IdentityLogin[],
  repositories: readonly Repository[],
  retries: number,
  { env, log, termination }: StepProcess,
): Promise<readonly RegistryLogin[]> {
  const http = createHttp({ environment: env, userAgent: 'publish-docker-package', signal: termination });
  const ports = { http, retries, hide: (secret: string) => log.mask(secret), ...retryPorts(log, termination) };
  try {
    return await Promise.all(
      identities.map(async (trusted) => {
        const login = await logInByIdentity(trusted, repositories, env, ports);
        maskLogin(log, login);
        log.info(`${login.registry} accepted the identity of this job (${describeIdentity(trusted.identity)}).`);
        return login;
      }),
    );
  } finally {
    http.close();
  }
}
