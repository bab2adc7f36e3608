/** Logins that the identity of a job gives: GitHub's ID token, exchanged at the cloud of the registry. */

import type { Repository } from '../image/repository.ts';
import type { RegistryLogin } from '../registry/credential.ts';
import type { Identity, IdentityLogin } from '../registry/identity.ts';
import type { Environment } from '../text/environment.ts';
import { amazon } from './amazon-login.ts';
import { azure } from './azure-login.ts';
import { dockerHub } from './docker-hub-login.ts';
import type { Exchange, IdentityOf } from './exchange.ts';
import { google } from './google-login.ts';
import { requestIdToken } from './id-token.ts';
import type { TokenPorts } from './token-service.ts';

/** The ID token itself is the password. */
const itself: Exchange<'audience'> = {
  audience: ({ audience }) => audience,
  exchange: async ({ registry, username }, idToken) => ({ registry, username, password: idToken }),
};

const exchanges: { readonly [Kind in Identity['kind']]: Exchange<Kind> } = {
  'docker-hub': dockerHub,
  amazon,
  google,
  azure,
  audience: itself,
};

/**
 * @param repositories that the run pushes to
 * @param env that names GitHub's service
 * @throws RegistryError IDENTITY_REFUSED, REGISTRY_*, ANSWER_INVALID
 */
export async function logInByIdentity<Kind extends Identity['kind']>(
  login: IdentityLogin & { readonly identity: IdentityOf<Kind> },
  repositories: readonly Repository[],
  env: Environment,
  ports: TokenPorts,
): Promise<RegistryLogin> {
  const { identity, registry } = login;
  const exchange: Exchange<Kind> = exchanges[identity.kind as Kind];
  const idToken = await requestIdToken(env, exchange.audience(identity, registry), ports);
  const own = repositories.filter((repository) => repository.registry === registry);
  return exchange.exchange(login, idToken, ports, own);
}
