/** A target of a bake file as a build, with what the inputs say of every target. */

import type { BakeTarget } from './bake-definition.ts';
import type { BuildOptions } from './build-request.ts';
import type { CacheEntry } from './cache.ts';
import { isForEngine, isImageOutput, type Output } from './exporters.ts';
import type { TypedEntry } from './input-lists.ts';

/** What this action says of the image itself. */
const ofThisAction = ['name', 'push', 'push-by-digest', 'name-canonical'];

/** The exporters of a target, with one of the image at most, that has no name of its own. */
function outputsOf({ outputs }: BakeTarget): readonly Output[] {
  // `type=registry` is `type=image` that is pushed.
  const image = outputs.find(isImageOutput);
  const attributes = image?.attributes.filter(([name]) => !ofThisAction.includes(name)) ?? [];
  const others = outputs.filter(
    (output) => !isImageOutput(output) && !isForEngine(output) && output.type !== 'cacheonly',
  );
  return [...(attributes.length === 0 ? [] : [{ type: 'image', attributes }]), ...others];
}

function asCache({ type, attributes }: TypedEntry): CacheEntry {
  return { type, attributes, variables: [] };
}

/** What the bake file attests, and in its place what the inputs do. */
function attestationsOf(target: BakeTarget, { attestations }: BuildOptions): BuildOptions['attestations'] {
  return [
    ...target.attestations.filter(({ type }) => !attestations.some((each) => each.type === type)),
    ...attestations,
  ];
}

/**
 * @param options of the inputs: they go before what the target says, and lists of both are joined
 * @param usesCacheTo whether the target's caches may be written
 */
export function optionsOfTarget(target: BakeTarget, options: BuildOptions, usesCacheTo: boolean): BuildOptions {
  return {
    ...options,
    bakeTarget: target.name,
    context: target.context,
    file: target.file,
    ...(target.inlineDockerfile === undefined ? {} : { inlineDockerfile: target.inlineDockerfile }),
    target: target.stage,
    platforms: options.platforms.length > 0 ? options.platforms : target.platforms,
    buildArgs: [...target.args, ...options.buildArgs],
    buildContexts: [...target.contexts, ...options.buildContexts],
    allow: [...new Set([...options.allow, ...target.entitlements])],
    cacheFrom: [...target.cacheFrom.map(asCache), ...options.cacheFrom],
    cacheTo: [...(usesCacheTo ? target.cacheTo.map(asCache) : []), ...options.cacheTo],
    outputs: outputsOf(target),
    attestations: attestationsOf(target, options),
  };
}
