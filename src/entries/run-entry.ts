/** Runs one action in the process of the runner, and ends it with an exit code. */

import { FailedBuild } from '../engine/build-failure.ts';
import { formatFailure, toPublishError } from '../log/error-message.ts';
import { createMasker } from '../log/masker.ts';
import { workflowLog } from '../log/workflow-log.ts';
import { exitCodeOf, onTermination } from '../step/cancellation.ts';
import type { Entry } from '../step/process.ts';
import { endProcess } from './end-process.ts';

/** Runs an entry that the runner started: an error is one annotation and a failed step. */
export async function runEntry(work: (entry: Entry) => Promise<unknown>): Promise<void> {
  const now = (): number => performance.now();
  const repeat = (beat: () => void): (() => void) => {
    const timer = setInterval(beat, 5_000).unref();
    return () => clearInterval(timer);
  };
  const masker = createMasker();
  const log = workflowLog((text) => void process.stdout.write(text), masker, { now, repeat });
  const termination = onTermination(process);
  try {
    await work({ env: process.env, workingFolder: process.cwd(), log, masker, now, termination });
  } catch (error) {
    // Whatever broke off first, a step that was asked to end failed because of that.
    const failure = toPublishError(termination.aborted ? termination.reason : error);
    if (failure.detail !== '') {
      await log.group('What the failed command printed last', async () => log.tool(failure.detail));
    }
    const place = failure instanceof FailedBuild ? failure.place : undefined;
    log.error(formatFailure(failure), { title: failure.code, ...place });
    endProcess(exitCodeOf(termination));
  }
}
