// Measures what the step adds to bare buildx, side by side in one run: one platform; two platforms; a warm registry cache on
// a fresh builder. Usage: npm run bench -- builders [--runs 5]
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openLab } from '../lab/lab.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } }, allowPositionals: true });
const runs = Number(values.runs);

const lab = openLab(process.env);
const [{ environment }, { address }, { busybox }, { path: buildkitd }] = await Promise.all([
  lab['engine-containerd'](),
  lab.registry(),
  lab.images(),
  lab.buildkitd(),
]);
const env = { ...process.env, ...environment };
const folder = mkdtempSync(join(tmpdir(), 'bench-builders-'));

/** @type {(argv: string[], options?: object) => void} */
function must(argv, options = {}) {
  const [program = '', ...args] = argv;
  const result = spawnSync(program, args, { env, encoding: 'utf8', ...options });
  if (result.status !== 0) throw new Error(`${argv.join(' ')}\n${result.stdout}${result.stderr}`);
}

/** A context that differs in one line from any before. @type {(dockerfile: string) => string} */
function context(dockerfile) {
  const path = mkdtempSync(join(folder, 'context-'));
  writeFileSync(join(path, 'Dockerfile'), dockerfile);
  writeFileSync(join(path, 'app.txt'), `${process.hrtime.bigint()}\n`);
  return path;
}

/** @type {(work: () => void) => number} */
function milliseconds(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Both sides log in: the registry asks for nothing, and takes any password. */
const login = { username: 'octocat', password: 'bench-password' };

/** @type {(path: string, options: string[], builder: string) => number} */
function bare(path, options, builder) {
  return milliseconds(() => {
    must(['docker', 'login', address, '--username', login.username, '--password-stdin'], { input: login.password });
    if (builder) must(['docker', 'buildx', 'create', '--name', 'bench', '--driver', 'remote', builder]);
    const named = builder ? ['--builder', 'bench'] : [];
    must(['docker', 'buildx', 'build', '--push', '--tag', `${address}/bench/bare:latest`, ...named, ...options, path]);
    if (builder) must(['docker', 'buildx', 'rm', 'bench']);
    must(['docker', 'logout', address]);
  });
}

/** @type {(path: string, inputs: Record<string, string>) => number} */
function step(path, inputs) {
  const file = (/** @type {string} */ name) => {
    writeFileSync(join(folder, name), '');
    return join(folder, name);
  };
  const state = file('state');
  const all = { registry: address, owner: 'bench', image: 'step', context: path, tags: 'latest', ...inputs };
  const named = { token: login.password, username: login.username, ...all };
  const variables = Object.fromEntries(
    Object.entries(named).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  );
  const stepEnv = {
    ...env,
    ...variables,
    GITHUB_REPOSITORY: 'bench/bench',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_OUTPUT: file('output'),
    GITHUB_STATE: state,
    RUNNER_TEMP: folder,
  };
  return milliseconds(() => {
    must([process.execPath, join(root, 'dist/main.js')], { env: stepEnv });
    must([process.execPath, join(root, 'dist/post.js')], { env: stepEnv });
  });
}

/** @type {(numbers: number[]) => number} */
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** @type {(what: string, sides: () => Promise<[number, number]>) => Promise<void>} */
async function compare(what, sides) {
  await sides();
  /** @type {[number[], number[]]} */
  const times = [[], []];
  for (let run = 0; run < runs; run++) {
    const [left, right] = await sides();
    times[0].push(left);
    times[1].push(right);
  }
  const [left, right] = [median(times[0]), median(times[1])];
  const ratio = (right / left).toFixed(2);
  console.log(
    `${what}, ${runs} runs each, medians: bare ${left.toFixed(0)} ms, step with post ${right.toFixed(0)} ms, ratio ${ratio}`,
  );
}

const one = 'FROM scratch\nCOPY app.txt /app.txt\n';
let port = 18700;

/** A BuildKit that has built nothing yet. @type {<T>(work: (endpoint: string) => T) => Promise<T>} */
async function withFreshBuilder(work) {
  if (buildkitd === null) throw new Error('buildkitd is built by the Go toolchain, which this machine does not have.');
  const data = mkdtempSync(join(folder, 'buildkit-'));
  port += 1;
  const runc = join(dirname(dirname(buildkitd)), 'docker/usr/sbin');
  const args = ['--root', data, '--addr', `tcp://127.0.0.1:${port}`, '--oci-worker-net', 'host'];
  const child = spawn(buildkitd, args, {
    env: { ...process.env, PATH: `${runc}:${process.env.PATH}` },
    stdio: 'ignore',
  });
  try {
    while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 50));
    return work(`tcp://127.0.0.1:${port}`);
  } finally {
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.kill();
    await ended;
  }
}

/** @type {(at: number) => Promise<boolean>} */
const answers = (at) =>
  new Promise((resolve) => {
    const socket = connect(at, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

try {
  await compare('one platform', async () => [bare(context(one), [], ''), step(context(one), {})]);
  const platforms = 'linux/amd64,linux/arm64';
  await compare('two platforms', async () => [
    bare(context(one), ['--platform', platforms], ''),
    step(context(one), { platforms }),
  ]);
  // RUN takes a second; with the cache it is not run again.
  const slow = `FROM ${busybox}\nRUN sleep 1; date > /built.txt\nCOPY app.txt /app.txt\n`;
  mkdirSync(join(folder, 'cache'), { recursive: true });
  const ref = `type=registry,ref=${address}/bench/bare:buildcache-main`;
  const options = ['--cache-from', ref, '--cache-to', `${ref},mode=max,image-manifest=true,oci-mediatypes=true`];
  await compare('warm registry cache on a fresh builder', async () => [
    await withFreshBuilder((endpoint) => bare(context(slow), options, endpoint)),
    await withFreshBuilder((builder) => step(context(slow), { cache: 'registry', builder })),
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
