/**
 * What a step does, written down while it does it, for the summary.
 */

import { type BuildStep, followBuild } from './build-progress.ts';
import type { Log } from './log.ts';
import { createSpans, groupStages, type RunStage, type Spans } from './phases.ts';

export interface Journal {
  /** Says what it is told, and remembers it. */
  readonly log: Log;
  readonly spans: Spans;
  /** A stage that is a group of the log. */
  readonly runStage: RunStage;
  /** Without secrets, as all that is given here. */
  warnings(): readonly string[];
  buildSteps(): readonly BuildStep[];
  /** A text without the secrets that the log was told to mask. */
  hide(text: string): string;
}

/** @param now milliseconds since the step began */
export function openJournal(log: Log, now: () => number): Journal {
  const warnings: string[] = [];
  const secrets = new Set<string>();
  const hide = (text: string): string => [...secrets].reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  const progress = followBuild(now);
  const listening: Log = {
    ...log,
    tool(text) {
      progress.read(text);
      log.tool(text);
    },
    mask(secret) {
      for (const line of [secret, ...secret.split(/\r?\n/)]) if (line !== '') secrets.add(line);
      log.mask(secret);
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
    warnings: () => warnings.map(hide),
    buildSteps: () => progress.steps().map((step) => ({ ...step, name: hide(step.name) })),
    hide,
  };
}
