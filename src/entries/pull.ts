/** Starts a pull, as `pull/action.yml` asks. */

import { pullStep } from '../actions/pull-action.ts';
import { inputsWithDefaults } from '../inputs/input-reader.ts';
import { pullInputDefaults } from '../inputs/pull-inputs.ts';
import { readInput } from '../runner/step-inputs.ts';
import { runEntry } from './run-entry.ts';

export const run = (): Promise<void> =>
  runEntry((entry) => pullStep(inputsWithDefaults(readInput, entry.env, pullInputDefaults), entry));
