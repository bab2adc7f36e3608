/**
 * A login to an Azure Container Registry for the identity of a job: a federated credential of Microsoft Entra
 * (https://learn.microsoft.com/entra/workload-id/workload-identity-federation), then a refresh token of the registry
 * (https://azure.github.io/acr/AAD-OAuth.html).
 */

import type { RegistryLogin } from '../registry/credential.ts';
import { entraHost } from '../registry/identity.ts';
import type { Exchange } from './exchange.ts';
import { asForm, askTokenService, tokenIn } from './token-service.ts';

/** The user name beside a refresh token (https://azure.github.io/acr/AAD-OAuth.html, "docker login"). */
const nobody = '00000000-0000-0000-0000-000000000000';

export const azure: Exchange<'azure'> = {
  audience: () => 'api://AzureADTokenExchange',
  async exchange({ registry, identity }, idToken, ports): Promise<RegistryLogin> {
    const { tenant, client } = identity;
    // https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, "with a federated credential"
    const entra = {
      method: 'POST',
      url: new URL(`https://${entraHost(registry)}/${tenant}/oauth2/v2.0/token`),
      ...asForm({
        grant_type: 'client_credentials',
        client_id: client,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: idToken,
        scope: 'https://containerregistry.azure.net/.default',
      }),
      remedy: `Check that the application ${client} has a federated credential for this repository and ref.`,
    } as const;
    const token = tokenIn(entra, await askTokenService(entra, ports), 'access_token', ports);
    const exchange = {
      method: 'POST',
      url: new URL(`https://${registry}/oauth2/exchange`),
      ...asForm({ grant_type: 'access_token', service: registry, tenant, access_token: token }),
      remedy: `Grant the application ${client} the role AcrPush on ${registry}.`,
    } as const;
    const password = tokenIn(exchange, await askTokenService(exchange, ports), 'refresh_token', ports);
    return { registry, username: nobody, password };
  },
};
