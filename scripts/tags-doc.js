/**
 * Writes docs/tags.md from the examples that __tests__/unit/metadata/examples.test.ts runs.
 *
 * Usage: node scripts/tags-doc.js
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { markdownTable } from './table.js';

/**
 * @typedef {object} Example
 * @property {string} on the run, in words
 * @property {string} [ref]
 * @property {string} [event]
 * @property {string} [tags]
 * @property {string} [flavor]
 * @property {string[]} [existing] tags that the registry has
 * @property {string} result the tags between spaces
 *
 * @typedef {object} Chapter
 * @property {string} [title]
 * @property {string} [type] the rule type that it describes
 * @property {string} [text]
 * @property {Record<string, string>} [attributes]
 * @property {Example[]} examples
 */

/** @param {string | undefined} lines */
function code(lines) {
  if (lines === undefined || lines === '') return '';
  return lines
    .split('\n')
    .map((line) => `\`${line}\``)
    .join('<br>');
}

/** @param {Chapter} chapter */
function formatChapter({ title, type, text, attributes, examples }) {
  return [
    `## ${title ?? `type=${type}`}`,
    text,
    attributes &&
      markdownTable([
        [type === undefined ? 'name' : 'attribute', 'meaning'],
        ...Object.entries(attributes).map(([name, meaning]) => [`\`${name}\``, meaning]),
      ]),
    markdownTable([
      ['on', '`tags`', '`flavor`', 'the registry has', 'tags of the image'],
      ...examples.map(({ on, tags, flavor, existing, result }) => [
        on,
        code(tags),
        code(flavor),
        (existing ?? []).map((tag) => `\`${tag}\``).join(' '),
        result === ''
          ? 'none'
          : result
              .split(' ')
              .map((tag) => `\`${tag}\``)
              .join(' '),
      ]),
    ]),
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

/**
 * @param {Chapter[]} chapters
 * @returns {string} the page
 */
export function formatTagsDoc(chapters) {
  const head = [
    '<!-- Written by scripts/tags-doc.js from __tests__/unit/metadata/examples.json; edit that. -->',
    '# Tags',
    'The inputs `tags` and `flavor` decide which tags an image gets. They have the syntax of docker/metadata-action: one rule per line, `type=TYPE,NAME=VALUE,…`. If a rule has an attribute that its type does not support, the step fails. The examples run on 2 January 2026, at 04:30 UTC, with the commit `860c1904…`.',
  ];
  return `${[...head, ...chapters.map(formatChapter)].join('\n\n')}\n`;
}

/** @param {string} path in the repository */
function file(path) {
  return new URL(`../${path}`, import.meta.url);
}

if (import.meta.main) {
  const chapters = JSON.parse(readFileSync(file('__tests__/unit/metadata/examples.json'), 'utf8'));
  writeFileSync(file('docs/tags.md'), formatTagsDoc(chapters));
}
