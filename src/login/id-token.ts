/**
 * GitHub's ID token: who the job is, signed by GitHub, for one audience
 * (https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token).
 *
 * The request goes over our own HTTP client: @actions/core would load undici for it, and knows neither our time limits nor
 * the signal that ends a step.
 */

import { grantIdToken } from '../github/job-permissions.ts';
import type { Environment } from '../text/environment.ts';
import { askTokenService, type TokenPorts, tokenIn } from './token-service.ts';

/**
 * @param env ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN
 * @param audience whom the token is for
 * @returns the token (RFC 7519)
 * @throws RegistryError as `askTokenService`
 */
export async function requestIdToken(env: Environment, audience: string, ports: TokenPorts): Promise<string> {
  const url = new URL(env.ACTIONS_ID_TOKEN_REQUEST_URL ?? '');
  url.searchParams.set('audience', audience);
  const asked = { method: 'GET', url } as const;
  const answer = await askTokenService(
    {
      ...asked,
      headers: { accept: 'application/json; api-version=2.0' },
      authorization: `Bearer ${env.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? ''}`,
      remedy: `Check that the job has\n${grantIdToken}`,
    },
    ports,
  );
  return tokenIn(asked, answer, 'value', ports);
}
