/** docs/threat-model.md: every invariant names a test, and every test that it names is there. */

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const root = new URL('../..', import.meta.url).pathname;
const page = readFileSync(`${root}/docs/threat-model.md`, 'utf8');
const invariants = (page.split('## Invariants')[1]?.split('\n## ')[0] ?? '')
  .split(/^(?=\d+\. )/m)
  .slice(1)
  .map((text) => ({
    number: Number(text.match(/^\d+/)?.[0]),
    tests: [...text.matchAll(/^ +- `([^`]+\.test\.ts)`: "(.+)"$/gm)].map(([, file = '', title = '']) => ({
      file,
      title,
    })),
  }));

test('numbers its invariants one after the other', () => {
  expect(invariants.length).toBeGreaterThan(10);
  expect(invariants.map(({ number }) => number)).toEqual(invariants.map((_, index) => index + 1));
});

describe.each(invariants)('invariant $number', ({ tests }) => {
  test('names the tests that hold it', () => {
    expect(tests.length).toBeGreaterThan(0);
  });

  test.each(tests)('$file has "$title"', ({ file, title }) => {
    const path = `${root}/__tests__/${file}`;
    expect({ file, isThere: existsSync(path) }).toEqual({ file, isThere: true });
    expect(readFileSync(path, 'utf8')).toContain(`'${title}'`);
  });
});

test('is what SECURITY.md leads to', () => {
  expect(readFileSync(`${root}/SECURITY.md`, 'utf8')).toContain('](docs/threat-model.md)');
});
