/** How attempts wait, and which failed command is worth another one. */

import { setTimeout } from 'node:timers/promises';
import { judgeText } from '../engine/tool-output.ts';
import { PublishError } from '../errors.ts';
import type { RetryPorts, Verdict } from '../http/retry.ts';
import type { Log } from '../log/log.ts';

/** A docker command is tried again when it said itself that the failure may pass. */
export function judgeCommand(error: unknown): Verdict {
  if (!(error instanceof PublishError) || !error.retryable) return { transient: false };
  return judgeText(error.detail, Date.now());
}

/**
 * The clock, and who is told of an attempt that failed.
 * @param signal ends the waits: a step that was asked to end makes no further attempt
 */
export function retryPorts(log: Log, signal: AbortSignal): RetryPorts {
  return {
    now: Date.now,
    sleep: async (milliseconds) => {
      signal.throwIfAborted();
      await setTimeout(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
    },
    random: Math.random,
    log: (line) => {
      if (!signal.aborted) log.info(line);
    },
  };
}
