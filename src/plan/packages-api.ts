/** Where GitHub's packages API is the way to delete. */

import type { Product } from '../github/product.ts';
import { hostOfOwningProduct } from '../github/product-registries.ts';
import type { Destination } from './plan.ts';

/** Whether GitHub's packages API has a package for the step's token: it is one of the run's own product. */
export function hasPackagesApi(
  { registry, repository, credential }: Omit<Destination, 'packageUrl'>,
  product: Product,
): boolean {
  const isOwn = hostOfOwningProduct(repository.registry, product) === product.host;
  return isOwn && registry.kind === 'container' && credential.kind === 'token';
}
