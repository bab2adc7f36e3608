/** Starts a merge, as `merge/action.yml` asks. */

import { mergeStep } from '../actions/merge-action.ts';
import { inputsWithDefaults } from '../inputs/input-reader.ts';
import { mergeInputDefaults } from '../inputs/merge-inputs.ts';
import { readInput } from '../runner/step-inputs.ts';
import { runEntry } from './run-entry.ts';

export const run = (): Promise<void> =>
  runEntry((entry) => mergeStep(inputsWithDefaults(readInput, entry.env, mergeInputDefaults), entry));
