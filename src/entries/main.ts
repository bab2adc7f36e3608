/** Starts a publish, as `action.yml` asks. */

import { publishStep } from '../actions/publish-action.ts';
import { inputsWithDefaults } from '../inputs/input-reader.ts';
import { inputDefaults } from '../inputs/publish-inputs.ts';
import { readInput } from '../runner/step-inputs.ts';
import { runEntry } from './run-entry.ts';

export const run = (): Promise<void> =>
  runEntry((entry) => publishStep(inputsWithDefaults(readInput, entry.env, inputDefaults), entry));
