// @ts-check
/**
 * An image of BuildKit, as buildx runs it in a container (https://docs.docker.com/build/builders/drivers/docker-container/):
 * the lab's own buildkitd and buildctl, the distribution's runc, and one emulator of the distribution's QEMU under the name by which
 * BuildKit looks for it. And what there is to run on the emulator: a base image with commands for both platforms.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { busybox, distribution, unpacked } from './apt.js';
import { enginePackages } from './engine.js';
import { goProgram } from './go.js';
import { pushBusybox } from './images.js';
import { withLock } from './lock.js';
import { LabError } from './place.js';
import { digestOf, layerOf, pushImage, pushIndex } from './push-image.js';

/** Raised with each change of what is in the images: the registry keeps them. */
const TAG = '3';
/** The foreign platform: its architecture for Debian and for OCI, and for QEMU. */
const FOREIGN = process.arch === 'arm64' ? { name: 'amd64', qemu: 'x86_64' } : { name: 'arm64', qemu: 'aarch64' };

/**
 * @param {import('./place.js').Place} place
 * @param {() => Promise<{ address: string }>} registry
 * @returns {Promise<{ image: string, busybox: string, scanner: string, foreign: string } | { image: null }>} references of
 *   BuildKit's image, of the base image and of a scanner for `sbom`; null on a machine without Go or Debian
 */
export async function buildkitImage(place, registry) {
  const machine = distribution();
  const [daemon, client] = [await goProgram(place, 'buildkitd'), await goProgram(place, 'buildctl')];
  if (machine?.id !== 'debian' || daemon.path === null || client.path === null) return { image: null };
  const programs = [daemon.path, client.path];
  const { address } = await registry();
  const own = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const at = (/** @type {string} */ path) => ({ registry: address, path });
  const result = {
    image: `${address}/lab/buildkit:${TAG}`,
    busybox: `${address}/lab/busybox-emulated:${TAG}`,
    scanner: `${address}/lab/scanner:${TAG}`,
    foreign: `linux/${FOREIGN.name}`,
  };
  return withLock(place, 'buildkit-image', async () => {
    const repositories = [at('lab/buildkit'), at('lab/busybox-emulated'), at('lab/scanner')];
    const found = await Promise.all(repositories.map((repository) => digestOf(repository, TAG)));
    if (found.every((digest) => digest !== undefined)) return result;
    const { root } = await enginePackages(place, 'engine');
    const qemu = await unpacked(place, machine, 'qemu', ['qemu-user-static']);
    const box = await busybox(place, machine);
    const foreignBox = await foreignBusybox(place, machine);
    const layer = await layerOf((folder) => {
      mkdirSync(join(folder, 'usr/bin'), { recursive: true });
      mkdirSync(join(folder, 'bin'));
      copyFileSync(box, join(folder, 'bin/busybox'));
      for (const applet of ['sh', 'basename', 'dirname', 'sed', 'uname'])
        symlinkSync('busybox', join(folder, 'bin', applet));
      for (const program of programs) copyFileSync(program, join(folder, 'usr/bin', basename(program)));
      const runc = join(root, 'usr/sbin/runc');
      copyFileSync(runc, join(folder, 'usr/bin/buildkit-runc'));
      // Without git BuildKit fetches no context from a repository.
      for (const path of [...gitPrograms(), ...gitScripts()]) {
        mkdirSync(join(folder, dirname(path)), { recursive: true });
        copyFileSync(path, join(folder, path));
      }
      for (const library of new Set([runc, ...gitPrograms()].flatMap(librariesOf))) {
        mkdirSync(join(folder, dirname(library)), { recursive: true });
        copyFileSync(library, join(folder, library));
      }
      copyFileSync(
        join(qemu, `usr/bin/qemu-${FOREIGN.qemu}-static`),
        join(folder, `usr/bin/buildkit-qemu-${FOREIGN.qemu}`),
      );
    });
    const config = { Env: ['PATH=/usr/bin:/bin'], Entrypoint: ['buildkitd'] };
    await pushIndex(at('lab/buildkit'), TAG, [
      await pushImage(at('lab/buildkit'), own, layer, config, 'buildkitd, runc, qemu'),
    ]);
    await pushBusybox(at('lab/busybox-emulated'), TAG, { [own]: box, [FOREIGN.name]: foreignBox });
    await pushScanner(at('lab/scanner'), own, box);
    return result;
  });
}

/**
 * A scanner by BuildKit's protocol (https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md): it names each
 * file at the top of what it was given in one SPDX document.
 * @param {import('./push-image.js').Repository} repository
 * @param {string} architecture
 * @param {string} box
 */
async function pushScanner(repository, architecture, box) {
  const layer = await layerOf((folder) => {
    mkdirSync(join(folder, 'bin'));
    copyFileSync(box, join(folder, 'bin/busybox'));
    for (const applet of ['sh', 'ls', 'basename']) symlinkSync('busybox', join(folder, 'bin', applet));
  });
  const script = [
    'files=""',
    'for file in "$BUILDKIT_SCAN_SOURCE"/*; do',
    '  files="$files$' + '{files:+,}{\\"fileName\\":\\"./$(basename "$file")\\",\\"SPDXID\\":\\"SPDXRef-File\\"}"',
    'done',
    'document="{\\"spdxVersion\\":\\"SPDX-2.3\\",\\"SPDXID\\":\\"SPDXRef-DOCUMENT\\",\\"name\\":\\"lab\\",\\"files\\":[$files]}"',
    'echo "{\\"_type\\":\\"https://in-toto.io/Statement/v0.1\\",\\"predicateType\\":\\"https://spdx.dev/Document\\",\\"predicate\\":$document}" > "$BUILDKIT_SCAN_DESTINATION/lab.spdx.json"',
  ].join('\n');
  const config = { Env: ['PATH=/bin'], Cmd: ['/bin/sh', '-c', script] };
  await pushIndex(repository, TAG, [await pushImage(repository, architecture, layer, config, 'a scanner')]);
}

/** The machine's git, with what it starts for HTTP; none where it has none. */
function gitPrograms() {
  return ['/usr/bin/git', '/usr/lib/git-core/git-remote-http'].filter((path) => existsSync(path));
}

/** The parts of git that are scripts, for submodules. */
function gitScripts() {
  const names = ['git-submodule', 'git-sh-setup', 'git-sh-i18n'];
  return names.map((name) => `/usr/lib/git-core/${name}`).filter((path) => existsSync(path));
}

/**
 * @param {string} program
 * @returns {string[]} what it is linked with, as paths of this machine
 */
function librariesOf(program) {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...lines.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}

/**
 * @param {import('./place.js').Place} place
 * @param {import('./apt.js').Distribution} machine
 */
async function foreignBusybox(place, machine) {
  const root = await unpacked(place, machine, `busybox-${FOREIGN.name}`, ['busybox-static'], FOREIGN.name);
  const path = ['bin/busybox', 'usr/bin/busybox'].map((name) => join(root, name)).find((each) => existsSync(each));
  if (path === undefined) throw new LabError(`The package busybox-static of ${FOREIGN.name} has no busybox.`);
  return path;
}
