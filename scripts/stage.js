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
  // @actions/attest needs OIDC, so it gets a core of its own, with which its chunk alone loads undici.
  const ofAttest = join(staged, 'node_modules/@actions/attest/node_modules/@actions/core');
  cpSync(join(root, 'node_modules/@actions/core'), ofAttest, { recursive: true });
  // @sigstore/sign sends a few requests, which need none of the 40 packages of make-fetch-happen.
  cpSync(join(root, 'node_modules/@sigstore/sign'), join(staged, 'node_modules/@sigstore/sign'), { recursive: true });
  const fetch = join(staged, 'node_modules/make-fetch-happen');
  mkdirSync(fetch, { recursive: true });
  writeFileSync(join(fetch, 'package.json'), JSON.stringify({ name: 'make-fetch-happen', type: 'module' }));
  writeFileSync(join(fetch, 'index.js'), "export { default } from '../../github/sigstore-fetch.js';\n");
  for (const name of withoutSideEffects) {
    const manifest = join(staged, 'node_modules/@actions', name, 'package.json');
    const content = JSON.parse(readFileSync(manifest, 'utf8'));
    writeFileSync(manifest, JSON.stringify({ ...content, sideEffects: false }));
  }
  return staged;
}
