// Measures `source` and many tags beside crane and docker, on the lab's engine and registry, interleaved, medians.
// Usage: npm run bench -- publish [--runs 5] [--megabytes 800] [--large 5000] [--levels] [--only tags,promotion,archives,memory]
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { distribution, unpacked } from '../lab/apt.js';
import { openLab } from '../lab/lab.js';
import { placeOf } from '../lab/place.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '800' },
    large: { type: 'string', default: '5000' },
    levels: { type: 'boolean', default: false },
    only: { type: 'string', default: 'tags,promotion,archives,memory' },
  },
});
const runs = Number(values.runs);
const megabytes = Number(values.megabytes);

const lab = openLab(process.env);
const [{ environment }, { crane = 'crane' }] = await Promise.all([lab.engine(), lab.tools()]);
const folder = mkdtempSync(join(tmpdir(), 'bench-publish-'));
/** @type {Record<string, string | undefined>} */
const env = { ...process.env, ...environment };
let count = 0;

/** A registry of this bench, whose content goes with it. @type {(port: number) => Promise<import('node:child_process').ChildProcess>} */
async function startRegistry(port) {
  const machine = distribution();
  if (machine === undefined) throw new Error('The bench needs the package docker-registry, of Debian or Ubuntu.');
  const root = await unpacked(placeOf(process.env), machine, 'registry', ['docker-registry']);
  const configuration = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, `registry-${port}`) } },
    http: { addr: `127.0.0.1:${port}` },
  };
  const file = join(folder, `registry-${port}.yml`);
  writeFileSync(file, JSON.stringify(configuration));
  const running = spawn(join(root, 'usr/bin/docker-registry'), ['serve', file], { stdio: 'ignore' });
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
    if (answer?.ok) return running;
    if (tries > 100) throw new Error('The registry does not start.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const [port, otherPort] = [5870, 5871];
const registries = await Promise.all([startRegistry(port), startRegistry(otherPort)]);
const address = `localhost:${port}`;
/** A repository that holds nothing yet. */
const newName = () => `bench/${process.pid}-${Date.now().toString(36)}-${count++}`;

/** @type {(argv: string[], more?: Record<string, string>) => string} */
function must(argv, more = {}) {
  const [program = '', ...args] = argv;
  const result = spawnSync(program, args, { env: { ...env, ...more }, encoding: 'utf8', maxBuffer: 1e9 });
  if (result.status !== 0) throw new Error(`${argv.join(' ')}\n${result.stdout}${result.stderr}`);
  return result.stdout + result.stderr;
}

/** @type {(work: () => unknown) => number} milliseconds */
function time(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** @type {(numbers: number[]) => number} */
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** Prints the medians of what is measured in turns, and the ratio of the first to each other. @type {(title: string, works: Record<string, () => number>, times?: number) => void} */
function compare(title, works, times = runs) {
  /** @type {Record<string, number[]>} */
  const measured = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  for (let run = 0; run < times; run++) {
    for (const [name, work] of Object.entries(works)) measured[name]?.push(work());
  }
  const [[, first = []] = ['', []]] = Object.entries(measured);
  const shown = Object.entries(measured).map(([name, all], index) => {
    const ratio = index === 0 ? '' : ` (ours is ${(median(first) / median(all)).toFixed(2)} of it)`;
    return `${name} ${median(all).toFixed(0)} ms${ratio}`;
  });
  console.log(`${title}, ${times} runs each, medians: ${shown.join('; ')}`);
}

/** The whole step with post. @type {(inputs: Record<string, string>, node?: string[]) => string} */
function step(inputs, node = []) {
  const file = (/** @type {string} */ name) => {
    writeFileSync(join(folder, name), '');
    return join(folder, name);
  };
  const given = Object.entries({ registry: address, ...inputs }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value,
  ]);
  const stepEnv = {
    ...Object.fromEntries(given),
    GITHUB_REPOSITORY: 'bench/bench',
    GITHUB_OUTPUT: file('output'),
    GITHUB_STATE: file('state'),
    RUNNER_TEMP: folder,
  };
  return (
    must([process.execPath, ...node, join(root, 'dist/main.js')], stepEnv) +
    must([process.execPath, join(root, 'dist/post.js')], stepEnv)
  );
}

/** @type {(name: string) => Record<string, string>} */
function at(name) {
  const [owner = '', image = ''] = name.split('/');
  return { owner, image };
}

/** Content that compresses as programs do, and differs from any other in each megabyte. @type {(file: string, size: number) => void} */
function writeContent(file, size) {
  const program = readFileSync(process.execPath).subarray(0, 64e6);
  const target = openSync(file, 'w');
  for (let written = 0; written < size; ) {
    const part = Buffer.from(program.subarray(0, Math.min(program.length, size - written)));
    for (let mark = 0; mark + 16 < part.length; mark += 1e6) part.writeBigUInt64LE(process.hrtime.bigint(), mark);
    writeSync(target, part);
    written += part.length;
  }
  closeSync(target);
}

/** A context of as many layers. @type {(layers: number, total: number) => string} */
function context(layers, total) {
  const path = join(folder, `context-${count++}`);
  mkdirSync(path);
  const names = Array.from({ length: layers }, (_, index) => `layer-${index}`);
  for (const name of names) writeContent(join(path, name), total / layers);
  writeFileSync(join(path, 'Dockerfile'), `FROM scratch\n${names.map((name) => `COPY ${name} /\n`).join('')}`);
  return path;
}

function manyTags() {
  const path = join(folder, 'small');
  mkdirSync(path);
  const change = () => {
    writeFileSync(join(path, 'Dockerfile'), 'FROM scratch\nCOPY app.txt /app.txt\n');
    writeFileSync(join(path, 'app.txt'), `${process.hrtime.bigint()}\n`);
  };
  const tags = (/** @type {number} */ number) => () => {
    change();
    const names = Array.from({ length: number }, (_, index) => `1.${index}`).join('\n');
    return time(() => step({ ...at(newName()), context: path, tags: names }));
  };
  tags(1)();
  compare('20 tags beside 1 (budget 1.10)', { '20 tags': tags(20), '1 tag': tags(1) });
}

function promotion() {
  const path = context(3, 30e6);
  const name = newName();
  must(['docker', 'buildx', 'build', '--push', '--tag', `${address}/${name}:1`, path]);
  const source = `docker://${address}/${name}:1`;
  compare('a further tag in the same repository (budget 300 ms)', {
    step: () => time(() => step({ ...at(name), source, tags: 'latest' })),
    'crane tag': () => time(() => must([crane, 'tag', `${address}/${name}:1`, 'latest'])),
  });
  compare('promotion to another repository of the same registry (budget 300 ms)', {
    step: () => time(() => step({ ...at(newName()), source, tags: 'latest' })),
    'crane copy': () => time(() => must([crane, 'copy', `${address}/${name}:1`, `${address}/${newName()}:latest`])),
  });
}

/** An OCI layout whose layers nothing makes smaller. @type {(layers: number, total: number) => string} */
function writeLayout(layers, total) {
  const path = join(folder, 'layout');
  mkdirSync(join(path, 'blobs/sha256'), { recursive: true });
  const blob = (/** @type {string} */ mediaType, /** @type {Buffer} */ content) => {
    const hex = createHash('sha256').update(content).digest('hex');
    writeFileSync(join(path, 'blobs/sha256', hex), content);
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  };
  const oci = 'application/vnd.oci.image';
  const config = blob(
    `${oci}.config.v1+json`,
    Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'),
  );
  const held = Array.from({ length: layers }, () => blob(`${oci}.layer.v1.tar+gzip`, randomBytes(total / layers)));
  const manifest = { schemaVersion: 2, mediaType: `${oci}.manifest.v1+json`, config, layers: held };
  const root = blob(`${oci}.manifest.v1+json`, Buffer.from(JSON.stringify(manifest)));
  writeFileSync(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [root] }));
  writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return path;
}

