import { describe, expect, test } from '@jest/globals';
import { cellsOfRows, cellsOfSeries, formatValue, verdictOf } from '../../../../scripts/bench/cells.js';
import { pointOf, rowOf, seriesOf } from '../../../../scripts/bench/figures.js';

test.each([
  [649.6, 'ms', '650 ms'],
  [9_999, 'ms', '9999 ms'],
  [13_349, 'ms', '13.3 s'],
  [-3, 'ms', '-3 ms'],
  [1.216, 'MB', '1.22 MB'],
  [123.4, 'MB', '123 MB'],
] as const)('%p %s is written %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

describe('a row', () => {
  const sides = { group: 'budgets', what: 'a change', beside: 'bare', ours: [110, 120, 130], other: [100, 100, 100] };

  test.each([
    [{ of: 'ratio', limit: 1.2 }, '≤ 1.20 ×', 'held'],
    [{ of: 'ratio', limit: 1.1 }, '≤ 1.10 ×', 'MISSED'],
    [{ of: 'difference', limit: 100 }, '≤ 100 ms more', 'held'],
    [{ of: 'value', limit: 100 }, '≤ 100 ms', 'MISSED'],
  ] as const)('with a budget says what it is and whether it is held: %p', (budget, text, held) => {
    const cells = ['a change', '120 ms (110 ms … 130 ms)', 'bare', '100 ms', '1.20 ×', text, held, '3'];
    expect(cellsOfRows([rowOf({ ...sides, budget })]).at(1)).toEqual(cells);
  });

  test('that stands alone has empty cells', () => {
    const cells = cellsOfRows([rowOf({ group: 'publish', what: 'a copy', unit: 'MB', ours: [7] })]).at(1);
    expect(cells).toEqual(['a copy', '7.00 MB', '', '', '', '', '', '1']);
  });
});

describe('a series', () => {
  const series = (last: number) =>
    seriesOf({
      group: 'growth',
      what: 'tags',
      unit: 'tag',
      beside: 'bare docker',
      runs: 1,
      points: [
        pointOf(1, { ours: [600], other: [500], peaks: [90] }),
        pointOf(10, { ours: [690], other: undefined, peaks: [91] }),
        pointOf(100, { ours: [last], other: undefined, peaks: [95] }),
      ],
    });

  test('says of each point what a unit costs, and a further one than the first', () => {
    expect(cellsOfSeries(series(1590))).toEqual([
      ['tag', 'The step', 'A tag', 'A further one', 'bare docker', 'Ratio', 'Peak memory'],
      ['1', '600 ms', '600 ms', '', '500 ms', '1.20 ×', '90 MB'],
      ['10', '690 ms', '69.0 ms', '10.0 ms', '', '', '91 MB'],
      ['100', '1590 ms', '15.9 ms', '10.0 ms', '', '', '95 MB'],
    ]);
  });

  test.each([
    [1590, 'A tag: its time falls; its memory falls.'],
    [3000, 'GROWS FASTER THAN THE WORK: time of a tag.'],
  ])('whose last point takes %i ms says so in words', (last, text) => {
    expect(verdictOf(series(last))).toBe(text);
  });

  test('that grows as the other side does says so, too', () => {
    const follows = { ...series(3000), time: 'follows' } as const;
    expect(verdictOf(follows)).toBe('A tag: its time grows, by no more than that of bare docker; its memory falls.');
  });
});
