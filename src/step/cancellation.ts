/**
 * A step that shall end: the runner sends SIGINT when a run is cancelled, then SIGTERM
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation).
 */

import { constants } from 'node:os';
import { ToolError } from '../errors.ts';

/**
 * A terminal that is closed says SIGHUP. On Windows the runner presses Ctrl+C and then Ctrl+Break, which are SIGINT and SIGBREAK
 * (actions/runner, ProcessInvoker; https://nodejs.org/api/process.html#signal-events).
 */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const;

/**
 * Gives an abort signal that fires on SIGINT and SIGTERM; its reason names which. Being asked again changes nothing:
 * the clean-up, which is bounded in time, goes on, and no login is left behind by someone who pressed Ctrl-C twice.
 */
export function onTermination(signalled: {
  on(name: (typeof signals)[number], listener: () => void): unknown;
}): AbortSignal {
  const controller = new AbortController();
  for (const name of signals) signalled.on(name, () => controller.abort(new Cancelled(name)));
  return controller.signal;
}

class Cancelled extends ToolError {
  readonly signalName: (typeof signals)[number];

  constructor(signalName: (typeof signals)[number]) {
    super('CANCELLED', {
      message: `The step was cancelled (${signalName}).`,
      remedy: 'Run the job again if it should not have been.',
    });
    this.signalName = signalName;
  }
}

/** 128 + the signal's number after SIGINT or SIGTERM, as a shell reports it; else 1. */
export function exitCodeOf(termination: AbortSignal): number {
  return termination.reason instanceof Cancelled ? 128 + constants.signals[termination.reason.signalName] : 1;
}
