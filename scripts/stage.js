// Lays out what ncc bundles: a copy of lib/ with the packages of the Actions toolkit beside it, whose manifests may then
// say what the bundler needs to know. node_modules stays as npm installed it.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Of these packages, modules that nothing uses may be left out of the bundle. @actions/core does not say so itself, and one
 * of its modules (OIDC) imports undici: 490 kB, and 100 ms for each start of a step, that only `getIDToken` needs.
 * Its modules define functions and classes, and do nothing else when they are loaded.
 */
const withoutSideEffects = ['core'];

/**
 * @param {string} root of the repository
 * @returns {string} the folder: lib/ with a node_modules/@actions of its own
 */
export function stage(root) {
  const staged = join(root, 'node_modules/.cache/publish-docker-package/bundle');
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged, { recursive: true });
  cpSync(join(root, 'lib'), staged, { recursive: true });
  cpSync(join(root, 'package.json'), join(staged, 'package.json'));
  // All of them: each finds the others beside it, so that none is bundled twice.
  cpSync(join(root, 'node_modules/@actions'), join(staged, 'node_modules/@actions'), { recursive: true });
  for (const name of withoutSideEffects) {
    const manifest = join(staged, 'node_modules/@actions', name, 'package.json');
    const content = JSON.parse(readFileSync(manifest, 'utf8'));
    writeFileSync(manifest, JSON.stringify({ ...content, sideEffects: false }));
  }
  return staged;
}
