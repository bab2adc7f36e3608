/** Documents, messages and comments are in plain English: short sentences, and no phrase that a reader has to take apart. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { commentsIn } from '../support/comments.ts';
import { pages, readPage } from '../support/doc-workflows.ts';
import { messagesIn } from '../support/message-literals.ts';
import { faultsOf, sentencesOf, sentencesOfMessage } from '../support/sentences.ts';

/** Pages of words that are not the page's own, without those words. */
const own: Readonly<Record<string, (page: string) => string>> = {
  // Below its head are the comments of the types in src/.
  'docs/plan.md': (page) => page.split('\n## ')[0] ?? '',
  // It quotes the titles of tests.
  'docs/threat-model.md': (page) => page.replaceAll(/^ +- `[^`]+\.test\.ts`: ".+"$/gm, ''),
};

const texts = [
  ...pages().filter((page) => page !== 'CHANGELOG.md'),
  'lab/README.md',
  '__tests__/README.md',
  '__tests__/fixtures/README.md',
  '__tests__/conformance/README.md',
].map((page) => ({ page, text: own[page]?.(readPage(page)) ?? readPage(page) }));

interface Described {
  readonly description: string;
}
const manifests = ['action.yml', 'merge/action.yml', 'pull/action.yml', 'cleanup/action.yml'].map((page) => {
  const manifest: Described & Record<'inputs' | 'outputs', Record<string, Described>> = parse(readPage(page));
  const described = [manifest, ...Object.values(manifest.inputs), ...Object.values(manifest.outputs)];
  return { page, text: described.map(({ description }) => description).join('\n\n') };
});

describe.each([...texts, ...manifests])('$page', ({ text }) => {
  test('has sentences', () => {
    expect(sentencesOf(text).length).toBeGreaterThan(2);
  });

  test('has none that is too long or unclear', () => {
    expect(sentencesOf(text).flatMap(faultsOf)).toEqual([]);
  });
});

/** The messages of other tools, word for word: what they write is not ours to mend. */
const quoted = ['diagnosis/known-messages.ts'];

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !quoted.includes(file))
  .map((file) => ({ file, messages: messagesIn(readFileSync(join('src', file), 'utf8')) }))
  .filter(({ messages }) => messages.length > 0);

describe('the messages of src/', () => {
  test('are found', () => {
    expect(sources.flatMap(({ messages }) => messages).length).toBeGreaterThan(400);
  });

  test.each(sources)('$file has no sentence that is too long or unclear', ({ messages }) => {
    expect(messages.flatMap(sentencesOfMessage).flatMap(faultsOf)).toEqual([]);
  });
});

const commented = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, comments: commentsIn(readFileSync(join('src', file), 'utf8')) }))
  .filter(({ comments }) => comments.length > 0);

describe('the comments of src/', () => {
  test('are found', () => {
    expect(commented.flatMap(({ comments }) => comments).length).toBeGreaterThan(1500);
  });

  test.each(commented)('$file has no sentence that is too long or unclear', ({ comments }) => {
    expect(comments.flatMap(sentencesOf).flatMap(faultsOf)).toEqual([]);
  });
});
