// @ts-check
/**
 * Programs that no distribution packages, built by the machine's Go toolchain from pinned modules (checked by Go's
 * checksum database).
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.js';
import { linkCommand } from './place.js';
import { answerOf, run } from './process.js';

/** What can be built: the package of the command and its version. */
const PROGRAMS = {
  act: 'github.com/nektos/act@v0.2.89',
  actionlint: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
  buildkitd: 'github.com/moby/buildkit/cmd/buildkitd@v0.34.2',
  buildctl: 'github.com/moby/buildkit/cmd/buildctl@v0.34.2',
  distribution3: 'github.com/distribution/distribution/v3/cmd/registry@v3.1.2',
};

/**
 * @param {import('./place.js').Place} place
 * @param {keyof typeof PROGRAMS} name
 * @returns {Promise<{ path: string | null }>} the program, also on the lab's PATH; null on a machine without Go
 * @throws {import('./place.js').LabError} when it does not build
 */
export async function goProgram(place, name) {
  const [module = '', version = ''] = PROGRAMS[name].split('@');
  const folder = join(place.parts, `${name}-${version}`);
  const path = join(folder, name);
  if (!existsSync(path)) {
    if (!(await answerOf('go', ['version']))) return { path: null };
    await withLock(place, `part-${name}`, async () => {
      if (existsSync(path)) return;
      const work = `${folder}.new`;
      rmSync(work, { recursive: true, force: true });
      mkdirSync(work, { recursive: true });
      const go = (/** @type {string[]} */ ...args) =>
        run('go', args, { cwd: work, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' } });
      // As a dependency of a module made here: `go install module@version` refuses one with exclude directives.
      await go('mod', 'init', 'lab');
      await go('get', `${module}@${version}`);
      await go('build', '-trimpath', '-ldflags=-s -w', '-o', name, module);
      renameSync(work, folder);
    });
  }
  linkCommand(place, path);
  return { path };
}
