/** A login to Docker Hub for the identity of a job (https://docs.docker.com/enterprise/security/oidc-connections/). */

import type { RegistryLogin } from '../registry/credential.ts';
import type { Exchange } from './exchange.ts';
import { asForm, askTokenService, tokenIn } from './token-service.ts';

const service = 'https://identity.docker.com';

/** Seconds: the most that Docker gives, because a build may take long between the login and the push. */
const lifetime = 3600;

export const dockerHub: Exchange<'docker-hub'> = {
  audience: () => service,
  async exchange({ registry, username, identity }, idToken, ports): Promise<RegistryLogin> {
    // RFC 8693 2.1
    const request = {
      method: 'POST',
      url: new URL('/oauth/token', service),
      ...asForm({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
        subject_token: idToken,
        connection_id: identity.connection,
        expires_in: String(lifetime),
      }),
      remedy: `Check that the OIDC connection ${identity.connection} of the Docker organisation ${username} has a rule for this repository and ref.`,
    } as const;
    return {
      registry,
      username,
      password: tokenIn(request, await askTokenService(request, ports), 'access_token', ports),
    };
  },
};
