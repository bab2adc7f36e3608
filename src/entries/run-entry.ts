/** Runs one action in the process of the runner, and ends it with an exit code. */

import type { Action, ActionTypes } from '../actions/action.ts';
import { runAction } from '../actions/run-action.ts';
import type { PublishError } from '../errors.ts';
import { inputsWithDefaults } from '../inputs/input-reader.ts';
import { formatFailure } from '../log/error-message.ts';
import { createMasker } from '../log/masker.ts';
import { workflowLog } from '../log/workflow-log.ts';
import { readInput } from '../runner/step-inputs.ts';
import { exitCodeOf, onTermination } from '../step/cancellation.ts';
import { isObject } from '../text/json.ts';
import type { SourceLine } from '../text/source-line.ts';
import { endProcess } from './end-process.ts';
import { outliveReaders } from './lost-reader.ts';

/** Runs an action that the runner started: an error is one annotation and a failed step. */
export async function runEntry<Types extends ActionTypes>(action: Action<Types>): Promise<void> {
  const { env } = process;
  outliveReaders();
  const now = (): number => performance.now();
  const repeat = (beat: () => void): (() => void) => {
    const timer = setInterval(beat, 5_000).unref();
    return () => clearInterval(timer);
  };
  const masker = createMasker();
  const log = workflowLog((text) => void process.stdout.write(text), masker, { now, repeat });
  const termination = onTermination(process);
  const step = { env, workingFolder: process.cwd(), log, masker, now, termination };
  const { failure } = await runAction(action, inputsWithDefaults(readInput, env, action.defaults), step);
  if (failure === undefined) return;
  if (failure.detail !== '') {
    await log.group('What the failed command printed last', async () => log.tool(failure.detail));
  }
  log.error(formatFailure(failure), { title: failure.code, ...placeOf(failure) });
  endProcess(exitCodeOf(termination));
}

/** The line of a Dockerfile or of a bake file, if the failure is about one; only a step that builds loads the classes of these. */
function placeOf(failure: PublishError): SourceLine | undefined {
  const { place } = 'place' in failure ? failure : { place: undefined };
  const { file, line } = isObject(place) ? place : {};
  return typeof file === 'string' && typeof line === 'number' ? { file, line } : undefined;
}
