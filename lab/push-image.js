// @ts-check
/**
 * Puts images that the lab makes into its registry, through the distribution API.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LabError } from './place.js';
import { run } from './process.js';

const EPOCH = '1970-01-01T00:00:00Z';
export const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** @typedef {{ registry: string, path: string }} Repository `HOST:PORT`, and the path there */
/** @typedef {{ mediaType: string, digest: string, size: number, platform?: { os: string, architecture: string } }} Descriptor */

/**
 * The same bytes each time from the same files.
 * @param {(root: string) => Promise<void> | void} fill writes the files of the layer below a folder, which has a /tmp
 * @returns {Promise<Buffer>} tar+gzip
 */
export async function layerOf(fill) {
  const folder = mkdtempSync(join(tmpdir(), 'publish-lab-'));
  try {
    const root = join(folder, 'root');
    mkdirSync(join(root, 'tmp'), { recursive: true });
    chmodSync(join(root, 'tmp'), 0o1777);
    await fill(root);
    const tar = join(folder, 'layer.tar');
    const stable = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=a+rX'];
    await run('tar', ['--create', '--file', tar, ...stable, '--directory', root, '.']);
    return gzipSync(readFileSync(tar));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * An image of one layer.
 * @param {Repository} repository
 * @param {string} architecture of Linux
 * @param {Buffer} layer tar+gzip
 * @param {Record<string, unknown>} config what a container of it runs (image-spec, config.md, "config")
 * @param {string} made a word about the layer, for the history
 * @returns {Promise<Descriptor>}
 */
export async function pushImage(repository, architecture, layer, config, made) {
  const document = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      created: EPOCH,
      history: [{ created: EPOCH, created_by: made }], // Buildah wants an entry for each layer
      config,
      rootfs: { type: 'layers', diff_ids: [sha256(gunzipSync(layer))] },
    }),
  );
  await Promise.all([pushBlob(repository, layer), pushBlob(repository, document)]);
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: sha256(document),
      size: document.length,
    },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: sha256(layer), size: layer.length }],
  };
  const body = Buffer.from(JSON.stringify(manifest));
  const digest = await pushManifest(repository, sha256(body), MANIFEST, manifest);
  return { mediaType: MANIFEST, digest, size: body.length, platform: { os: 'linux', architecture } };
}

/**
 * @param {Repository} repository
 * @param {string} tag
 * @param {Descriptor[]} manifests
 * @returns {Promise<string>} digest of the index
 */
export function pushIndex(repository, tag, manifests) {
  return pushManifest(repository, tag, INDEX, { schemaVersion: 2, mediaType: INDEX, manifests });
}

/**
 * Blob upload in one PUT (OCI distribution spec, "POST then PUT").
 * @param {Repository} repository
 * @param {Buffer} blob
 */
async function pushBlob({ registry, path }, blob) {
  const begun = await call(registry, `/v2/${path}/blobs/uploads/`, { method: 'POST' });
  const target = new URL(begun.headers.get('location') ?? '', `http://${registry}`);
  target.searchParams.set('digest', sha256(blob));
  const headers = { 'content-type': 'application/octet-stream' };
  await call(registry, `${target.pathname}${target.search}`, { method: 'PUT', headers, body: new Uint8Array(blob) });
}

/**
 * @param {Repository} repository
 * @param {string} reference tag or digest
 * @param {string} type
 * @param {unknown} manifest
 * @returns {Promise<string>} its digest
 */
async function pushManifest({ registry, path }, reference, type, manifest) {
  const body = JSON.stringify(manifest);
  const headers = { 'content-type': type };
  await call(registry, `/v2/${path}/manifests/${reference}`, { method: 'PUT', headers, body });
  return sha256(Buffer.from(body));
}

/**
 * @param {Repository} repository
 * @param {string} tag of an index
 * @returns {Promise<string | undefined>}
 */
export async function digestOf({ registry, path }, tag) {
  const url = `http://${registry}/v2/${path}/manifests/${tag}`;
  const response = await fetch(url, { method: 'HEAD', headers: { accept: INDEX } });
  return response.ok ? (response.headers.get('docker-content-digest') ?? undefined) : undefined;
}

/**
 * @param {string} registry
 * @param {string} path
 * @param {RequestInit} request
 */
async function call(registry, path, request) {
  const response = await fetch(`http://${registry}${path}`, request);
  const text = await response.text();
  if (response.ok) return response;
  throw new LabError(`${registry} answered ${request.method} ${path} with ${response.status}: ${text.slice(0, 300)}`);
}

/** @param {Buffer} bytes */
function sha256(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
