/** What is shipped, and what of it a step loads: a runner reads it from a cold disk each time. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Ended, type Runner, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry');

/** A text that only this package has, and that no minifier takes away. */
const marks = {
  '@actions/attest': 'https://actions.github.io/buildtypes/workflow/v1',
  '@actions/core': 'ghadelimiter_',
  '@actions/exec': 'attempting to execute the process',
  '@actions/tool-cache': 'Expected RUNNER_TOOL_CACHE',
  '@sigstore/sign': 'CA_CREATE_SIGNING_CERTIFICATE_ERROR',
  'csv-parse': 'CSV_QUOTE_NOT_CLOSED',
  handlebars: 'Handlebars',
  'tar-stream': 'Size mismatch',
  yaml: 'YAMLParseError',
  octokit: 'octokit-request.js',
  undici: 'UND_ERR_',
} as const;

const recorder = fileURLToPath(new URL('../support/record-loads.ts', import.meta.url));

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder).map((name) => join(folder, name));
}

const sizeOf = (files: readonly string[]): number => files.reduce((sum, file) => sum + statSync(file).size, 0);

function packagesIn(files: readonly string[]): readonly string[] {
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  return Object.entries(marks).flatMap(([name, mark]) => (text.includes(mark) ? [name] : []));
}

/** The files of dist/ that a process loads, each once. */
async function loadedBy<End extends Ended>(
  runner: Runner,
  start: (env: Readonly<Record<string, string>>) => Promise<End>,
): Promise<{ readonly end: End; readonly files: readonly string[] }> {
  const list = runner.write('loaded-modules', '');
  const end = await start({ NODE_OPTIONS: `--import=${recorder}`, LOADED_MODULES: list });
  const urls = readFileSync(list, 'utf8').split('\n');
  const files = urls.filter((url) => url.includes('/dist/')).map((url) => fileURLToPath(url));
  return { end, files: [...new Set(files)] };
}

test('all of dist/ is 2 MB at most, and has what is looked for below', () => {
  const files = filesOf(join(suite.action.folder, 'dist'));
  expect(sizeOf(files)).toBeLessThanOrEqual(2_000_000);
  expect(packagesIn(files)).toEqual(Object.keys(marks));
});

describe('the usual step', () => {
  let runner: Runner;
  let main: { readonly end: StepResult; readonly files: readonly string[] };
  beforeAll(async () => {
    runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${uniqueName('bundle')}` });
    runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
    main = await loadedBy(runner, (env) => runner.main({ registry: suite.registry }, env));
    expect(main.end).toMatchObject({ exitCode: 0, failure: '' });
  });

  test('loads 0.8 MB at most', () => {
    expect(sizeOf(main.files)).toBeLessThanOrEqual(800_000);
  });

  test('loads no undici, and none of what GitHub’s API, a download, an archive or a list of logins needs', () => {
    expect(packagesIn(main.files)).toEqual(['@actions/core', '@actions/exec', 'csv-parse']);
  });

  test('loads Handlebars as well where a text has an expression', async () => {
    const inputs = { registry: suite.registry, tags: '{{branch}}' };
    const { end, files } = await loadedBy(runner, (env) => runner.main(inputs, env));
    expect(end).toMatchObject({ exitCode: 0, failure: '' });
    expect(packagesIn(files)).toEqual(['@actions/core', '@actions/exec', 'csv-parse', 'handlebars']);
  });

  test('loads nothing that reads, plans, builds or publishes a bake file', () => {
    const textOf = (files: readonly string[]): string => files.map((file) => readFileSync(file, 'utf8')).join('\n');
    const all = textOf(filesOf(join(suite.action.folder, 'dist')));
    // A text that only each of these modules has: bake-definition, print-bake, plan-bake, bake-arguments, bake-by-digest.
    for (const mark of [
      'in another form than expected',
      'buildx cannot read ',
      'would both be published as',
      'extra-hosts',
      'but reported no digest of it',
    ]) {
      expect([mark, all.includes(mark)]).toEqual([mark, true]);
      expect([mark, textOf(main.files).includes(mark)]).toEqual([mark, false]);
    }
  });

  test('loads next to nothing in its post entry: 40 kB at most, and @actions/core alone of all packages', async () => {
    const { files } = await loadedBy(runner, (env) => runner.post(main.end, env));
    expect(sizeOf(files)).toBeLessThanOrEqual(40_000);
    expect(packagesIn(files)).toEqual(['@actions/core']);
  });
});
