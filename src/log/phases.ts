/**
 * Where the time of a step goes: one span a stage, which the log and the summary show.
 */

import { formatDuration } from '../text/duration.ts';
import type { Log } from './log.ts';

/** What a step does, in order. */
export type Stage =
  | 'read'
  | 'plan'
  | 'prepare'
  | 'build'
  | 'push'
  | 'attest'
  | 'tag'
  | 'verify'
  | 'pull'
  | 'cleanup'
  | 'report';

export interface Span {
  readonly stage: Stage;
  readonly title: string;
  /** Milliseconds since the step began. */
  readonly start: number;
  readonly end: number;
  /** Whether it ended with an error. */
  readonly isFailed: boolean;
}

/** Does a stage of the step: what it logs is one group, what it takes is one span. */
export type RunStage = <T>(stage: Stage, title: string, work: () => T | Promise<T>) => Promise<T>;

export interface Spans {
  /** Measures a stage that logs nothing of its own. */
  readonly measure: RunStage;
  /** The stages that have ended, in that order. */
  ended(): readonly Span[];
}

/**
 * @param now milliseconds, of a clock that never goes back
 * @param begun when the step began, by that clock
 */
export function createSpans(now: () => number, begun = now()): Spans {
  const spans: Span[] = [];
  return {
    async measure(stage, title, work) {
      const start = now() - begun;
      let isFailed = true;
      try {
        const result = await work();
        isFailed = false;
        return result;
      } finally {
        spans.push({ stage, title, start, end: now() - begun, isFailed });
      }
    },
    ended: () => [...spans],
  };
}

/** Stages as groups of the log, each of which ends with the time that it took. */
export function groupStages(spans: Spans, log: Log): RunStage {
  return (stage, title, work) =>
    log.group(title, async () => {
      try {
        return await spans.measure(stage, title, work);
      } finally {
        const span = spans.ended().at(-1);
        if (span !== undefined) {
          log.info(`${title} ${span.isFailed ? 'failed after' : 'took'} ${formatDuration(span.end - span.start)}`);
        }
      }
    });
}
