/** Starts a publish, as `action.yml` asks. */

import { publishAction } from '../actions/publish-action.ts';
import { runEntry } from './run-entry.ts';

export const run = (): Promise<void> => runEntry(publishAction);
