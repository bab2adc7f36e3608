/** Which engine builds an image: the engine decides, and the log says what it decided and why. */

import type { BuildRequest } from '../build/build-request.ts';
import { formatCache } from '../build/cache.ts';
import { engineKinds } from '../build/capabilities.ts';
import type { EngineDecision, RunnerFacts } from '../engine/resolve-engine.ts';
import type { PublishPorts } from './ports.ts';

/**
 * @param others that it makes at the same time
 * @returns the engine or builder, and the cache that it uses
 * @throws ToolError ENGINE_CANNOT, and what the installation of a builder throws
 */
export async function chooseBuilder(
  request: BuildRequest,
  facts: RunnerFacts,
  { engine, log }: Pick<PublishPorts, 'engine' | 'log'>,
  others: readonly BuildRequest[] = [],
): Promise<EngineDecision> {
  const builder = await engine.resolveBuilder(facts, request, others);
  const which = builder.isMade ? 'a builder of BuildKit that the step makes' : engineKinds[builder.kind];
  log.info(`Engine: ${which}, because ${builder.reason}`);
  // Of several builds, each has a cache of its own, which the engine tells.
  if (request.cache.mode !== 'off' && others.length === 0)
    log.info(`Cache: ${formatCache(builder.cache)}, because ${builder.cache.reason}`);
  return builder;
}
