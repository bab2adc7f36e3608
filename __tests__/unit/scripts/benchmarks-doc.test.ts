import { describe, expect, test } from '@jest/globals';
import { pointOf, rowOf, seriesOf } from '../../../scripts/bench/figures.js';
import { formatBenchmarksDoc } from '../../../scripts/benchmarks-doc.js';

const machine = {
  date: '2026-01-02',
  commit: '860c1904a1ce19322e91ac35af1ab07466440c37',
  isChanged: false,
  cores: 2,
  processor: 'A processor',
  memory: 24,
  system: 'Debian',
  kernel: '6.1.0',
  load: 0.1,
  node: '24.21.0',
  docker: '28.5.2',
  buildx: '0.29.1',
};

const budget = { of: 'ratio', limit: 1.25 } as const;
const change = (took: number) =>
  rowOf({ group: 'budgets', what: 'a change', ours: [took], beside: 'bare docker', other: [100], budget });
const tags = (last: number) =>
  seriesOf({
    group: 'growth',
    what: 'tags',
    unit: 'tag',
    beside: '',
    runs: 1,
    points: [1, 10].map((count) => pointOf(count, { ours: [count === 1 ? 100 : last], other: undefined, peaks: [90] })),
  });

/** The page of measurements that are as they should be, with overrides. */
function pageOf(overrides: Partial<Parameters<typeof formatBenchmarksDoc>[0]> = {}): string {
  return formatBenchmarksDoc({ machine, rows: [change(120)], series: [tags(200)], leftOut: [], ...overrides });
}

describe('the page of benchmarks', () => {
  test('says first whether all is as it should be', () => {
    const head = '# Benchmarks\n\nAll 1 budgets are held.\nNothing of 1 series grows faster than the work.\n';
    expect(pageOf()).toContain(head);
  });

  test('names a budget that is missed, and by how much', () => {
    const page = pageOf({ rows: [change(126), change(120)] });
    expect(page).toContain('Of 2 budgets 1 is missed: a change (1.26 ×).');
    expect(page).toContain('| a change | 126 ms | bare docker | 100 ms | 1.26 × | ≤ 1.25 × | MISSED | 1 |');
  });

  test('names what grows faster than the work', () => {
    expect(pageOf({ series: [tags(2000)] })).toContain('Faster than the work grows: tags.');
  });

  test('names what was not measured, and why', () => {
    const leftOut = [{ part: 'cache', reason: 'There is no Go toolchain.' }];
    expect(pageOf({ leftOut })).toContain('Not measured: cache. There is no Go toolchain.');
  });

  test('leaves out a group of which nothing was measured', () => {
    expect(pageOf()).toContain('## The budgets');
    expect(pageOf()).not.toContain('## Builders');
  });

  test('says what was measured, on what, and with how many runs', () => {
    for (const cell of ['`860c1904a1ce` |', '| A processor, 2 cores |', '| Runs of each side | 1 |'])
      expect(pageOf()).toContain(cell);
  });

  test('says that the machine was not quiet, and that the commit is not all', () => {
    const page = pageOf({ machine: { ...machine, load: 3, isChanged: true } });
    expect(page).toContain('3 processes: **not a quiet machine**');
    expect(page).toContain('with changes that were not committed');
  });
});
