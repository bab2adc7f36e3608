/** Several builds that one builder makes at once: what it has to be able to do for all of them. */

import { formatPlatform } from '../image/platform.ts';
import type { BuildRequest } from './build-request.ts';
import type { Dockerfile } from './dockerfile-stages.ts';

/** A build, and its Dockerfile as far as it is known. */
export interface LookedAt {
  readonly request: BuildRequest;
  readonly dockerfile: Dockerfile | undefined;
}

function union<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

/** @returns a build that asks for all that one of them asks for; it is made by nobody */
export function joinBuilds(first: BuildRequest, others: readonly BuildRequest[]): BuildRequest {
  if (others.length === 0) return first;
  const all = [first, ...others];
  // One platform each needs no builder that can do several at once.
  const most = all.reduce((one, other) => (other.platforms.length > one.platforms.length ? other : one));
  const platforms = all.flatMap((each) => each.platforms);
  const epochs = all.flatMap(({ sourceDate }) => sourceDate ?? []);
  return {
    ...first,
    platforms: most.platforms.length > 1 ? union(platforms, formatPlatform) : most.platforms,
    secrets: all.flatMap(({ secrets }) => secrets),
    ssh: all.flatMap(({ ssh }) => ssh),
    buildContexts: all.flatMap(({ buildContexts }) => buildContexts),
    allow: union(
      all.flatMap(({ allow }) => allow),
      (each) => each,
    ),
    noCacheFilters: all.flatMap(({ noCacheFilters }) => noCacheFilters),
    ulimits: all.flatMap(({ ulimits }) => ulimits),
    cacheFrom: all.flatMap(({ cacheFrom }) => cacheFrom),
    cacheTo: all.flatMap(({ cacheTo }) => cacheTo),
    outputs: all.flatMap(({ outputs }) => outputs),
    attestations: all.flatMap(({ attestations }) => attestations),
    annotations: all.flatMap(({ annotations }) => annotations),
    needsAnnotations: all.some(({ needsAnnotations }) => needsAnnotations),
    ...(epochs[0] === undefined ? {} : { sourceDate: epochs[0] }),
  };
}
