import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatAnnotation, formatCommand, formatFileEntry } from '../../../src/log/workflow-commands.ts';
import { parseFileEntries } from '../../support/runner-files.ts';

test.each([
  ['a command without data', formatCommand('endgroup', ''), '::endgroup::\n'],
  ['a command', formatCommand('group', 'Build: 100%'), '::group::Build: 100%25\n'],
  ['properties', formatCommand('x', 'd', { a: '1,2', b: 'c:d' }), '::x a=1%2C2,b=c%3Ad::d\n'],
  ['line breaks', formatCommand('x', 'a\r\nb'), '::x::a%0D%0Ab\n'],
  ['what is encoded already', formatCommand('x', '%0A'), '::x::%250A\n'],
  ['an annotation', formatAnnotation('notice', 'Nothing to do.'), '::notice::Nothing to do.\n'],
  [
    'an annotation on a line of a file',
    formatAnnotation('error', 'm', { title: 'T', file: 'a/Dockerfile', line: 3 }),
    '::error title=T,file=a/Dockerfile,line=3::m\n',
  ],
  ['an entry of a file', formatFileEntry('digest', 'sha256:1', 'END'), 'digest<<END\nsha256:1\nEND\n'],
])('%s', (_title, text, expected) => {
  expect(text).toBe(expected);
});

describe('whatever a value is', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom('\n', '\r', '%', '::', '##[', ',', ':', '=', '<<', 'error', 'END', 'ghadelimiter_', '%0A', ' '),
      )
      .map((pieces) => pieces.join('')),
  );

  test('a command stays one line, and one command', () => {
    fc.assert(
      fc.property(hostile, hostile, (data, property) => {
        const text = formatCommand('warning', data, { file: property });
        expect(text.slice(0, -1)).not.toMatch(/[\r\n]/);
        const [, file, encoded] = text.match(/^::warning file=([^,:]*)::(.*)\n$/s) ?? [];
        const decode = (part: string | undefined) =>
          part
            ?.replaceAll('%0D', '\r')
            .replaceAll('%0A', '\n')
            .replaceAll('%3A', ':')
            .replaceAll('%2C', ',')
            .replaceAll('%25', '%');
        expect(decode(file)).toBe(property);
        expect(decode(encoded?.replaceAll(':', '%3A').replaceAll(',', '%2C'))).toBe(data);
      }),
      { numRuns: 10_000 },
    );
  });

  test('entries of a file read as they were written: none ends early, none is made up', () => {
    const name = fc.constantFrom('digest', 'tags', 'plan', 'PATH');
    fc.assert(
      fc.property(fc.dictionary(name, hostile), (values) => {
        const file = Object.entries(values)
          .map(([key, value]) => formatFileEntry(key, value))
          .join('');
        expect(parseFileEntries(file)).toEqual({ ...values });
      }),
      { numRuns: 10_000 },
    );
  });

  test('each entry has a delimiter of its own', () => {
    const [first, second] = [formatFileEntry('a', ''), formatFileEntry('a', '')];
    expect(first).not.toBe(second);
  });
});