function archives() {
  const path = context(4, megabytes * 1e6);
  const tag = `bench.test/${process.pid}:1`;
  must(['docker', 'buildx', 'build', '--provenance=false', '--tag', tag, path]);
  rmSync(path, { recursive: true });
  const archive = join(folder, 'docker.tar');
  must(['docker', 'save', '--output', archive, tag]);
  const layout = writeLayout(4, megabytes * 1e6);
  const ociArchive = join(folder, 'oci.tar');
  must(['tar', '--create', '--file', ociArchive, '--directory', layout, '.']);
  compare(
    `docker-archive: of ${megabytes} MB (budget 1.00 of crane push)`,
    {
      step: () => time(() => step({ ...at(newName()), source: `docker-archive:${archive}`, tags: '1' })),
      'crane push': () => time(() => must([crane, 'push', archive, `${address}/${newName()}:1`])),
    },
    3,
  );
  compare(`oci-archive: of ${megabytes} MB (budget 1.00 of crane push of the folder)`, {
    step: () => time(() => step({ ...at(newName()), source: `oci-archive:${ociArchive}`, tags: '1' })),
    'crane push': () => time(() => must([crane, 'push', layout, `${address}/${newName()}:1`])),
  });
  // Once each: a second time the engine would mount what it pushed before.
  const daemon = () => time(() => step({ ...at(newName()), source: `docker-daemon:${tag}`, tags: '1' }));
  console.log(
    `docker-daemon: of ${megabytes} MB, never pushed before: step ${daemon().toFixed(0)} ms; pushed before: ${daemon().toFixed(0)} ms`,
  );
  must(['docker', 'rmi', '--force', tag]);
  const other = context(4, megabytes * 1e6);
  const pushed = `${address}/${newName()}:1`;
  must(['docker', 'buildx', 'build', '--provenance=false', '--tag', pushed, other]);
  console.log(
    `docker push of ${megabytes} MB, never pushed before: ${time(() => must(['docker', 'push', pushed])).toFixed(0)} ms`,
  );
  for (const file of [other, layout, archive, ociArchive]) rmSync(file, { recursive: true });
  must(['docker', 'rmi', '--force', pushed]);
}

