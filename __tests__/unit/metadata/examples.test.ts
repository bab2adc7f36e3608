import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Chapter, formatTagsDoc } from '../../../scripts/tags-doc.js';
import { scopeOf } from '../../../src/metadata/metadata-context.ts';
import { commonAttributes, ruleTypes } from '../../../src/metadata/tag-rules.ts';
import { aContext, tagsOf } from './naming.ts';
import '../../support/expressions.ts';

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

const chapters: Chapter[] = JSON.parse(read('./examples.json'));
const names = (title: string): readonly string[] =>
  Object.keys(chapters.find((chapter) => (chapter.title ?? chapter.type) === title)?.attributes ?? {});

describe('docs/tags.md', () => {
  test.each(
    chapters.flatMap(({ title, type, examples }) =>
      examples.map((example) => [title ?? `type=${type}`, example.on, example.tags ?? 'no tags', example] as const),
    ),
  )('%s: on %s, %j gives what the page says', (_chapter, _on, _tags, { on: _words, result, ...wish }) => {
    expect(tagsOf(wish)).toBe(result);
  });

  test.each(Object.entries(ruleTypes))('says the attributes of %s', (type, { attributes }) => {
    expect(names(type)).toEqual(attributes);
  });

  test('says the attributes that every rule has', () => {
    expect(names('What every rule has')).toEqual(commonAttributes);
  });

  test('says every name of expressions', () => {
    const scope = scopeOf(aContext(), () => {});
    const known = [...Object.keys(scope.names), ...Object.keys(scope.dates)].filter(
      (name) => !name.startsWith('is_not_'),
    );
    expect(names('Expressions')).toEqual(known);
  });

  test('is what scripts/tags-doc.js writes', () => {
    expect(read('../../../docs/tags.md')).toBe(formatTagsDoc(chapters));
  });
});
