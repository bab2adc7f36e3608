// @ts-check
/**
 * Podman, Buildah and skopeo, unpacked from Debian and run through wrappers that give each its private configuration and
 * storage: /etc/containers, /var/lib/containers and the caller's HOME are not theirs to read or write.
 */
import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { distribution, libraryPath, OLD, unpacked } from './apt.js';
import { withLock } from './lock.js';
import { LabError } from './place.js';
import { run } from './process.js';

const COMMANDS = ['podman', 'buildah', 'skopeo'];
const LIBRARIES = ['libassuan0', 'libdevmapper1.02.1', 'libglib2.0-0', 'libgpgme11', 'libsubid4'];
const HELPERS = ['conmon', 'runc', 'golang-github-containers-common'];

/** Bytes of the list of images from which on it is worth a prune: Podman reads and writes all of it for each step of a build. */
const LONG_LIST = 200_000;
/** Milliseconds without a new image after which nobody builds. */
const QUIET = 10 * 60_000;

/**
 * @param {import('./place.js').Place} place
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} [name] of a storage; each has images of its own
 * @returns {Promise<{ version: string, environment: Record<string, string> }>} `environment`: the PATH that has the three
 *   commands; a registry without TLS needs `--tls-verify=false`, as on any machine
 * @throws {LabError} where their packages cannot be had
 */
export async function podman(place, environment, name = 'podman') {
  const machine = distribution();
  if (machine?.id !== 'debian' || process.getuid?.() !== 0) {
    throw new LabError('The lab has Podman as root on Debian only: install podman, buildah and skopeo.');
  }
  const packages = [...COMMANDS, ...HELPERS, ...LIBRARIES].map((name) => `${name}/${OLD}`);
  const root = await unpacked(place, machine, 'podman', packages);
  const folder = join(place.root, name);
  const bin = join(folder, 'bin');
  await withLock(place, name, async () => {
    wrap(root, folder, bin);
    if (isLongAndQuiet(join(folder, 'storage/overlay-images/images.json'))) {
      await run(join(bin, 'podman'), ['system', 'prune', '--all', '--force']);
    }
  });
  const version = await run(join(bin, 'podman'), ['version', '--format', '{{.Client.Version}}']);
  return { version: version.trim(), environment: { PATH: `${bin}:${environment.PATH ?? ''}` } };
}

/** @param {string} list Podman's list of images */
function isLongAndQuiet(list) {
  const found = statSync(list, { throwIfNoEntry: false });
  return found !== undefined && found.size > LONG_LIST && Date.now() - found.mtimeMs > QUIET;
}

/**
 * @param {string} root of the unpacked packages
 * @param {string} folder for configuration, storage and home
 * @param {string} bin for the wrappers
 */
function wrap(root, folder, bin) {
  const home = join(folder, 'home');
  const settings = join(home, '.config/containers');
  for (const path of [bin, settings]) mkdirSync(path, { recursive: true });
  // The policy is read from the home or /etc only (containers-policy.json(5)): hence a home of their own.
  copyFileSync(join(root, 'etc/containers/policy.json'), join(settings, 'policy.json'));
  const text = (/** @type {string} */ name) => JSON.stringify(join(root, name));
  const own = (/** @type {string} */ name) => JSON.stringify(join(folder, name));
  const files = {
    'registries.conf': 'unqualified-search-registries = []\n',
    'storage.conf': `[storage]\ndriver = "overlay"\ngraphroot = ${own('storage')}\nrunroot = ${own('run/storage')}\n`,
    'containers.conf': [
      '[containers]',
      'netns = "host"', // a network of its own would need iptables
      `seccomp_profile = ${text('usr/share/containers/seccomp.json')}`,
      '[engine]',
      'cgroup_manager = "cgroupfs"',
      'events_logger = "file"',
      'runtime = "runc"',
      `conmon_path = [${text('usr/bin/conmon')}]`,
      `tmp_dir = ${own('run/libpod')}`,
      `static_dir = ${own('storage/libpod')}`,
      `volume_path = ${own('storage/volumes')}`,
      '[engine.runtimes]',
      `runc = [${text('usr/sbin/runc')}]`,
      '[network]',
      `network_config_dir = ${own('networks')}`,
      '',
    ].join('\n'),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(settings, name), content);
  for (const command of COMMANDS) {
    const script = [
      '#!/bin/sh',
      `export HOME='${home}' CONTAINERS_CONF='${settings}/containers.conf'`,
      `export CONTAINERS_STORAGE_CONF='${settings}/storage.conf'`,
      `export CONTAINERS_REGISTRIES_CONF='${settings}/registries.conf'`,
      `export LD_LIBRARY_PATH='${libraryPath(root)}'`,
      `export PATH='${root}/usr/bin':"$PATH"`,
      `exec '${root}/usr/bin/${command}' "$@"`,
      '',
    ].join('\n');
    writeFileSync(join(bin, command), script, { mode: 0o755 });
  }
}
