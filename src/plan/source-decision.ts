/** The source of an image that is not built, with the login for it. */

import type { Product } from '../github/product.ts';
import { hostOfOwningProduct } from '../github/product-registries.ts';
import { type GivenCredentials, resolveCredential } from './credential-decision.ts';
import type { Destination, PlannedSource } from './plan.ts';
import { resolveRegistry } from './registry-decision.ts';

/**
 * The token of the destinations is sent to a source's registry only where it is theirs too.
 * @throws InputError REGISTRY_INVALID for a registry that imitates one of GitHub's
 */
export function planSource(
  { spec, referrers }: Pick<PlannedSource, 'spec' | 'referrers'>,
  product: Product,
  given: GivenCredentials,
  destinations: readonly Destination[],
): PlannedSource {
  if (spec.kind !== 'docker') return { spec, referrers };
  const { repository } = spec.reference;
  const registry = { ...resolveRegistry(repository.registry, product), reason: '`source` names it' };
  const same = destinations.find((each) => each.registry.registry === registry.registry);
  const isOwn = hostOfOwningProduct(registry.registry, product) === product.host;
  const own = { ...given, token: isOwn ? given.token : '', ofToken: undefined };
  const credential = same?.credential ?? resolveCredential(registry.registry, product, own, false);
  return { spec, from: { registry, repository, credential }, referrers };
}
