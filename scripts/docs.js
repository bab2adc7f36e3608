// Writes, between markers, the parts of README.md and docs/ that have a source elsewhere: the inputs and outputs of action.yml,
// merge/action.yml, pull/action.yml and cleanup/action.yml, the registry that the code resolves on each product, and the workflows of examples/.
// README.md gets the inputs and outputs that most workflows need; docs/ gets all.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { describeProduct, resolveProduct } from '../src/github/product.ts';
import { publishingRules } from '../src/github/publishing-event.ts';
import { resolveRegistry } from '../src/plan/registry-decision.ts';
import { resolveRepository } from '../src/plan/repository-decision.ts';
import { migrations, outputMigrations } from './migrating.js';
import { markdownTable } from './table.js';

const root = new URL('..', import.meta.url);
/**
 * @param {string} file
 * @returns {{inputs: Record<string, {description: string, default?: string}>, outputs: Record<string, {description: string}>}}
 */
const readAction = (file) => parse(readFileSync(new URL(file, root), 'utf8'));
const action = readAction('action.yml');
const merge = readAction('merge/action.yml');
const pull = readAction('pull/action.yml');
const cleanup = readAction('cleanup/action.yml');

/** @type {(value: string) => string} */
const code = (value) => (value === '' ? '' : `\`${value}\``);

/**
 * What a GitHub Enterprise Server answered at its hosts, in the order of preference: `true` means as a registry.
 * @type {(container: boolean, docker?: boolean, bare?: boolean) => import('../src/github/enterprise-server.ts').ServerFacts}
 */
const server = (container, docker, bare) => {
  const answer = (/** @type {boolean} */ isRegistry, /** @type {string} */ host) =>
    isRegistry
      ? /** @type {const} */ ({ isRegistry })
      : /** @type {const} */ ({ isRegistry, reason: `${host} does not` });
  return {
    version: undefined,
    answers: {
      container: answer(container, 'containers.ghes.example.com'),
      docker: docker === undefined ? undefined : answer(docker, 'docker.ghes.example.com'),
      bare: bare === undefined ? undefined : answer(bare, 'ghes.example.com'),
    },
  };
};
const ghes = 'https://ghes.example.com';

/**
 * Each row of the table, with the end-to-end test that proves it (`what` in __tests__/e2e/products.test.ts; a contract test
 * looks for it there).
 * @type {[label: string, server: string, input: string, facts: import('../src/github/enterprise-server.ts').ServerFacts | undefined, proof: string][]}
 */
const examples = [
  ['github.com', 'https://github.com', 'auto', undefined, 'github.com'],
  [
    'Enterprise Cloud with data residency',
    'https://octo.ghe.com',
    'auto',
    undefined,
    'Enterprise Cloud with data residency',
  ],
  [
    'Enterprise Server, Container registry on',
    ghes,
    'auto',
    server(true),
    'Enterprise Server with the Container registry',
  ],
  [
    'Enterprise Server, subdomain isolation',
    ghes,
    'auto',
    server(false, true),
    'Enterprise Server with subdomain isolation alone, whose containers.* shows a page',
  ],
  [
    'Enterprise Server without subdomain isolation',
    ghes,
    'auto',
    server(false, false, true),
    'Enterprise Server without subdomain isolation',
  ],
  ['GitHub AE', ghes, 'docker', undefined, 'GHAE, by `registry: docker`'],
  [
    'github.com, legacy Docker registry (GitHub announced its end for 2025-02-24)',
    'https://github.com',
    'docker',
    undefined,
    'the legacy registry of github.com, by `registry: docker`',
  ],
  ['any other registry', 'https://github.com', 'docker.io', undefined, 'a host that is named'],
];

/** Inputs and outputs that most workflows need, for README.md. */
const usual = {
  inputs: [
    'registry',
    'owner',
    'image',
    'token',
    'registry-auth',
    'context',
    'file',
    'platforms',
    'build-args',
    'secrets',
    'cache',
    'tags',
    'labels',
    'if-exists',
    'attest',
    'push',
  ],
  outputs: ['image', 'reference', 'digest', 'tags', 'version', 'published', 'reason'],
};

/**
 * Some entries of an action, in its own order.
 * @template Entry
 * @param {Record<string, Entry>} entries
 * @param {readonly string[]} names
 * @returns {Record<string, Entry>}
 */
function only(entries, names) {
  const missing = names.filter((name) => !Object.hasOwn(entries, name));
  if (missing.length > 0) throw new Error(`action.yml does not have ${missing.join(', ')}`);
  return Object.fromEntries(Object.entries(entries).filter(([name]) => names.includes(name)));
}

