/** Who somebody is to a registry. */

import type { Registry } from '../image/registry-name.ts';
import type { Identity, IdentityLogin } from './identity.ts';

export interface RegistryLogin {
  readonly registry: Registry;
  readonly username: string;
  readonly password: string;
}

/** A login to one registry. */
export interface Credential {
  readonly username: string;
  readonly token: string;
  /**
   * The domain that a token realm must be in (`github.example`), for a credential that is worth something elsewhere, too.
   * Default: any.
   */
  readonly realmDomain?: string;
  /** Whether `token` is an identity token (OAuth2), which the token service alone takes. */
  readonly isIdentity?: boolean;
}

/** An entry whose user name or password is empty: that of a secret which this run does not have. */
export interface EmptyLogin {
  readonly registry: Registry;
  readonly lacks: 'username' | 'password';
}

/** What `registry-auth` says; `ofToken` is from `token`. */
export interface RegistryAuth {
  readonly logins: readonly RegistryLogin[];
  /** Of the entries whose password is an identity of the job. */
  readonly identities: readonly IdentityLogin[];
  /** The identity that `token` names in place of a token. */
  readonly ofToken: Identity | undefined;
  readonly empty: readonly EmptyLogin[];
  /** The registries whose password is written before a comment, which may be the rest of the password. */
  readonly commented: readonly Registry[];
}

/** Of a step without the input. */
export const noRegistryAuth: RegistryAuth = {
  logins: [],
  identities: [],
  ofToken: undefined,
  empty: [],
  commented: [],
};
