import { expect, test } from '@jest/globals';
import { measure, measureWarm } from '../../../../scripts/bench/turns.js';

/** Sides that tell when it was their turn, and take as many milliseconds as there were turns before. */
function tellingSides(): { readonly turns: string[]; readonly sides: readonly (() => Promise<number>)[] } {
  const turns: string[] = [];
  const side = (name: string) => async () => turns.push(name) - 1;
  return { turns, sides: [side('ours'), side('other')] };
}

test('the sides run in turns, the other way round every second time', async () => {
  const { turns, sides } = tellingSides();
  expect(await measure(3, sides)).toEqual([
    [0, 3, 4],
    [1, 2, 5],
  ]);
  expect(turns).toEqual(['ours', 'other', 'other', 'ours', 'ours', 'other']);
});

test('a run that warms up is not counted', async () => {
  const { turns, sides } = tellingSides();
  expect(await measureWarm(1, sides)).toEqual([[2], [3]]);
  expect(turns).toHaveLength(4);
});
