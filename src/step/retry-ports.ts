/** How attempts wait, and which failed command is worth another one. */

import { setTimeout } from 'node:timers/promises';
import { judgeText, means } from '../engine/tool-output.ts';
import { PublishError } from '../errors.ts';
import type { RetryPorts, Verdict } from '../http/retry.ts';
import type { Log } from '../log/log.ts';

/**
 * A docker command is repeated if its own words say that the failure may be temporary. A push is also repeated once if
 * the words do not say so. docker and buildx show the message of a registry and not its status, and everything is built
 * by then.
 * @param number of the attempt, from 1
 */
export function judgeCommand(error: unknown, number: number): Verdict {
  if (!(error instanceof PublishError)) return { transient: false };
  if (error.retryable) return judgeText(error.detail, Date.now());
  return error.code === 'PUSH_FAILED' && number === 1 && !means(error.message, 'lasting')
    ? { transient: true, reason: error.message }
    : { transient: false };
}

/**
 * The clock, and who learns of an attempt that failed.
 * @param signal ends the waits: a step that has received a signal makes no further attempt
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
