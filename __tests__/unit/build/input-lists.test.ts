import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readAttributes, readFields, readItems, readLines, readRecordLines } from '../../../src/build/input-lists.ts';
import { InputError } from '../../../src/errors.ts';
import { formatFields } from '../../../src/text/csv.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

describe('one entry a line', () => {
  test.each([
    ['commas belong to the entry', 'a=1,2\nb', ['a=1,2', 'b']],
    ['blank lines and blanks around entries are nothing', '\n  a \n\n b\n', ['a', 'b']],
    ['a line in quotation marks loses them, and may have line breaks', '"a=1\n2"\nb', ['a=1\n2', 'b']],
    ['a mark inside of a quoted line is written twice', '"a=""x"""', ['a="x"']],
    ['a mark inside of a plain line stays', 'a="x"', ['a="x"']],
    ['a field in quotation marks keeps them where it needs them', 'type=x,"ref=a,b",plain', ['type=x,"ref=a,b",plain']],
    ['JSON stays as it is', 'a={"b": [1, "c", "d"], "e": "f,g"}', ['a={"b": [1, "c", "d"], "e": "f,g"}']],
    ['so do marks around a later field', 'a=x,"y", "z"', ['a=x,"y", "z"']],
    ['and one mark alone', 'a=5",6"\nb', ['a=5",6"', 'b']],
    ['lines may end as on Windows', 'a\r\n"b"\r\nc', ['a', 'b', 'c']],
    ['and in several ways in one text', 'a\r\nb\nc\rd', ['a', 'b', 'c', 'd']],
    ['nothing is no entry', '', []],
  ])('%s', (_title, text, entries) => {
    expect(readLines('x', text)).toEqual(entries);
  });

  test('blanks stay where they may be part of a value', () => {
    expect(readLines('x', 'a= b ', false)).toEqual(['a= b ']);
  });
});

test('a record of CSV may begin with a quoted field', () => {
  expect(readRecordLines('x', '"a,b",c\r\n"d,e"\nf')).toEqual(['"a,b",c', 'd,e', 'f']);
});

test.each([
  ['whose lines end in several ways', 'a\r\nb\nc\rd,e', ['a', 'b', 'c', 'd', 'e']],
  ['between commas and lines', 'a, b\nc', ['a', 'b', 'c']],
  ['in quotation marks', '"a,b"', ['a', 'b']],
  ['with nothing between', ',a,,\n', ['a']],
])('several entries a line: %s', (_title, text, items) => {
  expect(readItems('x', text)).toEqual(items);
});

describe('a malformed list', () => {
  test.each(['"a', 'a\n"b'])('%j is refused', (text) => {
    expect(() => readLines('secrets', text)).toThrowCode('INPUT_INVALID');
  });

  test('whose entry is JSON in quotation marks is told how to write it', () => {
    expect(thrownBy(() => readLines('secrets', 'a=1\n"gcp={"a":"b"}"'))).toMatchObject({
      message:
        'The input `secrets` is not a list: line 2 begins with a quotation mark, and has more marks inside of the entry.',
      remedy: expect.stringContaining('NAME={"key":"value"}'),
    });
    expect(readLines('secrets', 'gcp={"a":"b"}\n"key={""a"":""b""}"')).toEqual(['gcp={"a":"b"}', 'key={"a":"b"}']);
  });

  test('is not quoted in the error: it may be a secret', () => {
    expect(() => readLines('secrets', '"key=canary')).toThrow(/^(?!.*canary)/s);
  });

  test('of fields is refused, too', () => {
    expect(() => readFields('cache-to', 'type=x,a"b')).toThrowCode('INPUT_INVALID');
  });
});

test('what is formatted is read again', () => {
  const fields = ['plain', 'a,b', 'say "x"', 'two\nlines', ''];
  expect(readFields('x', formatFields(fields))).toEqual(fields);
});

describe('any list (10,000 each)', () => {
  const piece = fc.constantFrom(
    'a',
    'b=',
    '"',
    '""',
    ',',
    '\n',
    '\r\n',
    '\r',
    ' ',
    '\t',
    '\\',
    "'",
    '#',
    '\ufeff',
    '\0',
    '🐳',
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary' }),
  );

  test('fields that are formatted are read again as they were', () => {
    // A record of one empty field is an empty line.
    const fields = fc
      .array(text, { minLength: 1, maxLength: 5 })
      .filter((all) => all.join('') !== '' || all.length > 1);
    fc.assert(
      fc.property(fields, (all) => expect(readFields('x', formatFields(all))).toEqual(all)),
      { numRuns: 10_000 },
    );
  });

  test('entries that are quoted are read again as they were, one a line', () => {
    const entries = fc.array(
      text.filter((entry) => entry.trim() !== ''),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(entries, (all) => {
        const quoted = all.map((entry) => `"${entry.replaceAll('"', '""')}"`).join('\n');
        expect(readLines('x', quoted, false)).toEqual(all);
      }),
      { numRuns: 10_000 },
    );
  });

  test('a text gives entries that are something, or INPUT_INVALID', () => {
    fc.assert(
      fc.property(text, (each) => {
        for (const read of [readLines, readItems]) {
          try {
            for (const entry of read('x', each)) expect(entry.trim()).toBe(entry === '' ? 'something' : entry);
          } catch (error) {
            if (!(error instanceof InputError) || error.code !== 'INPUT_INVALID') throw error;
          }
        }
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('attributes', () => {
  test('that are read have lower-case names; others keep theirs; values are trimmed, and all stay in order', () => {
    expect([...readAttributes('x', ['B= 1 ', 'a=x=y', ' Env.Proxy=z'], ['a', 'b'])]).toEqual([
      ['b', '1'],
      ['a', 'x=y'],
      ['Env.Proxy', 'z'],
    ]);
  });

  test.each(['=x', 'x'])('%j has no name or no value, and is refused', (field) => {
    expect(() => readAttributes('x', [field], [])).toThrowCode('INPUT_INVALID');
  });
});
