/**
 * Where GitHub shows a package (https://docs.github.com/en/packages/learn-github-packages/viewing-packages).
 */

import type { Registry } from '../image/registry-name.ts';
import type { Repository } from '../image/repository.ts';
import type { Product } from './product.ts';
import { hostOfOwningProduct, type RegistryKind } from './product-registries.ts';

/**
 * Where an administrator changes the visibility of a package.
 * @param page of the package, from `packageUrl`
 * @returns its settings; the page itself if that does not name the package
 */
export function packageSettingsUrl(page: string): string {
  return page.replace(/\/packages\/container\/package\/([^/?]+)$/, '/packages/container/$1/settings');
}

/** What is known of the accounts behind a package. */
interface PackageOwners {
  readonly sourceOwner: string;
  readonly sourceRepository: string;
  /** Of the source's owner, as the event tells it. */
  readonly sourceOwnerType: 'Organization' | 'User' | undefined;
}

/**
 * @returns the page of the package, or the list of the owner's packages if the kind of account is not known. Empty for
 *   the Docker registry, whose pages need numeric IDs, and for a registry that is not GitHub's
 */
export function packageUrl(
  { registry, kind }: { readonly registry: Registry; readonly kind: RegistryKind },
  repository: Repository,
  product: Product,
  owners: PackageOwners,
): string {
  const host = hostOfOwningProduct(registry, product);
  if (kind !== 'container' || host === undefined) return '';
  const [owner = '', ...image] = repository.path.split('/');
  const name = encodeURIComponent(image.join('/'));
  const isSourceOwner = owner === owners.sourceOwner.toLowerCase() && host === product.host;
  if (!isSourceOwner) return `https://${host}/${owner}?tab=packages`;
  if (owners.sourceOwnerType === undefined) {
    return `https://${host}/${owners.sourceOwner}/${owners.sourceRepository}/pkgs/container/${name}`;
  }
  const accounts = owners.sourceOwnerType === 'User' ? 'users' : 'orgs';
  return `https://${host}/${accounts}/${owners.sourceOwner}/packages/container/package/${name}`;
}
