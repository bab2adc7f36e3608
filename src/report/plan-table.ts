/** The plan as the log shows it: a table of decisions, and one of tags. */

import type { ImageDescription } from '../metadata/describe-image.ts';
import { plansOfTargets } from '../plan/baked-plans.ts';
import { type AnyPlan, decisions, tagDecisions } from '../plan/list-decisions.ts';

/** Aligns the cells of each column; the last one runs free. */
export function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, column) => Math.max(all[column] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
  );
}

/** The decisions with their reasons, one a line, then the tags; a pull has none. */
export function formatPlan(plan: AnyPlan): readonly string[] {
  return plansOfTargets(plan).flatMap(formatOne);
}

function formatOne(plan: AnyPlan): readonly string[] {
  return [
    ...formatTable(decisions(plan).map(({ what, which, why }) => [what, which, why])).map((line) => line.trimEnd()),
    ...('description' in plan ? formatTags(plan.description) : []),
  ];
}

/** Each tag with the rule that made it, and each rule that made none with the reason. */
function formatTags(description: ImageDescription): readonly string[] {
  return formatTable(
    tagDecisions(description).map((each) => {
      if (each.kind === 'given') return ['Tag', each.tag, `from ${each.rule}`];
      if (each.kind === 'held') return ['Not moved', each.tag, `because ${each.reason}`];
      return ['No tag', each.rule, each.reason];
    }),
  );
}
