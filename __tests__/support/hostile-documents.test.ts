import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nearly, nearlyText } from './hostile-documents.ts';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

test('documents are valid, changed in their values, and no JSON at all', () => {
  const document = { digest: 'sha256:a', layers: [{ size: 1 }, { size: 2 }] };
  const made = fc.sample(nearly(document), { numRuns: 1000, seed: 1 }).map(parsed);
  expect(made).toContainEqual(document);
  expect(made).toContain(undefined);
  const objects = made.map((each) => Object(each));
  expect(objects.some(({ digest, layers }) => digest === document.digest && layers?.length > 10)).toBe(true);
  expect(objects.some(({ layers }) => Array.isArray(layers) && layers[0]?.size !== 1 && layers[1]?.size === 2)).toBe(
    true,
  );
});

test('texts are as they were, edited, and no longer than what is kept of a tool’s', () => {
  const made = fc.sample(nearlyText('one\ntwo\n'), { numRuns: 1000, seed: 1 });
  expect(made).toContain('one\ntwo\n');
  expect(new Set(made).size).toBeGreaterThan(500);
  expect(made.some((text) => text.includes('##[') && text.includes('two'))).toBe(true);
  expect(Math.max(...made.map(({ length }) => length))).toBe(256 * 1024);
});
