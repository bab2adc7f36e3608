/** The comments that are looked for, and texts that only look like one. */

import { expect, test } from '@jest/globals';
import { commentsIn } from './comments.ts';

test('a docstring is one text, and each of its tags begins a paragraph', () => {
  expect(
    commentsIn("/**\n * Reads a tag,\n * in full.\n *\n * @param tag `1.2`\n * @returns it\n */\nconst a = '';\n"),
  ).toEqual(['Reads a tag,\nin full.\n\n\n\ntag `1.2`\n\n\nit']);
});

test('lines of comments on end are one text, and a comment may follow code', () => {
  expect(commentsIn('  // One,\n  // two.\n  call(); // three\n')).toEqual(['One,\ntwo.', 'three']);
});

test.each([
  ["const accept = '*/*'; const glob = 'a/**/b';"],
  ['const url = "https://ghcr.io/v2/";'],
  ['const text = `/* ${name} */ // no`;'],
  ['const host = /^https?:\\/\\/[^/*]+$/;'],
])('%s has no comment', (source) => {
  expect(commentsIn(source)).toEqual([]);
});
