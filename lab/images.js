// @ts-check
/**
 * Base images to build FROM where none can be pulled: the distribution's static busybox, put into the lab's registry.
 */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busybox, distribution } from './apt.js';
import { withLock } from './lock.js';
import { run } from './process.js';
import { digestOf, layerOf, pushImage, pushIndex } from './push-image.js';

const PATH = 'lab/busybox';
const TAG = '1';

/**
 * An index of linux/amd64 and linux/arm64. The machine's own platform has busybox and a link for each of its applets, so
 * that RUN works; the other one has files only, for COPY.
 * @param {import('./place.js').Place} place
 * @param {() => Promise<{ address: string }>} registry
 * @param {() => Promise<{ environment: Record<string, string> }>} engine asked for only where the package cannot be had
 * @returns {Promise<{ busybox: string, digest: string }>} a reference to build FROM
 */
export async function images(place, registry, engine) {
  const { address } = await registry();
  const repository = { registry: address, path: PATH };
  const result = (/** @type {string} */ digest) => ({ busybox: `${address}/${PATH}:${TAG}`, digest });
  return withLock(place, 'images', async () => {
    const there = await digestOf(repository, TAG);
    if (there) return result(there);
    const machine = distribution();
    if (machine) {
      const own = process.arch === 'arm64' ? 'arm64' : 'amd64';
      const program = await busybox(place, machine);
      return result(await pushBusybox(repository, TAG, { amd64: undefined, arm64: undefined, [own]: program }));
    }
    const { environment } = await engine();
    const args = ['buildx', 'imagetools', 'create', '--tag', result('').busybox, 'busybox:1.37'];
    await run('docker', args, { env: { ...process.env, ...environment } });
    return result((await digestOf(repository, TAG)) ?? '');
  });
}

/**
 * @param {import('./push-image.js').Repository} repository
 * @param {string} tag
 * @param {Record<string, string | undefined>} programs architecture → its busybox; without one there are files only
 * @returns {Promise<string>} digest of the index
 */
export async function pushBusybox(repository, tag, programs) {
  const manifests = [];
  const applets = await appletsOf(programs);
  for (const [architecture, program] of Object.entries(programs)) {
    const layer = await layerOf((root) => {
      for (const name of ['bin', 'etc', 'root']) mkdirSync(join(root, name));
      writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
      writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
      writeFileSync(join(root, 'etc/platform'), `linux/${architecture}\n`);
      if (program === undefined) return;
      copyFileSync(program, join(root, 'bin/busybox'));
      for (const applet of applets) symlinkSync('busybox', join(root, 'bin', applet));
    });
    const config = { Env: ['PATH=/bin'], Cmd: ['/bin/sh'] };
    manifests.push(await pushImage(repository, architecture, layer, config, 'busybox-static'));
  }
  return pushIndex(repository, tag, manifests);
}

/**
 * The commands of busybox, as the one says that runs on this machine; the others have the same.
 * @param {Record<string, string | undefined>} programs
 */
async function appletsOf(programs) {
  const own = programs[process.arch === 'arm64' ? 'arm64' : 'amd64'];
  const list = own === undefined ? '' : await run(own, ['--list']);
  return list
    .trim()
    .split('\n')
    .filter((applet) => applet !== '' && applet !== 'busybox');
}
