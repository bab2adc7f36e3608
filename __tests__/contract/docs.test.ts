/** What the documents say is so: their YAML is valid, their inputs are those of action.yml, their links lead somewhere. */

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { asWorkflow, blocksOf, pages, readPage, usesOf, withLocalAction } from '../support/doc-workflows.ts';
import { lab } from '../support/lab.ts';
import { readActionManifest } from '../support/step.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const blocks = pages().flatMap((page) => blocksOf(page, 'yaml'));
const examples = readdirSync(join(root, 'examples/workflows')).map((name) => ({
  at: `examples/workflows/${name}`,
  text: readFileSync(join(root, 'examples/workflows', name), 'utf8'),
}));
const all = [...blocks, ...examples];

test('there is something to look at', () => {
  expect(all.length).toBeGreaterThan(30);
  expect(all.flatMap(({ text }) => usesOf(parse(text))).length).toBeGreaterThan(25);
});

test('each row of the table of registries names an end-to-end test that there is', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const products = readFileSync(join(root, '__tests__/e2e/products.test.ts'), 'utf8');
  const named = [...readme.matchAll(/“(.+)” \|$/gm)].map(([, title = '']) => title);
  expect(named.length).toBeGreaterThanOrEqual(8);
  expect(named.filter((title) => !products.includes(`what: '${title}'`))).toEqual([]);
});

test.each(all)('$at is YAML, and each input in it is one of action.yml', ({ text }) => {
  for (const { folder, inputs } of usesOf(parse(text))) {
    const known = Object.keys(readActionManifest(folder).inputs);
    expect(Object.keys(inputs).filter((name) => !known.includes(name))).toEqual([]);
  }
});

/** `null` where there is no Go toolchain; where there is one that cannot build it, this says so and fails. */
const { path: actionlint } = await lab.actionlint();

(actionlint === null ? describe.skip : describe)('actionlint (needs a Go toolchain)', () => {
  let folder: string;
  beforeAll(() => {
    // A repository of its own, where the action is at `./`: then its inputs and outputs are checked, too.
    folder = mkdtempSync(join(tmpdir(), 'publish-docs-'));
    mkdirSync(join(folder, '.git'));
    for (const part of ['.', 'merge', 'pull']) {
      mkdirSync(join(folder, part), { recursive: true });
      cpSync(join(root, part, 'action.yml'), join(folder, part, 'action.yml'));
    }
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function lint(workflows: readonly { readonly name: string; readonly text: string }[]): Promise<string> {
    const at = join(folder, '.github/workflows');
    rmSync(at, { recursive: true, force: true });
    mkdirSync(at, { recursive: true });
    for (const { name, text } of workflows) writeFileSync(join(at, name), withLocalAction(text));
    // Where shellcheck is, on some machines, is none of the documents' affair.
    const args = ['-shellcheck=', '-pyflakes=', '-oneline'];
    return promisify(execFile)(actionlint ?? '', args, { cwd: folder }).then(
      ({ stdout }) => stdout,
      ({ stdout, stderr }) => `${stdout}${stderr}`,
    );
  }

  test('finds an input, an output and an expression that are none', async () => {
    const text = `on: push
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - id: publish
        uses: org/publish-docker-package@v1
        with: {tag: '1'}
      - run: echo \${{ steps.publish.outputs.nothing }}
      - run: echo \${{ nothing.here }}
`;
    const found = await lint([{ name: 'bad.yml', text }]);
    for (const part of [
      'input "tag" is not defined',
      'property "nothing" is not defined',
      'undefined variable "nothing"',
    ])
      expect(found).toContain(part);
  });

  test('has nothing to say about the workflows in the documents', async () => {
    const workflows = blocks.flatMap(({ at, text }) => {
      const workflow = asWorkflow(text);
      return workflow === undefined ? [] : [{ name: `${at.replaceAll(/[/:]/g, '_')}.yml`, text: workflow }];
    });
    expect(workflows.length).toBeGreaterThan(20);
    const reusable = examples.filter(({ at }) => at.endsWith('/reusable-publish.yml'));
    expect(await lint([...workflows, ...reusable.map(({ text }) => ({ name: 'reusable-publish.yml', text }))])).toBe(
      '',
    );
  });

  test('has nothing to say about the examples, and this repository’s own', async () => {
    const own = readdirSync(join(root, '.github/workflows')).map((name) => ({
      name: `own-${name}`,
      text: readFileSync(join(root, '.github/workflows', name), 'utf8'),
    }));
    expect(await lint([...own, ...examples.map(({ at, text }) => ({ name: at.split('/').at(-1) ?? '', text }))])).toBe(
      '',
    );
  });
});

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

describe('links', () => {
  const anchors = new Map(
    pages().map((page) => [
      page,
      [...readPage(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)),
    ]),
  );

  test.each(pages().map((page) => ({ page })))('of $page lead to a file, and to a heading of it', ({ page }) => {
    const text = readPage(page).replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
    const broken = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(root, target))) return [link];
      return anchor === undefined || anchors.get(target)?.includes(anchor) === true ? [] : [link];
    });
    expect(broken).toEqual([]);
  });

  test('lead from README.md to every page of docs/ but the decisions', () => {
    const linked = new Set<string>();
    const visit = (page: string): void => {
      if (linked.has(page) || !pages().includes(page)) return;
      linked.add(page);
      for (const [, link = ''] of readPage(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g))
        visit(normalize(join(dirname(page), link)));
    };
    visit('README.md');
    expect(
      pages().filter((page) => page.startsWith('docs/') && !page.startsWith('docs/adr/') && !linked.has(page)),
    ).toEqual([]);
  });
});
