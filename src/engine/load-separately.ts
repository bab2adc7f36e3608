/** Images that are loaded from a builder outside of the engine. */

import type { BuildRequest } from '../build/build-request.ts';
import type { EngineKind } from '../build/capabilities.ts';
import { isForEngine } from '../build/exporters.ts';

/** One run of a build. */
export interface BuildPart {
  readonly request: BuildRequest;
  /** Whether it is for the engine alone. */
  readonly isLoad: boolean;
}

/**
 * BuildKit gives an engine no image together with what attests it. So an image that is attested and loaded is loaded by a second build,
 * which has nothing to do: the builder has it all in its cache.
 * @param isPublished whether the image goes elsewhere, too
 * @returns one part, or two
 */
export function buildParts(
  request: BuildRequest,
  kind: EngineKind,
  isPublished: boolean,
): readonly [BuildPart, BuildPart?] {
  const { load, outputs, attestations } = request;
  const forEngine = outputs.filter(isForEngine);
  const isLoaded = load || forEngine.length > 0;
  if (kind !== 'builder' || attestations.length === 0 || !isLoaded) return [{ request, isLoad: false }];
  const others = outputs.filter((output) => !isForEngine(output));
  const first = { request: { ...request, load: false, outputs: others }, isLoad: false };
  const second = { request: { ...request, outputs: forEngine, attestations: [], cacheTo: [] }, isLoad: true };
  return isPublished || others.length > 0 ? [first, second] : [second];
}
