/** What is published: a build, with the runner that makes it; or an image that exists. */

import type { BuildRequest } from '../build/build-request.ts';
import type { RunnerFacts } from '../engine/resolve-engine.ts';
import type { Plan, PlannedContent, PlannedSource } from '../plan/plan.ts';
import type { PublishPorts } from './ports.ts';

export type PublishedContent =
  | { readonly request: BuildRequest; readonly facts: RunnerFacts; readonly source?: undefined }
  | { readonly source: PlannedSource; readonly request?: undefined };

/**
 * Asks the runner what it has, if there is something to build, and begins to make a builder if it has none that can.
 * @throws ToolError ENGINE_MISSING, ENGINE_DOWN, BUILDER_DOWN; InputError BUILDER_MISSING
 */
export async function readPublishedContent(
  { build, source, ifExists, destinations }: PlannedContent & Pick<Plan, 'ifExists' | 'destinations'>,
  { engine }: Pick<PublishPorts, 'engine'>,
): Promise<PublishedContent> {
  if (build === undefined) return { source };
  const facts = await engine.readFacts();
  // Whether a version that exists is built at all, the registry knows.
  if (ifExists === 'overwrite' && destinations.length > 0) engine.beginBuilder(facts, build);
  return { request: build, facts };
}
