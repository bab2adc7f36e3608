import { expect, test } from '@jest/globals';
import { differsByOneEdit } from '../../../src/text/one-edit.ts';

test.each([
  ['a letter more', 'dest', 'destt'],
  ['a letter less', 'dest', 'dst'],
  ['a letter less at the end', 'mode', 'mod'],
  ['another letter', 'mode', 'node'],
  ['two neighbours swapped', 'token', 'tokne'],
  ['one of a pair', 'push', 'pussh'],
])('one edit: %s', (_title, left, right) => {
  expect(differsByOneEdit(left, right)).toBe(true);
  expect(differsByOneEdit(right, left)).toBe(true);
});

test.each([
  ['none', 'mode', 'mode'],
  ['two letters', 'mode', 'nude'],
  ['letters swapped that are no neighbours', 'abc', 'cba'],
  ['a swap, and a letter more', 'ab', 'bca'],
  ['everything', '', 'ab'],
])('not one edit: %s', (_title, left, right) => {
  expect(differsByOneEdit(left, right)).toBe(false);
  expect(differsByOneEdit(right, left)).toBe(false);
});