/** @param {ReturnType<typeof readAction>['inputs']} inputs */
const tableOfInputs = (inputs) =>
  markdownTable([
    ['Input', 'Default', 'Meaning'],
    ...Object.entries(inputs).map(([name, input]) => [code(name), code(input.default ?? ''), input.description]),
  ]);

/** @param {ReturnType<typeof readAction>['outputs']} outputs */
const tableOfOutputs = (outputs) =>
  markdownTable([
    ['Output', 'Value'],
    ...Object.entries(outputs).map(([name, output]) => [code(name), output.description]),
  ]);

const registries = examples.map(([label, url, input, facts, proof]) => {
  const product = resolveProduct(new URL(url));
  const decision = resolveRegistry(input, product, facts);
  const { repository } = resolveRepository(decision, { owner: 'owner', sourceRepository: 'repo', image: 'image' });
  const reason = decision.reason.replaceAll(describeProduct(product), `\`${product.host}\``);
  const name = `${repository.registry}/${repository.path.toUpperCase()}`;
  return [label, code(input), code(name), reason, `“${proof}”`];
});
const registryHeads = ['Where the run lives', '`registry`', 'Published as', 'Why', 'Shown by the end-to-end test'];

const tables = {
  'usual-inputs': tableOfInputs(only(action.inputs, usual.inputs)),
  'usual-outputs': tableOfOutputs(only(action.outputs, usual.outputs)),
  inputs: tableOfInputs(action.inputs),
  outputs: tableOfOutputs(action.outputs),
  'merge-inputs': tableOfInputs(merge.inputs),
  'merge-outputs': tableOfOutputs(merge.outputs),
  'pull-inputs': tableOfInputs(pull.inputs),
  'pull-outputs': tableOfOutputs(pull.outputs),
  'cleanup-inputs': tableOfInputs(cleanup.inputs),
  'cleanup-outputs': tableOfOutputs(cleanup.outputs),
  'registry-names': markdownTable([registryHeads, ...registries].map((cells) => cells.slice(0, 3))),
  registries: markdownTable([registryHeads, ...registries]),
  events: markdownTable([
    ['Event', 'Published with `push: auto`', 'Why'],
    ...Object.entries(publishingRules).map(([name, rule]) => [code(name), rule.publishes ? 'yes' : 'no', rule.reason]),
  ]),
};

/**
 * What takes the place of each of their inputs or outputs.
 * @param {import('./migrating.js').Row[]} rows
 * @param {'input' | 'output'} kind
 */
const migration = (rows, kind) =>
  markdownTable([
    [`Their ${kind}`, 'Here', ''],
    ...rows.map(({ theirs, ours = theirs, here, note = '' }) => {
      if (here !== undefined) return [code(theirs), here, note];
      const names = ours.split(' ').filter((name) => name !== '');
      const missing = names.filter((name) => !Object.hasOwn(action[`${kind}s`], name));
      if (missing.length > 0) throw new Error(`There is no ${kind} ${missing.join(', ')}, in place of ${theirs}.`);
      return [code(theirs), names.length === 0 ? 'not needed' : names.map(code).join(', '), note];
    }),
  ]);

/** What goes between `<!-- NAME: generated by npm run docs -->` and `<!-- /NAME -->`. @type {Record<string, string>} */
const sections = {
  ...tables,
  ...Object.fromEntries(Object.entries(migrations).map(([name, rows]) => [name, migration(rows, 'input')])),
  ...Object.fromEntries(
    Object.entries(outputMigrations).map(([name, rows]) => [`outputs of ${name}`, migration(rows, 'output')]),
  ),
};

/** A file of the repository, at its name: `<!-- file: PATH -->` … `<!-- /file -->`. @type {(path: string) => string} */
const included = (path) => `\`\`\`yaml\n${readFileSync(new URL(path, root), 'utf8').trim()}\n\`\`\``;

const pages = [
  'README.md',
  ...readdirSync(new URL('docs', root), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
];
const unused = new Set(Object.keys(sections));
for (const page of pages.filter((name) => name.endsWith('.md'))) {
  const file = fileURLToPath(new URL(page, root));
  const text = readFileSync(file, 'utf8');
  const written = text
    .replaceAll(/(<!-- (.+): generated by npm run docs -->\n)[\s\S]*?(<!-- \/\2 -->)/g, (_all, start, name, end) => {
      const content = sections[name];
      if (content === undefined) throw new Error(`${page}: there is no section "${name}"`);
      unused.delete(name);
      return `${start}\n${content}\n\n${end}`;
    })
    .replaceAll(/(<!-- file: (.+) -->\n)[\s\S]*?(<!-- \/file -->)/g, (_all, start, path, end) => {
      return `${start}\n${included(path)}\n\n${end}`;
    });
  if (written !== text) writeFileSync(file, written);
}
if (unused.size > 0) throw new Error(`no page has a marker for ${[...unused].join(', ')}`);
