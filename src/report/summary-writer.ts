/** Texts from elsewhere as parts of the job summary: without secrets, cut to the room that there is, and never markup. */

import { cut } from '../text/cut.ts';
import { code, paragraphs, prose, table } from './markdown.ts';

/** How much of lists and texts is shown. */
export interface Measure {
  /** Of one table or list. */
  readonly rows: number;
  /** Of one text. */
  readonly characters: number;
}

export interface SummaryWriter {
  /** A name, to be read and copied character by character. */
  code(text: string, most?: number): string;
  /** A sentence, in which names stand between backticks. */
  prose(text: string): string;
  /** The first line as a sentence, the others as they are. */
  paragraphs(text: string): string;
  /** A text without secrets, for a chart. */
  plain(text: string): string;
  list(items: readonly string[]): string;
  /** @param rows cells that are Markdown already */
  table(head: readonly string[], rows: readonly (readonly string[])[]): string;
}

/** @param mask takes the secrets out of a text */
export function createSummaryWriter({ rows, characters }: Measure, mask: (text: string) => string): SummaryWriter {
  const short = (text: string, most = characters): string => cut(mask(text), Math.min(most, characters));
  const leftOut = (count: number): readonly string[] =>
    count > rows ? [`… and ${count - rows} more, left out for room.`] : [];
  return {
    code: (text, most) => code(short(text, most)),
    prose: (text) => prose(short(text)),
    paragraphs: (text) => paragraphs(short(text)),
    plain: mask,
    list: (items) =>
      [...items.slice(0, rows).map((item) => prose(short(item))), ...leftOut(items.length)]
        .map((item) => `- ${item}`)
        .join('\n'),
    table: (head, all) => [table(head, all.slice(0, rows)), ...leftOut(all.length)].join('\n\n'),
  };
}
