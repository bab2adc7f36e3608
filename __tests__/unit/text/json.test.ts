import { expect, test } from '@jest/globals';
import { parseJson, parseJsonObject } from '../../../src/text/json.ts';

test.each([
  ['lists, 64 deep', `${'['.repeat(64)}${']'.repeat(64)}`, true],
  ['lists, 65 deep', `${'['.repeat(65)}${']'.repeat(65)}`, false],
  ['objects, 100,000 deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, false],
  ['many lists beside each other', `[${'[],'.repeat(100_000)}[]]`, true],
  ['brackets in a text', JSON.stringify('['.repeat(1000)), true],
  ['brackets behind an escaped quotation mark', JSON.stringify(`\\"${'{'.repeat(1000)}`), true],
  ['a text without an end', `"${'['.repeat(1000)}`, false],
])('%s', (_what, text, isRead) => {
  expect(parseJson(text) !== undefined).toBe(isRead);
});

test.each(['[]', '1', 'null', '"a"', '', '{'])('%s is no object', (text) => {
  expect(parseJsonObject(text)).toBeUndefined();
});
