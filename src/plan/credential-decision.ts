/** Which credential a registry gets, and why. */

import { InputError } from '../errors.ts';
import type { Product } from '../github/product.ts';
import { hostOfOwningProduct } from '../github/product-registries.ts';
import { tokenForm } from '../github/token-form.ts';
import type { Registry } from '../image/registry-name.ts';

/** How the step is known to a registry. The plan that holds it is printed: a password is no part of it. */
export type CredentialDecision =
  /** Log in with the step's token, or with the entry of `registry-auth`. */
  | { readonly kind: 'token' | 'registry-auth'; readonly username: string; readonly reason: string }
  /** Use what the runner is logged in with, if anything. */
  | { readonly kind: 'runner'; readonly reason: string };

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
