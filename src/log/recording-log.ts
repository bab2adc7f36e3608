/**
 * What a step does, written down while it does it, for the summary.
 */

import { cut } from '../text/cut.ts';
import { type BuildStep, followBuild } from './build-progress.ts';
import type { Log } from './log.ts';
import type { Masker } from './masker.ts';
import { createSpans, groupStages, type RunStage, type Spans } from './phases.ts';

/** Characters: a value of others may be in it. */
const longestWarning = 2000;

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
    notice: (message, place) => log.notice(cut(message, longestWarning), place),
    warning(message, place) {
      const short = cut(message, longestWarning);
      warnings.push(short);
      log.warning(short, place);
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
