/** What a clean-up made of each version: for the job summary and the log. */

import { type CleanupOutcome, leaving } from '../plan/cleanup-outcome.ts';
import type { VersionDecision } from '../plan/retention.ts';
import { nameOfVersion } from '../plan/retention-rules.ts';
import { details } from './markdown.ts';
import { formatTable } from './plan-table.ts';
import type { SummaryWriter } from './summary-writer.ts';

/** `Deleted 3 of 12 versions`, or `Would delete 3 of 12 versions`. */
export function headOfCleanup(outcome: CleanupOutcome): string {
  const total = outcome.decisions.length;
  const count = `${leaving(outcome).length} of ${total} version${total === 1 ? '' : 's'}`;
  return outcome.isDryRun ? `Would delete ${count}` : `Deleted ${count}`;
}

/** What went, and why the others stay, as parts of the summary. */
export function writeVersions(outcome: CleanupOutcome, writer: SummaryWriter): readonly string[] {
  const gone = leaving(outcome);
  const stays = outcome.decisions.filter((each) => each.stays);
  const table = (rows: readonly VersionDecision[]): string =>
    writer.table(
      ['Version', 'Tags', 'Why'],
      rows.map(({ version: { digest, tags }, reason }) => [
        writer.code(nameOfVersion({ digest, tags: [] })),
        tags.map((tag) => writer.code(tag)).join(', '),
        writer.prose(reason),
      ]),
    );
  return [
    ...(outcome.isDryRun ? ['Nothing was deleted, because `dry-run` is `true`.'] : []),
    ...(outcome.remarks.length === 0 ? [] : [writer.list(outcome.remarks)]),
    ...(gone.length === 0 ? [] : [`### ${outcome.isDryRun ? 'Would go' : 'Deleted'}\n\n${table(gone)}`]),
    ...(stays.length === 0 ? [] : [details(`${stays.length} stay`, table(stays))]),
  ];
}

/** One line for each version: what happens to it, which it is, and why. */
export function formatVersions({ decisions, isDryRun }: CleanupOutcome): readonly string[] {
  const goes = isDryRun ? 'would go' : 'goes';
  return formatTable(
    decisions.map(({ version: { digest, tags }, stays, reason }) => [
      stays ? 'stays' : goes,
      nameOfVersion({ digest, tags: [] }),
      tags.join(', ') || '(no tag)',
      `because ${reason}`,
    ]),
  );
}
