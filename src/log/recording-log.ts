/**
 * What a step does, written down while it does it, for the summary.
 */

import { type BuildStep, followBuild } from './build-progress.ts';
import type { Log } from './log.ts';
import type { Masker } from './masker.ts';
import { createSpans, groupStages, type RunStage, type Spans } from './phases.ts';

export interface RecordingLog {
  /** Passes each message on, and remembers it. */
  readonly log: Log;
  readonly spans: Spans;
  /** A stage that is a group of the log. */
  readonly runStage: RunStage;
  /** Without secrets, as the build's steps are. */
  warnings(): readonly string[];
  buildSteps(): readonly BuildStep[];
}

/**
 * @param masker the one of `log`
 * @param now milliseconds since the step began
 */
export function openRecordingLog(log: Log, masker: Masker, now: () => number): RecordingLog {
  const warnings: string[] = [];
  const tools = masker.openStream();
  const progress = followBuild(now);
  const listening: Log = {
    ...log,
    tool(text) {
      progress.read(tools.write(text));
      log.tool(text);
    },
    warning(message, place) {
      warnings.push(message);
      log.warning(message, place);
    },
  };
  const spans = createSpans(now, 0);
  return {
    log: listening,
    spans,
    runStage: groupStages(spans, listening),
    warnings: () => warnings.map(masker.mask),
    buildSteps: () => progress.steps().map((step) => ({ ...step, name: masker.mask(step.name) })),
  };
}
