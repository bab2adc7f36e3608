/** Does the work of a step, and sums it up, whatever comes of it. */

import { toPublishError } from '../log/error-message.ts';
import { type Journal, openJournal } from '../log/recording-log.ts';
import { type Account, writeSummary } from '../report/summary-file.ts';
import type { Entry } from '../step/process.ts';

/**
 * Does the work of a step, and sums it up, whatever comes of it.
 * @throws what the work throws
 */
export async function accountFor<Result>(
  entry: Entry,
  work: (entry: Entry, journal: Journal, account: Account) => Promise<Result>,
): Promise<Result> {
  const journal = openJournal(entry.log, entry.masker, entry.now);
  const account: Account = { wantsSummary: true, isDryRun: false, images: [] };
  try {
    return await work({ ...entry, log: journal.log }, journal, account);
  } catch (error) {
    account.failure = toPublishError(entry.termination.aborted ? entry.termination.reason : error);
    throw error;
  } finally {
    await writeSummary(account, journal, entry);
  }
}
