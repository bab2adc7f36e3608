/** Which credential a registry gets, and why. */

import { type Faults, InputError } from '../errors.ts';
import { grantIdToken, grantPackagesWrite } from '../github/job-permissions.ts';
import type { Product } from '../github/product.ts';
import { hostOfOwningProduct } from '../github/product-registries.ts';
import { tokenForm } from '../github/token-form.ts';
import type { Run } from '../github/workflow-run.ts';
import type { Registry } from '../image/registry-name.ts';
import type { RegistryAuth } from '../registry/credential.ts';
import { checkIdentity, describeIdentity, type Identity, type IdentityLogin } from '../registry/identity.ts';
import { refuseImitation } from './registry-decision.ts';

/** How the step is known to a registry. The plan that holds it is printed: a password is no part of it. */
export type CredentialDecision =
  /** Log in with the step's token, or with the entry of `registry-auth`. */
  | { readonly kind: 'token' | 'registry-auth'; readonly username: string; readonly reason: string }
  /** Log in with what the cloud of the registry gives for the identity of the job. */
  | { readonly kind: 'identity'; readonly username: string; readonly identity: Identity; readonly reason: string }
  /** Use what the runner is logged in with, if anything. */
  | { readonly kind: 'runner'; readonly reason: string };

/** What a step was given to log in with. */
export interface GivenCredentials {
  /** Empty for none. */
  readonly token: string;
  readonly username: string;
  /** Whoever started the run: the default of `username`. */
  readonly actor: string;
  readonly registryAuth: readonly { readonly registry: Registry; readonly username: string }[];
  readonly identities: RegistryAuth['identities'];
  readonly ofToken: RegistryAuth['ofToken'];
  /** Whether the job may ask GitHub for an ID token. */
  readonly hasIdToken: boolean;
}

/** @param inputs `token` is empty if it named an identity, which is in `ofToken` then */
export function givenCredentials(
  { token, username }: Pick<GivenCredentials, 'token' | 'username'>,
  { actor, hasIdToken }: Pick<Run, 'actor' | 'hasIdToken'>,
  { logins, identities, ofToken }: RegistryAuth,
): GivenCredentials {
  return {
    token,
    username,
    actor,
    registryAuth: logins,
    identities,
    ofToken,
    hasIdToken,
  };
}

/** A login of `registry-auth`, of whose password the form is looked at. */
interface WrittenLogin {
  readonly registry: Registry;
  readonly username: string;
  readonly password: string;
}

/**
 * Checks every login of `registry-auth`.
 * @param attempt gathers what is wrong. Default: the first fault is thrown.
 * @throws InputError TOKEN_FOREIGN, REGISTRY_INVALID
 */
export function checkWrittenLogins(
  { logins, identities }: Pick<RegistryAuth, 'logins' | 'identities'>,
  product: Product,
  attempt: Faults['attempt'] = (work) => work(),
): void {
  for (const login of logins) attempt(() => checkWrittenLogin(login, product));
  for (const { registry } of identities) attempt(() => refuseImitation(registry, product, 'registry-auth'));
}

/**
 * The registries that `token` is for: it is one password, of one registry. GitHub's registries of one product take the same.
 * @param registries that the run publishes to
 * @returns the only one; of several, those of the run's own product
 */
function registriesOfToken(registries: readonly Registry[], product: Product): readonly Registry[] {
  const distinct = [...new Set(registries)];
  return distinct.length === 1
    ? distinct
    : distinct.filter((registry) => hostOfOwningProduct(registry, product) === product.host);
}

/**
 * Which credential is sent to one of the registries that a run publishes to.
 * @param registries all of them
 * @param needed whether the run is going to push
 * @throws InputError TOKEN_MISSING, TOKEN_FOREIGN, IDENTITY_INVALID, ID_TOKEN_MISSING
 */
export function resolveCredentialAmong(
  registries: readonly Registry[],
  registry: Registry,
  product: Product,
  given: GivenCredentials,
  needed: boolean,
): CredentialDecision {
  const owners = registriesOfToken(registries, product);
  const hasEntry = [...given.registryAuth, ...given.identities].some((each) => each.registry === registry);
  if (hasEntry || owners.includes(registry)) return resolveCredential(registry, product, given, needed);
  const whose = owners.length === 0 ? 'could be for any of several registries' : `is for ${owners.join(' and ')}`;
  return { kind: 'runner', reason: `\`token\` ${whose}, and \`registry-auth\` has no entry for this one` };
}

/**
 * Applies the rules of `token` to the entries of `registry-auth`. A token of GitHub goes to GitHub's registries only,
 * and the job's own token to those of its product. No login goes to a host that imitates one of them.
 * @throws InputError TOKEN_FOREIGN, REGISTRY_INVALID
 */