/** A docker-archive of one layer, made by hand, since an engine would need three times its size. @type {(size: number) => string} */
function largeArchive(size) {
  const layer = join(folder, 'large');
  writeContent(layer, size);
  const path = join(folder, 'large-image');
  mkdirSync(path);
  must(['tar', '--create', '--file', join(path, 'layer.tar'), '--directory', folder, 'large']);
  rmSync(layer);
  const diffId = must(['sha256sum', join(path, 'layer.tar')]).split(' ')[0];
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
  });
  const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
  writeFileSync(join(path, configName), config);
  writeFileSync(
    join(path, 'manifest.json'),
    JSON.stringify([{ Config: configName, RepoTags: ['large:1'], Layers: ['layer.tar'] }]),
  );
  const archive = join(folder, 'large.tar');
  must(['tar', '--create', '--file', archive, '--directory', path, '.']);
  rmSync(path, { recursive: true });
  return archive;
}

function memory() {
  const megabytesOfLayer = Number(values.large);
  const archive = largeArchive(megabytesOfLayer * 1e6);
  const report = `data:text/javascript,import {writeSync} from 'node:fs'; process.on('exit', () => writeSync(2, 'peak ' + process.resourceUsage().maxRSS))`;
  const peakOf = (/** @type {string} */ source, registry = address) => {
    const name = newName();
    const begun = performance.now();
    const output = step({ ...at(name), registry, source, tags: '1' }, ['--import', report]);
    const seconds = (performance.now() - begun) / 1000;
    return { name, seconds, peak: Number(output.match(/peak (\d+)/)?.[1]) / 1024 };
  };
  const archived = peakOf(`docker-archive:${archive}`);
  console.log(
    `docker-archive: of ${megabytesOfLayer} MB: ${archived.seconds.toFixed(1)} s, peak ${archived.peak.toFixed(0)} MB resident (budget 200)`,
  );
  rmSync(archive);
  const copied = peakOf(`docker://${address}/${archived.name}:1`, `localhost:${otherPort}`);
  console.log(
    `docker:// of the same, to another registry: ${copied.seconds.toFixed(1)} s, peak ${copied.peak.toFixed(0)} MB resident (budget 200)`,
  );
}

/** What each level of zlib takes and gives, on one core. */
function levels() {
  const file = join(folder, 'sample');
  writeContent(file, 60e6);
  const sample = readFileSync(file);
  for (const level of [1, 2, 3, 4, 5, 6]) {
    let size = 0;
    const took = time(() => {
      size = gzipSync(sample, { level }).length;
    });
    console.log(
      `gzip level ${level}: ${(sample.length / took / 1000).toFixed(0)} MB/s on one core, ${((100 * size) / sample.length).toFixed(1)} % of the size`,
    );
  }
}

try {
  if (values.levels) levels();
  const parts = { tags: manyTags, promotion, archives, memory };
  for (const [name, part] of Object.entries(parts)) if (values.only.split(',').includes(name)) part();
} finally {
  for (const registry of registries) registry.kill();
  rmSync(folder, { recursive: true, force: true });
}
