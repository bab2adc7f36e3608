import { expect, test } from '@jest/globals';
import { formatDuration } from '../../../src/text/duration.ts';

test.each([
  [0, '0 ms'],
  [11.6, '12 ms'],
  [999, '999 ms'],
  [999.6, '1.0 s'],
  [3440, '3.4 s'],
  [59_940, '59.9 s'],
  [59_960, '1 min 0 s'],
  [125_000, '2 min 5 s'],
])('%d milliseconds are written %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
