/** Notices, warnings and errors as lines of a terminal: it has no annotations, so each says in a word what it is. */

import type { Log } from './log.ts';

/** @param writeLine writes one line */
export function labelledLines(writeLine: (line: string) => void): Pick<Log, 'notice' | 'warning' | 'error'> {
  const labelled =
    (label: string) =>
    (message: string): void =>
      writeLine(`${label}: ${message}`);
  return { notice: labelled('notice'), warning: labelled('warning'), error: labelled('error') };
}
