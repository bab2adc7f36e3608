import { describe, expect, test } from '@jest/globals';
import { sideBySide } from '../../../src/registry/concurrency.ts';

describe('work side by side', () => {
  test.each([
    ['no item', 0, 4, 0],
    ['fewer items than fit', 2, 4, 2],
    ['more items than fit', 9, 4, 4],
    ['a width of one', 3, 1, 1],
  ])('with %s is done once for each, in their order, as many at a time as may be', async (_, count, width, most) => {
    const items = Array.from({ length: count }, (_, index) => index);
    const begun: number[] = [];
    let [running, seen] = [0, 0];
    await sideBySide(items, width, async (item) => {
      begun.push(item);
      seen = Math.max(seen, ++running);
      await new Promise(setImmediate);
      running -= 1;
    });
    expect(begun).toEqual(items);
    expect(seen).toBe(most);
  });

  test('gives what each work gave, in the order of the items, whichever ends first', async () => {
    const work = async (turns: number): Promise<string> => {
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      return `after ${turns}`;
    };
    expect(await sideBySide([3, 1, 2, 0], 3, work)).toEqual(['after 3', 'after 1', 'after 2', 'after 0']);
  });

  test('begins nothing after a failure, which is thrown as it is', async () => {
    const failure = new Error('the second');
    const begun: number[] = [];
    const work = sideBySide([1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item);
      if (item === 2) throw failure;
      await new Promise(setImmediate);
    });
    await expect(work).rejects.toBe(failure);
    await new Promise(setImmediate);
    expect(begun).toEqual([1, 2]);
  });
});
