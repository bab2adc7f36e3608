import { expect, test } from '@jest/globals';
import { beginsPage, textOfMarkup } from '../../../src/text/markup.ts';

const squeeze = (text: string) => text.replace(/\s+/g, ' ').trim();

test.each([
  ['a page', '<html><head><title>413 Too Large</title></head><body>nginx</body></html>', '413 Too Large nginx'],
  ['scripts and styles', 'a<script src="x">if (1 < 2) {}</script>b<STYLE>p {}</style>c', 'a b c'],
  ['a script without an end', 'a<script>b<i>c', 'a b c'],
  ['an open tag', 'a <b', 'a <b'],
  ['no tag', '1 > 2', '1 > 2'],
  ['nothing', '', ''],
])('the words of %s', (_, page, words) => {
  expect(squeeze(textOfMarkup(page))).toBe(words);
});

// A quadratic reader needs minutes for each of these, and so ends by the time limit of the test.
test.each([
  ['<', '<'.repeat(1_000_000)],
  ['<script>', '<script>'.repeat(125_000)],
  ['<script></style>', '<script></style>'.repeat(60_000)],
  ['<style', '<style '.repeat(140_000)],
])('a page of 1 MB of %s is read at once', (_, page) => {
  expect(typeof textOfMarkup(page)).toBe('string');
});

test.each([
  ['unknown: <html>', true],
  ['<!DOCTYPE html>', true],
  ['unknown: <htmlx>', false],
  ['denied', false],
])('%s begins a page: %s', (text, expected) => {
  expect(beginsPage(text)).toBe(expected);
});
