/** Who somebody is to a registry. */

import type { Registry } from '../image/registry-name.ts';

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
   * The domain that a token realm must lie in (`github.example`), where the product is known. Default: for the
   * registries of GitHub their own, elsewhere none.
   */
  readonly realmDomain?: string;
  /** Whether `token` is an identity token (OAuth2), which the token service alone takes. */
  readonly isIdentity?: boolean;
}
