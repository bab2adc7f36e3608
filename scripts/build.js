// Makes dist/ from lib/ (what tsc wrote): one bundle with shared chunks, so that no library is shipped twice, and a
// launcher for each entry that action.yml or a person starts.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minify } from '@swc/core';
import { compiledAtOnce } from './compiled-at-once.js';
import { collectLicences, formatLicences } from './licenses.js';
import { stage } from './stage.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const entries = ['main', 'pull', 'merge', 'cleanup', 'post', 'cli'];

rmSync(dist, { recursive: true, force: true });
const ncc = join(root, 'node_modules/@vercel/ncc/dist/ncc/cli.js');
const staged = stage(root);
const args = [ncc, 'build', join(staged, 'entries/index.js'), '-o', dist, '-m', '--license', 'licenses.txt', '-q'];
const bundled = spawnSync(process.execPath, args, { stdio: 'inherit' });
rmSync(staged, { recursive: true });
if (bundled.status !== 0) process.exit(bundled.status ?? 1);

// ncc minifies the entry alone.
for (const name of readdirSync(dist).filter((each) => /^\d+\.index\.js$/.test(each))) {
  const { code } = await minify(readFileSync(join(dist, name), 'utf8'), { module: true, compress: true, mangle: true });
  writeFileSync(join(dist, name), await compiledAtOnce(code));
}
const licences = join(dist, 'licenses.txt');
writeFileSync(licences, formatLicences(collectLicences(root, readFileSync(licences, 'utf8'))));
for (const entry of entries) {
  // npm starts the terminal entry as a program.
  const head = entry === 'cli' ? '#!/usr/bin/env node\n' : '';
  writeFileSync(join(dist, `${entry}.js`), `${head}import { start } from './index.js';\n\nawait start('${entry}');\n`);
}
