/** What each cloud does to turn GitHub's ID token into a login. */

import type { Registry } from '../image/registry-name.ts';
import type { Repository } from '../image/repository.ts';
import type { RegistryLogin } from '../registry/credential.ts';
import type { Identity, IdentityLogin } from '../registry/identity.ts';
import type { TokenPorts } from './token-service.ts';

/** The identities of one cloud. */
export type IdentityOf<Kind extends Identity['kind']> = Extract<Identity, { readonly kind: Kind }>;

export interface Exchange<Kind extends Identity['kind']> {
  /** Whom the ID token must be for. */
  audience(identity: IdentityOf<Kind>, registry: Registry): string;
  /**
   * @param repositories of the registry that the run pushes to
   * @throws RegistryError as `askTokenService`
   */
  exchange(
    login: IdentityLogin & { readonly identity: IdentityOf<Kind> },
    idToken: string,
    ports: TokenPorts,
    repositories: readonly Repository[],
  ): Promise<RegistryLogin>;
}
