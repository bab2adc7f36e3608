/** The source of an image that is not built, with the login for it. */

import type { Product } from '../github/product.ts';
import { hostOfOwningProduct } from '../github/product-registries.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import { type GivenCredentials, resolveCredential } from './credential-decision.ts';
import type { Destination, PlannedSource } from './plan.ts';
import { resolveRegistry } from './registry-decision.ts';

/**
 * The token of the destinations is sent to a source's registry only where it is theirs too.
 * @throws InputError REGISTRY_INVALID for a registry that imitates one of GitHub's
 */
export function planSource(
  { source, referrers }: Inputs,
  product: Product,
  given: GivenCredentials,
  destinations: readonly Destination[],
): PlannedSource | undefined {
  if (source === undefined) return undefined;
  if (source.kind !== 'docker') return { spec: source, referrers };
  const { repository } = source.reference;
  const registry = { ...resolveRegistry(repository.registry, product), reason: '`source` names it' };
  const same = destinations.find((each) => each.registry.registry === registry.registry);
  const isOwn = hostOfOwningProduct(registry.registry, product) === product.host;
  const own = { ...given, token: isOwn ? given.token : '' };
  const credential = same?.credential ?? resolveCredential(registry.registry, product, own, false);
  return { spec: source, from: { registry, repository, credential }, referrers };
}
