import { describe, expect, test } from '@jest/globals';
import { figureOf, growthOf, isHeld, pointOf, rowOf, seriesOf } from '../../../../scripts/bench/figures.js';

const steady = (median: number): ReturnType<typeof figureOf> => figureOf([median]);

describe('a figure', () => {
  test('is the middle of its runs, with the least and the most', () => {
    expect(figureOf([30, 10, 100])).toEqual({ median: 30, least: 10, most: 100 });
  });

  test('is the mean of the two in the middle where their number is even', () => {
    expect(figureOf([40, 10, 20, 1000])).toEqual({ median: 30, least: 10, most: 1000 });
  });
});

test.each([
  { of: 'ratio', limit: 1.25, ours: 125, other: 100, held: true },
  { of: 'ratio', limit: 1.25, ours: 126, other: 100, held: false },
  { of: 'difference', limit: 100, ours: 140, other: 40, held: true },
  { of: 'difference', limit: 100, ours: 141, other: 40, held: false },
  { of: 'value', limit: 300, ours: 300, other: undefined, held: true },
  { of: 'value', limit: 300, ours: 301, other: 1, held: false },
  { of: 'ratio', limit: 1.25, ours: 1, other: undefined, held: false },
  { of: 'difference', limit: 100, ours: 1, other: undefined, held: false },
] as const)('$ours beside $other, with a budget of $limit for the $of: held is $held', (row) => {
  const { of, limit, ours, other, held } = row;
  expect(isHeld({ of, limit }, steady(ours), other === undefined ? null : steady(other))).toBe(held);
});

describe('a row', () => {
  test('compares the medians of its two sides', () => {
    const budget = { of: 'ratio', limit: 1.25 } as const;
    expect(
      rowOf({ group: 'budgets', what: 'a change', ours: [150, 120, 90], beside: 'bare docker', other: [100], budget }),
    ).toEqual({
      group: 'budgets',
      what: 'a change',
      unit: 'ms',
      runs: 3,
      ours: { median: 120, least: 90, most: 150 },
      beside: 'bare docker',
      other: { median: 100, least: 100, most: 100 },
      ratio: 1.2,
      budget,
      held: true,
    });
  });

  test('may stand alone, and without a budget', () => {
    expect(rowOf({ group: 'publish', what: 'a copy', unit: 'MB', ours: [7] })).toMatchObject({
      unit: 'MB',
      beside: '',
      other: null,
      ratio: null,
      budget: null,
      held: null,
    });
  });
});

describe('the cost of a unit', () => {
  const points = (...all: readonly (readonly [count: number, ...samples: number[]])[]) =>
    all.map(([count, ...samples]) => ({ count, ...figureOf(samples) }));

  test('falls where a fixed cost is shared', () => {
    expect(growthOf(points([1, 600], [10, 690], [100, 1590]))).toBe('falls');
  });

  test('stays where there is none', () => {
    expect(growthOf(points([10, 100], [100, 1000], [1000, 10_000]))).toBe('stays');
  });

  test('grows where twice the work takes four times as long', () => {
    expect(growthOf(points([1, 10], [2, 40], [4, 160]))).toBe('grows');
  });

  test('grows where each further unit costs more, though the fixed cost hides it', () => {
    expect(growthOf(points([1, 600], [10, 690], [100, 3000]))).toBe('grows');
  });

  test('grows not where a run of the first points took as much longer', () => {
    expect(growthOf(points([1, 600], [10, 640, 690, 840], [100, 3000]))).toBe('falls');
  });

  test('grows not where the second point took less than the first by chance', () => {
    expect(growthOf(points([1, 590, 600, 610], [2, 570, 580, 590], [4, 600]))).toBe('falls');
  });

  test('grows not by a twentieth of what it is', () => {
    expect(growthOf(points([1, 100], [10, 100], [100, 104]))).toBe('falls');
  });

  test('of two points is told by these', () => {
    expect(growthOf(points([1, 100], [10, 2000]))).toBe('grows');
    expect(growthOf(points([1, 100], [10, 200]))).toBe('falls');
  });

  test('follows that of the other side, which grows as much', () => {
    const ours = points([1, 440], [10, 590], [120, 8800]);
    expect(growthOf(ours)).toBe('grows');
    expect(growthOf(ours, points([1, 370], [10, 590], [120, 8500]))).toBe('follows');
  });

  test('grows where the other side grows by less', () => {
    expect(growthOf(points([1, 440], [10, 590], [120, 8800]), points([1, 370], [10, 590], [120, 6000]))).toBe('grows');
    expect(growthOf(points([1, 440], [10, 590], [120, 8800]), points([1, 370], [10, 590]))).toBe('grows');
  });

  test('of one point stays', () => {
    expect(growthOf(points([1, 100]))).toBe('stays');
  });
});

test('a series says how its time and its memory go', () => {
  const measured = [10, 1000].map((count) => pointOf(count, { ours: [count * 4], other: [count * 8], peaks: [100] }));
  expect(measured[1]).toEqual({ count: 1000, ours: steady(4000), other: steady(8000), ratio: 0.5, peak: steady(100) });
  expect(
    seriesOf({ group: 'growth', what: 'size', unit: 'MB', beside: 'crane push', runs: 1, points: measured }),
  ).toMatchObject({ time: 'stays', memory: 'falls' });
});
