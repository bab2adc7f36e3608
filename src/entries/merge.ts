/** Starts a merge, as `merge/action.yml` asks. */

import { mergeAction } from '../actions/merge-action.ts';
import { runEntry } from './run-entry.ts';

export const run = (): Promise<void> => runEntry(mergeAction);