export function checkWrittenLogin({ registry, password }: WrittenLogin, product: Product): void {
  refuseImitation(registry, product, 'registry-auth');
  const form = tokenForm(password);
  const owning = hostOfOwningProduct(registry, product);
  if (form === 'other' || owning === product.host || (owning !== undefined && form !== 'installation')) return;
  throw new InputError('TOKEN_FOREIGN', {
    message: `The password for ${registry} in \`registry-auth\` is a token of GitHub, so the step does not send it to ${registry}, which ${owning === undefined ? 'is not a registry of GitHub' : `belongs to ${owning}`}.`,
    remedy: `Write a password or access token of ${registry} there, kept as a secret.`,
  });
}

/**
 * Which credential is sent to a registry. The job's own token is good for the run's own product only, and a GitHub token of
 * any form for GitHub's registries only; anywhere else it would be given away.
 * @param needed whether the run is going to push
 * @throws InputError TOKEN_MISSING, TOKEN_FOREIGN, IDENTITY_INVALID, ID_TOKEN_MISSING
 */
export function resolveCredential(
  registry: Registry,
  product: Product,
  given: GivenCredentials,
  needed: boolean,
): CredentialDecision {
  const { token, username, actor, registryAuth, identities, ofToken } = given;
  const ofEntry = identities.find((each) => each.registry === registry);
  const trusted = ofEntry ?? (ofToken && { registry, username, identity: ofToken });
  if (trusted !== undefined) return resolveIdentity(trusted, given, needed);
  const entry = registryAuth.find((each) => each.registry === registry);
  if (entry !== undefined) {
    return { kind: 'registry-auth', username: entry.username, reason: '`registry-auth` has it' };
  }
  const owning = hostOfOwningProduct(registry, product);
  const form = tokenForm(token);
  if (owning === undefined) {
    if (token === '' && needed && username !== '' && username !== actor) {
      throw new InputError('TOKEN_MISSING', {
        message: `The input \`username\` is "${username}", and \`token\` is empty in this run, which publishes to ${registry}.`,
        remedy:
          'Correct the name of the secret in `token`. A secret of an environment needs the `environment` of the job. To use the login that the runner has, leave `username` out.',
      });
    }
    if (token === '') return { kind: 'runner', reason: 'no token was given for it' };
    if (form !== 'other') return { kind: 'runner', reason: `a token of GitHub is not sent to ${registry}` };
    return { kind: 'token', username: username || 'token', reason: 'the token was given for it' };
  }
  if (token === '') {
    if (!needed) return { kind: 'runner', reason: 'no token was given' };
    throw new InputError('TOKEN_MISSING', {
      message: `The input \`token\` is empty, but ${registry} takes a push only with a token.`,
      remedy: `Leave \`token\` out to use the job’s own token with\n${grantPackagesWrite}\nor check that the secret it names exists for this event: pull requests from forks and Dependabot get no secrets.`,
    });
  }
  if (owning !== product.host && form === 'installation') {
    if (!needed) return { kind: 'runner', reason: `the token of this job is valid for ${product.host} only` };
    throw new InputError('TOKEN_FOREIGN', {
      message: `The token of this job is valid for ${product.host} only, so the step does not send it to ${registry}, which belongs to ${owning}.`,
      remedy: `Set \`token\` to a classic personal access token of ${owning} with the scope write:packages, kept as a secret.`,
    });
  }
  // GitHub's registries take any name beside a token, but not an empty one.
  return { kind: 'token', username: username || 'x-access-token', reason: 'it belongs to the product of the token' };
}

/**
 * A login by the identity of the job needs an ID token of GitHub. A run that only reads, such as a pull request of a fork, goes
 * on with the login that the runner has.
 * @throws InputError IDENTITY_INVALID, ID_TOKEN_MISSING
 */
function resolveIdentity(login: IdentityLogin, { hasIdToken }: GivenCredentials, needed: boolean): CredentialDecision {
  checkIdentity(login);
  const { registry, username, identity } = login;
  if (hasIdToken) {
    const reason = `${registry} trusts the identity of this job (${describeIdentity(identity)})`;
    return { kind: 'identity', username, identity, reason };
  }
  if (!needed) return { kind: 'runner', reason: 'GitHub gives this run no ID token' };
  throw new InputError('ID_TOKEN_MISSING', {
    message: `The login to ${registry} by the identity of this job (${describeIdentity(identity)}) needs an ID token, and GitHub gives this job none.`,
    remedy: `Add to the job:\n${grantIdToken}\nRuns of pull requests from forks get no ID token.`,
  });
}
