import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchesGlob } from '../../../src/text/glob.ts';

test.each([
  ['pr-*', 'pr-17', true],
  ['pr-*', 'pr-', true],
  ['pr-*', 'xpr-1', false],
  ['*-rc.?', '1.0.0-rc.1', true],
  ['*-rc.?', '1.0.0-rc.10', false],
  ['*a*b', 'xaab', true],
  ['*a*b', 'xba', false],
  ['**', '', true],
  ['', '', true],
  ['', 'a', false],
  ['?', '', false],
  ['1.0', '1x0', false],
])('"%s" and "%s": %s', (pattern, text, isMatch) => {
  expect(matchesGlob(pattern, text)).toBe(isMatch);
});

test('is what a regular expression says', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', '.', '*', '?'), { maxLength: 8 }).map((list) => list.join(''));
  const text = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }).map((list) => list.join(''));
  fc.assert(
    fc.property(letters, text, (pattern, name) => {
      const expression = pattern.replaceAll('.', '\\.').replaceAll(/\*+/g, '.*').replaceAll('?', '.');
      return matchesGlob(pattern, name) === new RegExp(`^${expression}$`).test(name);
    }),
    { numRuns: 2_000 },
  );
});

test('takes no longer for a pattern of many wildcards', () => {
  expect(matchesGlob(`${'*a'.repeat(64)}b`, 'a'.repeat(128))).toBe(false);
});
