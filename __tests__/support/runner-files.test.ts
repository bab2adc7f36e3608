import { parseCommands, parseFileEntries, shownLog, withoutMasks } from './runner-files.ts';

test('an entry may have several lines, and may hold what looks like another entry', () => {
  expect(parseFileEntries('tags<<END\na=1\nb<<END2\n\nEND\nempty<<E\n\nE\nplain=x=y\n')).toEqual({
    tags: 'a=1\nb<<END2\n',
    empty: '',
    plain: 'x=y',
  });
});

test('a file that the runner refuses is refused', () => {
  expect(() => parseFileEntries('name<<END\nvalue\n')).toThrow('no end');
  expect(() => parseFileEntries('what is this\n')).toThrow('refuses');
});

test('a command has a name, decoded properties and decoded data', () => {
  expect(parseCommands('text\n  ::error title=A%3AB,line=3::100%25%0Amore\n::endgroup::\n')).toEqual([
    { name: 'error', properties: { title: 'A:B', line: '3' }, data: '100%\nmore' },
    { name: 'endgroup', properties: {}, data: '' },
  ]);
});

test('the older form of a command counts anywhere in a line', () => {
  expect(parseCommands('#7 0.1 ##[set-env name=A]b')).toEqual([
    { name: 'set-env', properties: { name: 'A' }, data: 'b' },
  ]);
});

test('nothing between stop-commands and its token is a command', () => {
  const log = '::stop-commands::t0\n::error::no\n##[error]no\n::t0::\n::notice::yes\n';
  expect(parseCommands(log).map(({ data }) => data)).toEqual(['yes']);
});

test('masks are not shown', () => {
  expect(withoutMasks('a\n::add-mask::secret\nb')).toBe('a\nb');
});

test('what was masked is *** in each line after that', () => {
  expect(shownLog('secret\n::add-mask::secret\n#7 a secret here')).toBe('secret\n#7 a *** here');
});

test('a mask between stop-commands and its token is a line like any other', () => {
  const log = '::stop-commands::t0\n::add-mask::secret\n::t0::\nsecret';
  expect(withoutMasks(log)).toContain('::add-mask::secret');
  expect(shownLog(log)).toMatch(/secret$/);
});
