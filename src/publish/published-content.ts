/** What is published: a build, with the runner that makes it; or an image that exists. */

import type { BuildRequest } from '../build/build-request.ts';
import type { RunnerFacts } from '../engine/resolve-engine.ts';
import type { PlannedContent, PlannedSource } from '../plan/plan.ts';
import type { PublishPorts } from './ports.ts';

export type PublishedContent =
  | { readonly request: BuildRequest; readonly facts: RunnerFacts; readonly source?: undefined }
  | { readonly source: PlannedSource; readonly request?: undefined };

/**
 * Asks the runner what it has, if there is something to build.
 * @throws ToolError ENGINE_MISSING, ENGINE_DOWN, BUILDER_DOWN; InputError BUILDER_MISSING
 */
export async function readPublishedContent(
  { build, source }: PlannedContent,
  { engine }: Pick<PublishPorts, 'engine'>,
): Promise<PublishedContent> {
  return build === undefined ? { source } : { request: build, facts: await engine.readFacts() };
}
