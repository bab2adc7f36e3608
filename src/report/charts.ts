/**
 * Charts in Mermaid's language, as GitHub draws them: where the time went, and what the layers weigh.
 */

import { type BuildStep, isInternal } from '../log/build-progress.ts';
import type { Span } from '../log/phases.ts';
import { cut } from '../text/cut.ts';
import { formatDuration } from '../text/duration.ts';
import { formatSize } from '../text/size.ts';

/** Nothing of a label is Mermaid's grammar (`:` `;` `#` `,` quotes, line breaks, `%%`) or HTML. */
function label(text: string, most = 48): string {
  const clean = text
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    // A colon ends a label; this one only looks like it.
    .replaceAll(':', '\u2236')
    .replaceAll(/[^\p{L}\p{N}\u2236 ./@()[\]=+_-]/gu, ' ')
    .replaceAll(/--+/g, '-')
    .replaceAll(/ +/g, ' ')
    .trim();
  return cut(clean, most);
}

function fence(lines: readonly string[]): string {
  return ['```mermaid', ...lines, '```'].join('\n');
}

/** How many bars or slices a reader takes in. */
const most = 10;

/**
 * The stages, and within the build its longest steps. The bars carry their times: Mermaid's axis is a calendar, in the
 * reader's time zone.
 */
export function drawTime(spans: readonly Span[], steps: readonly BuildStep[]): string {
  const end = Math.max(...spans.map((span) => span.end));
  const least = Math.max(end / 100, 1);
  const bar = (name: string, start: number, stop: number, isFailed: boolean): string => {
    const from = Math.round(start) + 1;
    const to = Math.max(Math.round(stop) + 1, from + 1);
    // A label that begins with a word of the grammar (`section`, `click`, `title`) would be more than a label.
    return `  ${formatDuration(stop - start)} ${label(name)} :${isFailed ? 'crit, ' : ''}${from}, ${to}`;
  };
  const isWorthIt = ({ start, end: stop }: BuildStep): boolean => stop - start >= least;
  const longest = steps
    .filter((step) => !isInternal(step) && isWorthIt(step))
    .sort((left, right) => right.end - right.start - (left.end - left.start))
    .slice(0, most)
    .sort((left, right) => left.start - right.start);
  return fence([
    'gantt',
    '  dateFormat x',
    '  axisFormat  ',
    '  tickInterval 1week',
    '  section Step',
    ...spans.map(({ title, start, end: stop, isFailed }) => bar(title, start, stop, isFailed)),
    ...(longest.length === 0 ? [] : ['  section Build']),
    ...longest.map(({ name, start, end: stop, state }) => bar(name, start, stop, state === 'failed')),
  ]);
}

/** @returns empty for layers without any weight */
export function drawWeight(title: string, layers: readonly { readonly name: string; readonly size: number }[]): string {
  const heavy = layers.filter(({ size }) => size > 0).sort((left, right) => right.size - left.size);
  if (heavy.length === 0) return '';
  const rest = heavy.slice(most);
  const others = { name: `${rest.length} others`, size: rest.reduce((sum, { size }) => sum + size, 0) };
  const slices = [...heavy.slice(0, most), ...(rest.length === 0 ? [] : [others])];
  return fence([
    `pie title ${label(title)}`,
    ...slices.map(({ name, size }, index) => `  "${index + 1}. ${label(name)} ${formatSize(size)}" : ${size}`),
  ]);
}
