import { describe, expect, test } from '@jest/globals';
import { parseTag } from '../../../src/image/tag.ts';

describe('a tag', () => {
  test.each([
    ['a letter', 'a'],
    ['upper case, which is kept', 'V1-RC'],
    ['a digit at the start', '1.2.3'],
    ['an underscore at the start', '_nightly'],
    ['nothing but an underscore', '_'],
    ['dots, underscores and hyphens, also doubled and at the end', 'a..b__c--d.-_'],
    ['a host name', 'xn--n3h.com'],
    ['a number', '5000'],
    ['the longest', 'x'.repeat(128)],
  ])('may be %s: %s', (_title, text) => {
    expect(parseTag(text)).toBe(text);
  });

  test.each([
    ['is empty', '', 'it is empty'],
    ['starts with a dot', '.a', 'it starts with "."'],
    ['starts with a hyphen', '-foo', 'it starts with "-"'],
    ['has a slash, as branches have', 'feature/x', 'it contains "/"'],
    ['has a plus sign, as versions have', '1.0.0+5', 'it contains "+"'],
    ['has a colon', 'a:b', 'it contains ":"'],
    ['has a space', 'a b', 'it contains " "'],
    ['has a line break at the end', 'a\n', 'it contains "\n"'],
    ['has an accent', 'é', 'it contains "é"'],
    ['has an emoji', '🐳', 'it contains "🐳"'],
    ['has 129 characters', 'x'.repeat(129), 'it has 129 characters, at most 128 are allowed'],
  ])('is refused when it %s', (_title, text, fault) => {
    expect(() => parseTag(text)).toThrowCode('TAG_INVALID');
    expect(() => parseTag(text)).toThrow(`The tag "${text}" is invalid: ${fault}.`);
  });
});
