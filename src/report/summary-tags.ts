/** The tags in the job summary: what happened to each, and why a rule gave none. */

import type { ImageDescription } from '../metadata/describe-image.ts';
import { tagDecisions } from '../plan/list-decisions.ts';
import { details } from './markdown.ts';
import type { SummaryWriter } from './summary-writer.ts';

/** More tags than these are folded. */
const fewTags = 12;

/** @param state what happened to the tags that were to move */
export function writeTags(description: ImageDescription, state: string, writer: SummaryWriter): string {
  const rows: (readonly string[])[] = [];
  const none: (readonly string[])[] = [];
  for (const each of tagDecisions(description)) {
    if (each.kind === 'none') none.push([writer.code(each.rule), writer.prose(each.reason)]);
    else {
      const result = each.kind === 'given' ? state : `**not moved**, because ${writer.prose(each.reason)}`;
      rows.push([writer.code(each.tag), writer.code(each.rule), result]);
    }
  }
  const list = writer.table(['Tag', 'Rule', 'Result'], rows);
  const title = `${rows.length} ${rows.length === 1 ? 'tag' : 'tags'}`;
  return [
    ...(rows.length === 0 ? [] : [rows.length <= fewTags ? list : details(title, list)]),
    ...(none.length === 0 ? [] : [details('Rules without a tag', writer.table(['Rule', 'Why not'], none))]),
  ].join('\n\n');
}
