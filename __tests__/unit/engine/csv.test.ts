import { describe, expect, test } from '@jest/globals';
import { formatFields, readAttributes, readFields, readItems, readLines } from '../../../src/engine/csv.ts';

describe('one entry a line', () => {
  test.each([
    ['commas belong to the entry', 'a=1,2\nb', ['a=1,2', 'b']],
    ['blank lines and blanks around entries are nothing', '\n  a \n\n b\n', ['a', 'b']],
    ['a line in quotation marks loses them, and may have line breaks', '"a=1\n2"\nb', ['a=1\n2', 'b']],
    ['a mark inside of a quoted line is written twice', '"a=""x"""', ['a="x"']],
    ['a mark inside of a plain line stays', 'a="x"', ['a="x"']],
    ['a field in quotation marks keeps them where it needs them', 'type=x,"ref=a,b",plain', ['type=x,"ref=a,b",plain']],
    ['nothing is no entry', '', []],
  ])('%s', (_title, text, entries) => {
    expect(readLines('x', text)).toEqual(entries);
  });

  test('blanks stay where they may be part of a value', () => {
    expect(readLines('x', 'a= b ', false)).toEqual(['a= b ']);
  });
});

test.each([
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

describe('attributes', () => {
  test('are in order, with lower-case names and trimmed values', () => {
    expect([...readAttributes('x', ['B= 1 ', 'a=x=y'], ['a', 'b'])]).toEqual([
      ['b', '1'],
      ['a', 'x=y'],
    ]);
  });

  test.each([
    ['a field without a name', ['=x']],
    ['a field without "="', ['x']],
    ['a name that is not known', ['c=1']],
  ])('%s is refused, naming those there are', (_title, fields) => {
    const read = (): unknown => readAttributes('x', fields, ['a', 'b']);
    expect(read).toThrowCode('INPUT_INVALID');
    try {
      read();
    } catch (error) {
      expect(error).toMatchObject({ remedy: 'Attributes: a, b.' });
    }
  });
});
