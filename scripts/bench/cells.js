// @ts-check
/**
 * Rows and series as cells of text: the same for a terminal and for a page. Pure.
 */

/** @typedef {import('./figures.js').Row} Row */
/** @typedef {import('./figures.js').Series} Series */

/**
 * @param {number} value
 * @param {import('./figures.js').Unit} unit
 * @returns {string} with the unit that is read most easily, such as `650 ms`, `13.3 s`, `1.2 MB`
 */
export function formatValue(value, unit) {
  if (unit === 'MB') return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} MB`;
  return Math.abs(value) < 9_999.5 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
}

/** @type {(figure: import('./figures.js').Figure, unit: import('./figures.js').Unit) => string} */
function formatFigure({ median, least, most }, unit) {
  if (least === most) return formatValue(median, unit);
  return `${formatValue(median, unit)} (${formatValue(least, unit)} … ${formatValue(most, unit)})`;
}

/** @type {(budget: import('./figures.js').Budget, unit: import('./figures.js').Unit) => string} */
function formatBudget({ of, limit }, unit) {
  if (of === 'ratio') return `≤ ${limit.toFixed(2)} ×`;
  return of === 'difference' ? `≤ ${formatValue(limit, unit)} more` : `≤ ${formatValue(limit, unit)}`;
}

/** @type {(ratio: number | null) => string} */
const formatRatio = (ratio) => (ratio === null ? '' : `${ratio.toFixed(2)} ×`);

/** @type {(held: boolean | null) => string} */
const formatHeld = (held) => (held === null ? '' : held ? 'held' : 'MISSED');

/**
 * @param {readonly Row[]} rows
 * @returns {string[][]} the head, then a line of cells for each row
 */
export function cellsOfRows(rows) {
  return [
    ['What', 'The step', 'Beside it', 'Took', 'Ratio', 'Budget', '', 'Runs'],
    ...rows.map(({ what, unit, runs, ours, beside, other, ratio, budget, held }) => [
      what,
      formatFigure(ours, unit),
      beside,
      other === null ? '' : formatFigure(other, unit),
      formatRatio(ratio),
      budget === null ? '' : formatBudget(budget, unit),
      formatHeld(held),
      String(runs),
    ]),
  ];
}

/**
 * @param {Series} series
 * @returns {string[][]} the head, then a line of cells for each point
 */
export function cellsOfSeries({ unit, beside, points }) {
  const [first] = points;
  return [
    [unit, 'The step', `A ${unit}`, 'A further one', beside || 'Beside it', 'Ratio', 'Peak memory'],
    ...points.map(({ count, ours, other, ratio, peak }) => [
      String(count),
      formatFigure(ours, 'ms'),
      formatCost(ours.median / count),
      first === undefined || count === first.count
        ? ''
        : formatCost((ours.median - first.ours.median) / (count - first.count)),
      other === null ? '' : formatFigure(other, 'ms'),
      formatRatio(ratio),
      formatValue(peak.most, 'MB'),
    ]),
  ];
}

/** @type {(milliseconds: number) => string} of one unit */
function formatCost(milliseconds) {
  return Math.abs(milliseconds) < 99.5 ? `${milliseconds.toFixed(1)} ms` : formatValue(milliseconds, 'ms');
}

/**
 * @param {Series} series
 * @returns {string} whether time and memory grow no faster than the work
 */
export function verdictOf({ unit, beside, time, memory }) {
  const grows = [...(time === 'grows' ? ['time'] : []), ...(memory === 'grows' ? ['memory'] : [])];
  if (grows.length > 0) return `GROWS FASTER THAN THE WORK: ${grows.join(' and ')} of a ${unit}.`;
  const ofTime = time === 'follows' ? `grows, by no more than that of ${beside}` : time;
  return `A ${unit}: its time ${ofTime}; its memory ${memory}.`;
}
