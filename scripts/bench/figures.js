// @ts-check
/**
 * What measurements come to: medians, ratios, whether a budget is held, whether something grows faster than the work. Pure.
 */

/** @typedef {'ms' | 'MB'} Unit milliseconds, or millions of bytes */

/**
 * @typedef {object} Figure what the runs of one side took, in the unit of its row
 * @property {number} median
 * @property {number} least
 * @property {number} most
 */

/**
 * @typedef {object} Budget
 * @property {'ratio' | 'difference' | 'value'} of the ratio of ours to the other, our excess over it, or ours alone
 * @property {number} limit the most that holds it; for difference and value in the unit of the row
 */

/**
 * @typedef {object} Row
 * @property {string} group what it belongs to: a name that `npm run bench` takes
 * @property {string} what
 * @property {Unit} unit
 * @property {number} runs of each side
 * @property {Figure} ours
 * @property {string} beside what the other side is; empty where ours stands alone
 * @property {Figure | null} other
 * @property {number | null} ratio of the medians, ours to the other
 * @property {Budget | null} budget
 * @property {boolean | null} held
 */

/** @typedef {'falls' | 'stays' | 'follows' | 'grows'} Verdict how the cost of a unit goes when there are more; see `growthOf` */

/**
 * @typedef {object} Point one size of the work
 * @property {number} count of the series' unit
 * @property {Figure} ours milliseconds
 * @property {Figure | null} other milliseconds
 * @property {number | null} ratio of the medians, ours to the other
 * @property {Figure} peak resident memory of the step's own process at its largest, in MB
 */

/**
 * @typedef {object} Series
 * @property {string} group
 * @property {string} what
 * @property {string} unit of which there is more from point to point, such as `tag`
 * @property {string} beside what the other side is; empty where there is none
 * @property {number} runs of each side at each point
 * @property {readonly Point[]} points with rising counts
 * @property {Verdict} time `growthOf` our time
 * @property {Verdict} memory `growthOf` our memory
 */

/**
 * @typedef {object} Result of one run of the program
 * @property {import('./machine.js').Machine} machine
 * @property {Row[]} rows
 * @property {Series[]} series
 * @property {{ part: string, reason: string }[]} leftOut what could not be measured
 */

/**
 * @param {readonly number[]} samples one at least
 * @returns {Figure}
 */
export function figureOf(samples) {
  const sorted = samples.toSorted((left, right) => left - right);
  const at = (/** @type {number} */ index) => sorted[index] ?? Number.NaN;
  const median = (at(Math.floor((sorted.length - 1) / 2)) + at(Math.ceil((sorted.length - 1) / 2))) / 2;
  return { median, least: at(0), most: at(sorted.length - 1) };
}

/**
 * @param {Figure} ours
 * @param {Figure | null} other
 * @returns {number | null}
 */
function ratioOf(ours, other) {
  return other === null ? null : ours.median / other.median;
}

/**
 * Whether the medians hold a budget.
 * @param {Budget} budget
 * @param {Figure} ours
 * @param {Figure | null} other needed by a budget of a ratio or a difference, which is not held without
 * @returns {boolean}
 */
export function isHeld({ of, limit }, ours, other) {
  const measured = {
    ratio: ratioOf(ours, other) ?? Number.NaN,
    difference: other === null ? Number.NaN : ours.median - other.median,
    value: ours.median,
  };
  return measured[of] <= limit;
}

/**
 * @param {object} measured
 * @param {string} measured.group
 * @param {string} measured.what
 * @param {Unit} [measured.unit]
 * @param {readonly number[]} measured.ours
 * @param {string} [measured.beside]
 * @param {readonly number[]} [measured.other]
 * @param {Budget} [measured.budget]
 * @returns {Row}
 */
export function rowOf({ group, what, unit = 'ms', ours: samples, beside = '', other: others, budget }) {
  const ours = figureOf(samples);
  const other = others === undefined ? null : figureOf(others);
  const held = budget === undefined ? null : isHeld(budget, ours, other);
  const ratio = ratioOf(ours, other);
  return { group, what, unit, runs: samples.length, ours, beside, other, ratio, budget: budget ?? null, held };
}

/**
 * @param {number} count
 * @param {{ ours: readonly number[], other: readonly number[] | undefined, peaks: readonly number[] }} measured
 * @returns {Point}
 */
export function pointOf(count, { ours: samples, other: others, peaks }) {
  const ours = figureOf(samples);
  const other = others === undefined ? null : figureOf(others);
  return { count, ours, other, ratio: ratioOf(ours, other), peak: figureOf(peaks) };
}

/**
 * @param {Omit<Series, 'time' | 'memory'>} measured
 * @returns {Series}
 */
export function seriesOf(measured) {
  const { points } = measured;
  const others = points.flatMap(({ count, other }) => (other === null ? [] : [{ count, ...other }]));
  return {
    ...measured,
    time: growthOf(
      points.map(({ count, ours }) => ({ count, ...ours })),
      others,
    ),
    memory: growthOf(points.map(({ count, peak }) => ({ count, ...peak }))),
  };
}

/** The share by which a cost may rise and be the same. */
const tolerance = 0.25;
/** The share by which a median differs from one time to the next, however alike its runs are. */
const chance = 0.05;

/** @typedef {Figure & { readonly count: number }} Cost of so many units */

/**
 * How the cost of one unit goes when there are more of them. It grows when a unit costs more in the largest work than in the
 * smallest; or, what a large fixed cost would hide, when a further unit costs more later on than between the first two
 * points. A quarter is no growth, nor is what chance makes of those two points: what their runs differ by among themselves,
 * or a twentieth of the time. Where the other side pays as much for its further units, it is the work that grows, and ours
 * `follows` it.
 * @param {readonly Cost[]} points with rising counts
 * @param {readonly Cost[]} [others] those of the other side, with the same counts
 * @returns {Verdict}
 */
export function growthOf(points, others = []) {
  const [first, second] = points;
  const last = points.at(-1);
  if (first === undefined || second === undefined || last === undefined) return 'stays';
  const each = last.median / last.count / (first.median / first.count);
  const allowed = Math.max(0, second.median - first.median) * (1 + tolerance) + noiseOf(first, second);
  const isSteeper = points.slice(2).some((point) => {
    const further = (point.median - first.median) / (point.count - first.count);
    return further * (second.count - first.count) > allowed;
  });
  if (each > 1 + tolerance || isSteeper) return isWithin(points, others) ? 'follows' : 'grows';
  return each < 1 - tolerance ? 'falls' : 'stays';
}

/** Whether what is beyond the first point costs no more than it does the other side. @type {(points: readonly Cost[], others: readonly Cost[]) => boolean} */
function isWithin([first, ...points], [otherFirst, ...others]) {
  if (first === undefined || otherFirst === undefined) return false;
  return points.every((point, index) => {
    const other = others[index];
    if (other === undefined) return false;
    const allowed = (other.median - otherFirst.median) * (1 + tolerance) + noiseOf(first, point);
    return point.median - first.median <= allowed;
  });
}

/** By how much the difference of two figures may be chance. @type {(left: Figure, right: Figure) => number} */
function noiseOf(left, right) {
  const spread = left.most - left.least + (right.most - right.least);
  return Math.max(spread, chance * right.median);
}
