// @ts-check
/**
 * Packs what `npx publish-docker-package` runs: dist/ and what it reads. Everything is bundled in dist/, so the package has no
 * dependencies: `npm pack` by itself would let every user install those of the source.
 *
 *     node scripts/pack.js [FOLDER]
 *
 * Prints the path of the archive.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const destination = resolve(process.argv[2] ?? '.');
const { dependencies, devDependencies, overrides, scripts, engines, ...kept } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
const folder = mkdtempSync(join(tmpdir(), 'publish-pack-'));
try {
  for (const name of [...kept.files, 'README.md', 'LICENSE']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ ...kept, engines }, undefined, 2)}\n`);
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', destination], { cwd: folder });
  console.log(join(destination, JSON.parse(packed.toString())[0].filename));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
