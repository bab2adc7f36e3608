/** Starts a pull, as `pull/action.yml` asks. */

import { pullAction } from '../actions/pull-action.ts';
import { runEntry } from './run-entry.ts';

export const run = (): Promise<void> => runEntry(pullAction);
