import { describe, expect, test } from '@jest/globals';
import { cut, lastLines } from '../../../src/text/cut.ts';

test.each([
  ['as long as it may be', 'abc', 'abc'],
  ['too long', 'abcd', 'ab…'],
  ['too long, and has characters of two code units', '😀😀😀😀', '😀😀…'],
  ['as long as it may be, in characters of two code units', '😀😀😀', '😀😀😀'],
  ['empty', '', ''],
])('a text that is %s', (_title, text, shown) => {
  expect(cut(text, 3)).toBe(shown);
});

describe('the end of a text', () => {
  test.each([
    ['that is short enough is all of it', 'one\ntwo', 7, 'one\ntwo'],
    ['begins with a line', 'first\nsecond\nthird', 10, 'third'],
    ['begins after a line end', 'first\nthird', 6, 'third'],
    ['is nothing, if it is shorter than a secret may be', 'a'.repeat(100), 50, ''],
    ['of one line has what no secret may reach', `${'a'.repeat(60_000)}end`, 50_000, `${'a'.repeat(845)}end`],
  ])('%s', (_, text, most, end) => {
    expect(lastLines(text, most)).toBe(end);
  });
});
