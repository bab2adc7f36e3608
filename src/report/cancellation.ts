/**
 * A step that is asked to end: the runner sends SIGINT when a run is cancelled, then SIGTERM
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation).
 */

import { constants } from 'node:os';
import { ToolError } from '../errors.ts';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Gives a signal that fires when the process is asked to end; its reason says by what. */
export function onTermination(process: {
  once(name: (typeof signals)[number], listener: () => void): unknown;
}): AbortSignal {
  const controller = new AbortController();
  for (const name of signals) process.once(name, () => controller.abort(new Cancelled(name)));
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

/** 128 + the signal's number for a process that was asked to end, as a shell reports it; else 1. */
export function exitCodeOf(termination: AbortSignal): number {
  return termination.reason instanceof Cancelled ? 128 + constants.signals[termination.reason.signalName] : 1;
}
