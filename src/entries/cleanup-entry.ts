/** Starts a clean-up, as `cleanup/action.yml` asks. */

import { cleanupAction } from '../actions/cleanup-action.ts';
import { runEntry } from './run-entry.ts';

export const run = (): Promise<void> => runEntry(cleanupAction);
