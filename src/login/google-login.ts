/**
 * A login to Google's registries for the identity of a job: Workload Identity Federation
 * (https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines), then the access token as password
 * (https://cloud.google.com/artifact-registry/docs/docker/authentication#token).
 */

import type { RegistryLogin } from '../registry/credential.ts';
import type { Exchange } from './exchange.ts';
import { asJson, askTokenService, tokenIn } from './token-service.ts';

const scope = 'https://www.googleapis.com/auth/cloud-platform';

export const google: Exchange<'google'> = {
  audience: ({ provider }) => `https://iam.googleapis.com/${provider}`,
  async exchange({ registry, identity }, idToken, ports): Promise<RegistryLogin> {
    const { provider, serviceAccount } = identity;
    // https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
    const federated = {
      method: 'POST',
      url: new URL('https://sts.googleapis.com/v1/token'),
      ...asJson({
        audience: `//iam.googleapis.com/${provider}`,
        grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
        requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
        scope,
        subjectToken: idToken,
        subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
      }),
      remedy: `Check the provider ${provider} and its attribute condition for this repository.`,
    } as const;
    const token = tokenIn(federated, await askTokenService(federated, ports), 'access_token', ports);
    const login = { registry, username: 'oauth2accesstoken' };
    if (serviceAccount === '') return { ...login, password: token };
    // https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
    const impersonated = {
      method: 'POST',
      url: new URL(
        `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${encodeURIComponent(serviceAccount)}:generateAccessToken`,
      ),
      authorization: `Bearer ${token}`,
      ...asJson({ scope: [scope], lifetime: '3600s' }),
      remedy: `Grant this repository the role Workload Identity User (roles/iam.workloadIdentityUser) on ${serviceAccount}.`,
    } as const;
    return {
      ...login,
      password: tokenIn(impersonated, await askTokenService(impersonated, ports), 'accessToken', ports),
    };
  },
};
