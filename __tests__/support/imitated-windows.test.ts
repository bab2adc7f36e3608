/** What the imitated Windows lets through, and what it refuses. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { systems } from './plain-runner.ts';
import { temporaryFolder } from './temporary-folder.ts';

const imitation = new URL('imitated-windows.ts', import.meta.url).href;

/** Runs a module there; gives what it printed, and what was refused. */
function runThere(code: string): { readonly printed: unknown; readonly refused: readonly string[] } {
  const machine = temporaryFolder();
  mkdirSync(join(machine, 'd/a/app/app'), { recursive: true });
  writeFileSync(join(machine, 'd/a/app/app/read.txt'), 'read');
  const file = join(temporaryFolder(), 'code.mjs');
  writeFileSync(file, code);
  const env = { IMITATED_WINDOWS: machine, USERPROFILE: 'D:\\home', TEMP: 'D:\\temp' };
  const printed = execFileSync(process.execPath, ['--import', imitation, file], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const refused = join(machine, 'refused');
  return {
    printed: JSON.parse(printed.toString()),
    refused: existsSync(refused) ? readFileSync(refused, 'utf8').trim().split('\n') : [],
  };
}

const onLinux = systems.includes('an imitated Windows') ? test : test.skip;

onLinux('paths, folders and the system are those of Windows', () => {
  const { printed, refused } = runThere(`
    import { homedir, tmpdir } from 'node:os';
    import { join, resolve, sep } from 'node:path';
    import { readFileSync } from 'node:fs';
    import { mkdtemp, readdir } from 'node:fs/promises';
    const made = await mkdtemp(resolve('made-'));
    const [entry] = await readdir('D:\\\\a\\\\app', { withFileTypes: true });
    console.log(JSON.stringify([process.platform, sep, join('a', 'b'), resolve('x'), homedir(), tmpdir(),
      readFileSync('read.txt', 'utf8'), made.slice(0, -6), entry.parentPath]));
  `);
  expect(printed).toEqual([
    ...['win32', '\\', 'a\\b', 'D:\\a\\app\\app\\x', 'D:\\home', 'D:\\temp', 'read'],
    ...['D:\\a\\app\\app\\made-', 'D:\\a\\app'],
  ]);
  expect(refused).toEqual([]);
});

onLinux('paths of another system, names that Windows does not allow, and links to files are refused', () => {
  const paths = ['/etc/hostname', 'a/b', 'D:\\\\a/b', 'D:\\\\a\\\\sha256:0', 'D:\\\\con.txt', 'D:\\\\a.'];
  const { printed, refused } = runThere(`
    import { existsSync, readFileSync, symlinkSync } from 'node:fs';
    const codes = [${paths.map((path) => `'${path}'`)}].map((path) => {
      try { return readFileSync(path, 'utf8'); } catch (error) { return error.code; }
    });
    try { symlinkSync('read.txt', 'link.txt'); } catch (error) { codes.push(error.code); }
    symlinkSync('D:\\\\a', 'junction', 'junction');
    codes.push(existsSync('junction\\\\app'));
    console.log(JSON.stringify(codes));
  `);
  expect(printed).toEqual([...paths.map(() => 'ENOENT'), 'EPERM', true]);
  expect(refused).toHaveLength(paths.length);
});
