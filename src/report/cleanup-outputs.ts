/** The outputs of `cleanup/`. */

import { type CleanupOutcome, leaving } from '../plan/cleanup-outcome.ts';

/** The names of the outputs of `cleanup/`, in the order of its action.yml. */
export const cleanupOutputNames = ['deleted', 'kept', 'deleted-tags', 'deleted-digests', 'decisions'] as const;
export type CleanupOutputName = (typeof cleanupOutputNames)[number];

/** Characters of one output: GitHub takes a megabyte of all outputs of a job. */
const longestOutput = 256 * 1024;

/** As many whole items as fit. */
function asFits(items: readonly string[], separatorLength: number): readonly string[] {
  let length = 0;
  const end = items.findIndex((item) => {
    length += item.length + separatorLength;
    return length > longestOutput;
  });
  return end < 0 ? items : items.slice(0, end);
}

/** The value of each output. */
export function formatCleanupOutputs(outcome: CleanupOutcome): Readonly<Record<CleanupOutputName, string>> {
  const gone = leaving(outcome);
  const rows = outcome.decisions.map(({ version: { digest, tags }, stays, reason }) =>
    JSON.stringify({ digest, tags, stays, reason }),
  );
  return {
    deleted: String(gone.length),
    kept: String(outcome.decisions.length - gone.length),
    'deleted-tags': asFits(
      gone.flatMap(({ version }) => version.tags),
      1,
    ).join('\n'),
    'deleted-digests': asFits(
      gone.map(({ version }) => version.digest),
      1,
    ).join('\n'),
    decisions: `[${asFits(rows, 1).join(',')}]`,
  };
}
