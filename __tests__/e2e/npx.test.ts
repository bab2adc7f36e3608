/** What npm would install: packed, installed in an empty folder, and run by npx as somebody without a clone runs it. */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'client');
const execute = promisify(execFile);
let folder: string;
let archive: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'publish-npx-'));
  const { stdout } = await execute(process.execPath, ['scripts/pack.js', folder]);
  archive = stdout.trim();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In a folder with nothing but the given files; npm asks no registry. */
async function npx(args: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<string> {
  const empty = join(folder, uniqueName('empty'));
  mkdirSync(empty);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(empty, name), text);
  const env = {
    ...process.env,
    ...suite.engine,
    npm_config_cache: join(folder, 'cache'),
    // No repository above the folder is asked.
    GIT_CEILING_DIRECTORIES: folder,
  };
  const command = ['--yes', '--offline', `--package=${archive}`, 'publish-docker-package', ...args];
  const { stdout } = await execute('npx', command, { cwd: empty, env });
  return stdout;
}

test('the package has what the program needs, and no dependency', async () => {
  const { stdout } = await execute('tar', ['-tzf', archive]);
  const names = stdout
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
  const expected = ['action.yml', 'merge/action.yml', 'pull/action.yml', 'package.json', 'README.md', 'LICENSE'];
  expect(names).toEqual(expect.arrayContaining([...expected, ...readdirSync('dist').map((name) => `dist/${name}`)]));
  expect(names.filter((name) => !/^(?:dist|merge|pull|cleanup)\//.test(name) && !expected.includes(name))).toEqual([]);
  const manifest = await execute('tar', ['-xzOf', archive, 'package/package.json']);
  expect(JSON.parse(manifest.stdout)).not.toHaveProperty('dependencies');
});

test('help calls the program by its name', async () => {
  expect(await npx(['pull', '--help'])).toMatch(/^Usage: publish-docker-package pull /);
});

test('an image is built and published from a folder with a Dockerfile', async () => {
  const image = uniqueName('npx');
  const options = ['--registry', suite.registry, '--owner', 'octo-org', '--image', image, '--tags', '1.0'];
  const printed = await npx(options, { Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
  const name = `${suite.registry}/octo-org/${image}`;
  expect(printed).toBe(`${name}@${await suite.client.digestOf(`${name}:1.0`)}\n${name}:1.0\n`);
});
