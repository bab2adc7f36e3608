/** Starts a pull, as `pull/action.yml` asks. */

import { pullStep } from '../actions/pull-action.ts';
import { inputsOfEnvironment } from '../inputs/input-reader.ts';
import { pullInputDefaults } from '../inputs/pull-inputs.ts';
import { runEntry } from './run-entry.ts';

export const run = (): Promise<void> =>
  runEntry((entry) => pullStep(inputsOfEnvironment(entry.env, pullInputDefaults), entry));
