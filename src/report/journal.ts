/**
 * What a step does, written down while it does it, for the summary.
 */

import type { Log } from './log.ts';
import { type BuildStep, followBuild } from './progress.ts';
import { createSpans, groupStages, type RunStage, type Spans } from './spans.ts';

export interface Journal {
  /** Says what it is told, and remembers it. */
  readonly log: Log;
  readonly spans: Spans;
  /** A stage that is a group of the log. */
  readonly stage: RunStage;
  readonly warnings: readonly string[];
  buildSteps(): readonly BuildStep[];
}

/** @param now milliseconds since the step began */
export function openJournal(log: Log, now: () => number): Journal {
  const warnings: string[] = [];
  const progress = followBuild(now);
  const listening: Log = {
    ...log,
    tool(text) {
      progress.read(text);
      log.tool(text);
    },
    warning(message, place) {
      warnings.push(message);
      log.warning(message, place);
    },
  };
  const spans = createSpans(now, 0);
  return { log: listening, spans, stage: groupStages(spans, listening), warnings, buildSteps: () => progress.steps() };
}
