/** Comments say a rule, or name a specification or a page of this repository: never a document that a reader cannot open. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));

const files = ['src', 'scripts', 'lab', '__tests__'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => /\.(?:ts|js)$/.test(name)),
);

/** The comments of a file, joined: a name may stand at a line's end. */
function commentsOf(text: string): string {
  const comments = text.match(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|[;,{] \/\/ .*$/gm) ?? [];
  return comments.map((comment) => comment.replaceAll(/\s*\n\s*(?:\*|\/\/)?\s*/g, ' ')).join('\n');
}

test('there are comments to look at', () => {
  expect(files.length).toBeGreaterThan(400);
});

test.each(files)('%s names no page that is not there', (file) => {
  const comments = commentsOf(readFileSync(join(root, file), 'utf8')).replaceAll(/https?:\/\/\S+/g, '');
  const named = [...comments.matchAll(/(?<![\w/.-])(?:\.{0,2}\/)?(?:[\w-]+\/)*[\w-]+\.md\b/g)].map(([name]) => name);
  const specifications =
    /^(?:spec|manifest|image-index|descriptor|config|layer|annotations|image-layout|artifacts-guidance|media-types)\.md$/;
  const missing = named.filter(
    (name) =>
      !specifications.test(name) &&
      ![root, join(root, 'docs'), dirname(join(root, file))].some((from) => existsSync(join(from, name))),
  );
  expect(missing).toEqual([]);
  expect(
    comments.match(/\bthe design\b|\bdesign section\b|\bfacts of the (?:registries|toolkit)\b|\bfacts\//g) ?? [],
  ).toEqual([]);
});
