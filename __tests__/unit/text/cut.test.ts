import { expect, test } from '@jest/globals';
import { cut } from '../../../src/text/cut.ts';

test.each([
  ['as long as it may be', 'abc', 'abc'],
  ['too long', 'abcd', 'ab…'],
  ['too long, and has characters of two code units', '😀😀😀😀', '😀😀…'],
  ['as long as it may be, in characters of two code units', '😀😀😀', '😀😀😀'],
  ['empty', '', ''],
])('a text that is %s', (_title, text, shown) => {
  expect(cut(text, 3)).toBe(shown);
});
