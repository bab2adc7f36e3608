import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMasker, type Masker } from '../../../src/log/masker.ts';

function aMasker(...secrets: readonly string[]): Masker {
  const masker = createMasker();
  for (const secret of secrets) masker.add(secret);
  return masker;
}

/** What is shown in the end of a text that comes in pieces. */
function maskPieces(masker: Masker, pieces: readonly string[]): string {
  const stream = masker.openStream();
  return pieces.map((piece) => stream.write(piece)).join('') + stream.end();
}

describe('a text without its secrets', () => {
  test.each([
    ['the secret', ['ghs_job'], 'token ghs_job!', 'token ***!'],
    ['each time that it is there', ['ghs_job'], 'ghs_job ghs_job', '*** ***'],
    [
      'a secret that begins with another one',
      ['password', 'password-of-the-registry'],
      'password-of-the-registry',
      '***',
    ],
    ['a secret that overlaps with another one', ['abcdef', 'defghi'], 'abcdefghi', '***'],
    ['a secret that overlaps with itself', ['aba'], 'xababax', 'x***x'],
    ['two secrets side by side', ['one', 'two'], 'onetwo', '******'],
    ['each line of a secret', ['first\r\nsecond\n\n\rthird'], 'second first third', '*** *** ***'],
    ['a line of a secret that is indented', ['  {\n    "key"\n'], 'the "key"', 'the ***'],
    ['the beginning of a secret that was cut', ['ghs_0123456789'], 'token ghs_01234… and more', 'token ***… and more'],
    [
      'no word that a secret begins with',
      ['ghs_0123456789'],
      'ghs_ is a form, gh… is short',
      'ghs_ is a form, gh… is short',
    ],
    ['the longest of two that were cut', ['abcdef', 'abcdxyz'], 'abcde… abcdx…', '***… ***…'],
    ['nothing, for a secret without a character', ['', '\n', '  '], 'a  b\n', 'a  b\n'],
    ['nothing, without a secret', [], 'text', 'text'],
  ])('hides %s', (_title, secrets, text, shown) => {
    expect(aMasker(...secrets).mask(text)).toBe(shown);
  });

  test('shows lines of a secret that are shorter than is asked for', () => {
    const masker = createMasker();
    masker.add('{\n  "key": "abc"\n}\nshort\nsixsix', 6);
    expect(masker.mask('{ "key": "abc" } short sixsix')).toBe('{ *** } short ***');
  });

  test('tells which lines are hidden now and were not before', () => {
    const masker = createMasker();
    expect(masker.add('one\r\ntwo\n\n\rthree')).toEqual(['one', 'two', 'three']);
    expect(masker.add('two\nfour')).toEqual(['four']);
    expect(masker.add('')).toEqual([]);
  });
});

describe('a text that comes in pieces', () => {
  test.each([
    ['a secret in two pieces', ['ghs_job'], ['token ghs', '_job!'], 'token ***!'],
    ['a secret in many pieces', ['ghs_job'], [...'token ghs_job!'], 'token ***!'],
    ['what only begins like a secret', ['ghs_job'], ['ghs', '_other'], 'ghs_other'],
    ['what only begins like a secret, at the end', ['ghs_job'], ['token ghs'], 'token ghs'],
    ['a secret that may be the beginning of another one', ['abc', 'abcdef'], ['abc', 'x abc', 'def'], '***x ***'],
    ['a secret that ends where another one may begin', ['aba', 'abcd'], ['aba', 'bcd.'], '***.'],
    ['a secret that was cut, in two pieces', ['ghs_0123'], ['ghs_0', '12… x'], '***… x'],
  ])('%s', (_title, secrets, pieces, shown) => {
    expect(maskPieces(aMasker(...secrets), pieces)).toBe(shown);
  });

  test('holds back nothing but what could be the beginning of a secret', () => {
    const stream = aMasker('ghs_job').openStream();
    expect(stream.write('no line end')).toBe('no line end');
    expect(stream.write('; token g')).toBe('; token ');
    expect(stream.write('o')).toBe('go');
  });

  test('shows what the whole text shows, wherever it is cut', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', 'ab', 'aab', '\n', ' '), { maxLength: 25 });
    const secret = fc.stringMatching(/^[ab]{1,5}$/);
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 4 }), letters, (secrets, pieces) => {
        const masker = aMasker(...secrets);
        const shown = masker.mask(pieces.join(''));
        expect(maskPieces(masker, pieces)).toBe(shown);
        for (const each of secrets) expect(shown).not.toContain(each);
      }),
      { numRuns: 2000 },
    );
  });

  // Reading the whole line again with each piece would take minutes.
  test.each(['x', 'y'])('takes a line of a million %s without an end in small pieces', (character) => {
    const stream = aMasker('x'.repeat(64)).openStream();
    let shown = '';
    for (let count = 0; count < 100_000; count += 1) shown += stream.write(character.repeat(10));
    shown += stream.end();
    expect(shown.replaceAll('y', '')).toBe(character === 'x' ? '***' : '');
    expect(shown).toHaveLength(character === 'x' ? 3 : 1_000_000);
  });
});
