import { expect, test } from '@jest/globals';
import { noteUnsetArguments } from '../../../src/build/argument-notes.ts';

test('a name whose variable is set is passed on without a word', () => {
  expect(noteUnsetArguments(['A=1', 'HTTP_PROXY', 'EMPTY'], { HTTP_PROXY: 'http://proxy:3128', EMPTY: '' })).toEqual(
    [],
  );
});

test('lines that continue a value are named, and how to write the value', () => {
  const notes = noteUnsetArguments(['LIST=one', 'two', 'three'], {});
  expect(notes).toEqual([
    expect.stringMatching(/"two".*"LIST=first line⏎second line"/),
    expect.stringMatching(/"three".*"LIST=first line⏎second line"/),
  ]);
});

test('a name alone without a variable is told how to get a value', () => {
  expect(noteUnsetArguments(['VERSION'], {})).toEqual([expect.stringContaining('`VERSION=value`')]);
});
