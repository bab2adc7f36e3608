import { expect, test } from '@jest/globals';
import { alignedTable, markdownTable } from '../../../scripts/table.js';

const lines = [
  ['What', 'Took', 'Budget', ''],
  ['a long name', '1 ms', '', 'held'],
  ['b', '100 ms', '', ''],
];

test('columns stand below one another, and an empty one is left out', () => {
  expect(alignedTable(lines)).toBe(
    ['What         Took', 'a long name  1 ms    held', 'b            100 ms'].join('\n'),
  );
});

test('the table of a page leaves it out, too', () => {
  expect(markdownTable(lines)).toBe(
    ['| What | Took |  |', '| --- | --- | --- |', '| a long name | 1 ms | held |', '| b | 100 ms |  |'].join('\n'),
  );
});

test('a cell of a page holds no bar that ends it, and no line break', () => {
  expect(markdownTable([['a'], ['x | y\n  z ']])).toBe('| a |\n| --- |\n| x \\| y z |');
});
