/** The images that a build names beside its own: caches and build contexts. */

import type { BuildRequest } from '../build/build-request.ts';
import type { TypedEntry } from '../build/input-lists.ts';
import { PublishError } from '../errors.ts';
import type { Product } from '../github/product.ts';
import { parseReference } from '../image/reference.ts';
import type { Registry } from '../image/registry-name.ts';
import { refuseImitation } from './registry-decision.ts';

type Named = readonly [input: string, reference: string];

function attributesOf(input: string, name: string, entries: readonly TypedEntry[]): readonly Named[] {
  return entries.flatMap(({ attributes }) =>
    attributes.filter(([each]) => each === name).map(([, value]) => [input, value] as const),
  );
}

/** Whatever is no reference is the builder's to judge. */
function registryOf(reference: string): Registry | undefined {
  try {
    return parseReference(reference).repository.registry;
  } catch (error) {
    if (error instanceof PublishError) return undefined;
    throw error;
  }
}

/**
 * Refuses a host that imitates a registry of GitHub wherever a build would ask it: what comes from there is not what was meant.
 * @throws InputError REGISTRY_INVALID
 */
export function refuseImitatedReferences(request: BuildRequest, product: Product): void {
  const contexts = request.buildContexts.flatMap((entry): readonly Named[] => {
    const [, reference] = /^[^=]*=docker-image:\/\/(.+)$/.exec(entry) ?? [];
    return reference === undefined ? [] : [['build-contexts', reference]];
  });
  const named: readonly Named[] = [
    ...attributesOf('cache-from', 'ref', request.cacheFrom),
    ...attributesOf('cache-to', 'ref', request.cacheTo),
    ...contexts,
  ];
  for (const [input, reference] of named) {
    const registry = registryOf(reference);
    if (registry !== undefined) refuseImitation(registry, product, input);
  }
}
