/** The process of a step, as the entries give it to the actions: nothing but the entries reads or ends the real one. */

import { tmpdir } from 'node:os';
import type { Log } from '../log/log.ts';
import type { Masker } from '../log/masker.ts';
import type { Environment } from '../text/environment.ts';

/** The process of a step. */
export interface StepProcess {
  readonly env: Environment;
  /** Against which the paths of inputs are meant. */
  readonly workingFolder: string;
  readonly log: Log;
  /** The one of `log`. */
  readonly masker: Masker;
  /** Milliseconds since the process began. */
  readonly now: () => number;
  /** Fires when the process receives SIGINT or SIGTERM. */
  readonly termination: AbortSignal;
}

/** Below which folder a step keeps its own. */
export function temporaryFolder(env: Environment): string {
  return env.RUNNER_TEMP || tmpdir();
}
