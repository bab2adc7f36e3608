import { expect, test } from '@jest/globals';
import { formatHelp, wrap } from '../../../src/entries/help.ts';

test.each([
  ['a text that fits', 'one two', 20, ['one two']],
  ['a text that does not', 'one two three', 8, ['one two', 'three']],
  ['a word that is too long', 'a verylongword b', 6, ['a', 'verylongword', 'b']],
  ['line breaks of YAML', 'one\n  two', 20, ['one two']],
  ['nothing', '', 20, []],
])('%s is broken at its spaces', (_what, text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});

test('help names each option with its description and its default', () => {
  const inputs = [
    { name: 'registry', description: 'Where to publish.', default: 'auto' },
    { name: 'owner', description: 'Namespace. Default: the owner.', default: '' },
    { name: 'token', description: 'The token.', default: '${{ github.token }}' },
  ];
  const help = formatHelp({ call: 'cli pull', description: 'Pull an image', inputs }, ['-h, --help'], 'Notes.', 60);
  expect(help.split('\n').slice(0, 17)).toEqual([
    'Usage: cli pull [--OPTION VALUE …]',
    '',
    'Pull an image.',
    '',
    'Notes.',
    '',
    'Options:',
    '  -h, --help',
    '  --registry VALUE',
    '      Where to publish. Default: auto.',
    '  --owner VALUE',
    '      Namespace. Default: the owner.',
    '  --token VALUE',
    '      The token. Default: the variable GITHUB_TOKEN; without',
    '      it, the login of the Docker CLI.',
    '',
    'Exit codes:',
  ]);
});
