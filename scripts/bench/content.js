// @ts-check
/**
 * What is published: contexts and images of any size, each unlike any before, so that nothing is there already.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const piece = 64e6;
const oci = 'application/vnd.oci.image';

/**
 * Content that compresses as programs do, and differs from any other in each megabyte.
 * @param {string} file
 * @param {number} size bytes
 */
export function writeContent(file, size) {
  const program = readFileSync(process.execPath).subarray(0, Math.min(piece, size));
  const target = openSync(file, 'w');
  for (let written = 0; written < size; ) {
    const part = Buffer.from(program.subarray(0, size - written));
    for (let mark = 0; mark + 16 < part.length; mark += 1e6) part.writeBigUInt64LE(process.hrtime.bigint(), mark);
    writeSync(target, part);
    written += part.length;
  }
  closeSync(target);
}

/**
 * Makes a context that differs from any before in one line.
 * @param {string} path an empty folder
 * @param {string} [base] what the image is from
 * @param {string} [before] a line of the Dockerfile before the change
 * @returns {string} the folder
 */
export function oneLineChange(path, base = 'scratch', before = '') {
  writeFileSync(join(path, 'Dockerfile'), `FROM ${base}\n${before}\nCOPY app.txt /app.txt\n`);
  writeFileSync(join(path, 'app.txt'), `${process.hrtime.bigint()}\n`);
  return path;
}

/**
 * Makes a context of as many layers.
 * @param {string} path an empty folder
 * @param {number} layers
 * @param {number} total bytes
 * @returns {string} the folder
 */
export function layeredContext(path, layers, total) {
  const names = Array.from({ length: layers }, (_, index) => `layer-${index}`);
  for (const name of names) writeContent(join(path, name), Math.ceil(total / layers));
  writeFileSync(join(path, 'Dockerfile'), `FROM scratch\n${names.map((name) => `COPY ${name} /\n`).join('')}`);
  return path;
}

/**
 * Makes an OCI layout whose layers nothing makes smaller.
 * @param {string} path an empty folder
 * @param {number} layers
 * @param {number} total bytes
 * @returns {string} the folder
 */
export function ociLayout(path, layers, total) {
  const blobs = join(path, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const blob = (/** @type {string} */ mediaType, /** @type {Iterable<Buffer>} */ parts) => {
    const draft = join(path, 'draft');
    const target = openSync(draft, 'w');
    const hash = createHash('sha256');
    let size = 0;
    for (const part of parts) {
      writeSync(target, part);
      hash.update(part);
      size += part.length;
    }
    closeSync(target);
    const hex = hash.digest('hex');
    renameSync(draft, join(blobs, hex));
    return { mediaType, digest: `sha256:${hex}`, size };
  };
  function* random(/** @type {number} */ size) {
    for (let left = size; left > 0; left -= piece) yield randomBytes(Math.min(piece, left));
  }
  const text = (/** @type {object} */ value) => [Buffer.from(JSON.stringify(value))];
  const rootfs = { type: 'layers', diff_ids: [] };
  const config = blob(`${oci}.config.v1+json`, text({ architecture: 'amd64', os: 'linux', rootfs }));
  const held = Array.from({ length: layers }, () =>
    blob(`${oci}.layer.v1.tar+gzip`, random(Math.ceil(total / layers))),
  );
  const mediaType = `${oci}.manifest.v1+json`;
  const manifest = blob(mediaType, text({ schemaVersion: 2, mediaType, config, layers: held }));
  writeFileSync(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return path;
}

/**
 * Packs what is in a folder, by its names there: crane finds no `./manifest.json`.
 * @param {string} path
 * @returns {string} the archive, beside it
 */
export function tarOf(path) {
  const archive = `${path}.tar`;
  execFileSync('tar', ['--create', '--file', archive, '--directory', path, ...readdirSync(path)]);
  return archive;
}

/**
 * Makes what `docker save` writes, by hand: an engine would need three times its size.
 * @param {string} path an empty folder, which is removed
 * @param {number} layers
 * @param {number} total bytes
 * @returns {string} the archive
 */
export function dockerArchive(path, layers, total) {
  const names = Array.from({ length: layers }, (_, index) => `layer-${index}`);
  const diffIds = names.map((name) => {
    writeContent(join(path, name), Math.ceil(total / layers));
    const layer = join(path, `${name}.tar`);
    execFileSync('tar', ['--create', '--file', layer, '--directory', path, name]);
    rmSync(join(path, name));
    return `sha256:${execFileSync('sha256sum', [layer], { encoding: 'utf8' }).split(' ')[0]}`;
  });
  const rootfs = { type: 'layers', diff_ids: diffIds };
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs });
  const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
  writeFileSync(join(path, configName), config);
  const manifest = { Config: configName, RepoTags: ['bench.test/image:1'], Layers: names.map((name) => `${name}.tar`) };
  writeFileSync(join(path, 'manifest.json'), JSON.stringify([manifest]));
  const archive = tarOf(path);
  rmSync(path, { recursive: true });
  return archive;
}
