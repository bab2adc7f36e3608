// @ts-check
/**
 * A base image to build FROM where none can be pulled: the distribution's static busybox, put into the lab's registry
 * through the distribution API.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { busybox, distribution } from './apt.js';
import { withLock } from './lock.js';
import { LabError } from './place.js';
import { run } from './process.js';

const REPOSITORY = 'lab/busybox';
const TAG = '1';
const EPOCH = '1970-01-01T00:00:00Z';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

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
  const result = (/** @type {string} */ digest) => ({ busybox: `${address}/${REPOSITORY}:${TAG}`, digest });
  return withLock(place, 'images', async () => {
    const there = await digestOf(address);
    if (there) return result(there);
    const machine = distribution();
    if (machine) return result(await pushIndex(address, await busybox(place, machine)));
    const { environment } = await engine();
    const args = ['buildx', 'imagetools', 'create', '--tag', result('').busybox, 'busybox:1.37'];
    await run('docker', args, { env: { ...process.env, ...environment } });
    return result((await digestOf(address)) ?? '');
  });
}

/**
 * @param {string} address
 * @param {string} program
 * @returns {Promise<string>} digest of the index
 */
async function pushIndex(address, program) {
  const own = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const manifests = [];
  for (const architecture of ['amd64', 'arm64']) {
    const layer = await layerOf(architecture, architecture === own ? program : undefined);
    const descriptor = await pushImage(address, architecture, layer);
    manifests.push({ ...descriptor, platform: { os: 'linux', architecture } });
  }
  return pushManifest(address, TAG, INDEX, { schemaVersion: 2, mediaType: INDEX, manifests });
}

/**
 * The same bytes each time from the same busybox.
 * @param {string} architecture
 * @param {string | undefined} program busybox for it
 * @returns {Promise<Buffer>} tar+gzip
 */
async function layerOf(architecture, program) {
  const folder = mkdtempSync(join(tmpdir(), 'publish-lab-'));
  try {
    const root = join(folder, 'root');
    for (const name of ['bin', 'etc', 'root', 'tmp']) mkdirSync(join(root, name), { recursive: true });
    chmodSync(join(root, 'tmp'), 0o1777);
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
    writeFileSync(join(root, 'etc/platform'), `linux/${architecture}\n`);
    if (program) {
      copyFileSync(program, join(root, 'bin/busybox'));
      const applets = (await run(program, ['--list'])).trim().split('\n');
      for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    }
    const tar = join(folder, 'layer.tar');
    const stable = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=a+rX'];
    await run('tar', ['--create', '--file', tar, ...stable, '--directory', root, '.']);
    return gzipSync(readFileSync(tar));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} address
 * @param {string} architecture
 * @param {Buffer} layer
 */
async function pushImage(address, architecture, layer) {
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      created: EPOCH,
      history: [{ created: EPOCH, created_by: 'busybox-static' }], // Buildah wants an entry for each layer
      config: { Env: ['PATH=/bin'], Cmd: ['/bin/sh'] },
      rootfs: { type: 'layers', diff_ids: [sha256(gunzipSync(layer))] },
    }),
  );
  await Promise.all([pushBlob(address, layer), pushBlob(address, config)]);
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256(config), size: config.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: sha256(layer), size: layer.length }],
  };
  const size = Buffer.byteLength(JSON.stringify(manifest));
  const digest = await pushManifest(address, sha256(Buffer.from(JSON.stringify(manifest))), MANIFEST, manifest);
  return { mediaType: MANIFEST, digest, size };
}

/**
 * Blob upload in one PUT (OCI distribution spec, "POST then PUT").
 * @param {string} address
 * @param {Buffer} blob
 */
async function pushBlob(address, blob) {
  const begun = await call(address, `/v2/${REPOSITORY}/blobs/uploads/`, { method: 'POST' });
  const target = new URL(begun.headers.get('location') ?? '', `http://${address}`);
  target.searchParams.set('digest', sha256(blob));
  const headers = { 'content-type': 'application/octet-stream' };
  await call(address, `${target.pathname}${target.search}`, { method: 'PUT', headers, body: new Uint8Array(blob) });
}

/**
 * @param {string} address
 * @param {string} reference tag or digest
 * @param {string} type
 * @param {unknown} manifest
 * @returns {Promise<string>} its digest
 */
async function pushManifest(address, reference, type, manifest) {
  const body = JSON.stringify(manifest);
  const headers = { 'content-type': type };
  await call(address, `/v2/${REPOSITORY}/manifests/${reference}`, { method: 'PUT', headers, body });
  return sha256(Buffer.from(body));
}

/**
 * @param {string} address
 * @returns {Promise<string | undefined>}
 */
async function digestOf(address) {
  const url = `http://${address}/v2/${REPOSITORY}/manifests/${TAG}`;
  const response = await fetch(url, { method: 'HEAD', headers: { accept: INDEX } });
  return response.ok ? (response.headers.get('docker-content-digest') ?? undefined) : undefined;
}

/**
 * @param {string} address
 * @param {string} path
 * @param {RequestInit} request
 */
async function call(address, path, request) {
  const response = await fetch(`http://${address}${path}`, request);
  const text = await response.text();
  if (response.ok) return response;
  throw new LabError(`${address} answered ${request.method} ${path} with ${response.status}: ${text.slice(0, 300)}`);
}

/** @param {Buffer} bytes */
function sha256(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
