// Measures what the step adds to bare docker, side by side in one run: interleaved, medians, ratio.
// Usage: npm run bench [-- --runs 10]; npm run bench -- publish; npm run bench -- builders [--runs 5]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openLab } from '../lab/lab.js';

if (process.argv[2] === 'publish') {
  await import('./bench-publish.js');
  process.exit();
}
if (process.argv[2] === 'builders') {
  await import('./bench-builders.js');
  process.exit();
}

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
const runs = Number(values.runs);

const lab = openLab(process.env);
const { environment } = await lab.engine();
const registry = { username: 'octocat', password: 'bench-password', ...(await lab.registry()) };
const env = { ...process.env, ...environment };
const folder = mkdtempSync(join(tmpdir(), 'bench-'));

/** @type {(argv: string[], options?: object) => void} */
function must(argv, options = {}) {
  const [program = '', ...args] = argv;
  const result = spawnSync(program, args, { env, encoding: 'utf8', ...options });
  if (result.status !== 0) throw new Error(`${argv.join(' ')}\n${result.stdout}${result.stderr}`);
}

/** A context that differs in one line from any before. @type {(name: string) => string} */
function context(name) {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'Dockerfile'), 'FROM scratch\nCOPY app.txt /app.txt\n');
  writeFileSync(join(path, 'app.txt'), `${process.hrtime.bigint()}\n`);
  return path;
}

/** @type {(work: () => void) => number} */
function milliseconds(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

const bareConfig = join(folder, 'bare-config');
mkdirSync(bareConfig);
writeFileSync(join(bareConfig, 'config.json'), '{}');
function bare() {
  const path = context('bare');
  return milliseconds(() => {
    must(['docker', 'login', registry.address, '--username', registry.username, '--password-stdin'], {
      input: registry.password,
    });
    must(['docker', 'buildx', 'build', '--push', '--tag', `${registry.address}/bench/bare:latest`, path]);
    must(['docker', 'logout', registry.address]);
  });
}

function step() {
  const path = context('step');
  const file = (/** @type {string} */ name) => {
    writeFileSync(join(folder, name), '');
    return join(folder, name);
  };
  const state = file('state');
  const inputs = {
    INPUT_REGISTRY: registry.address,
    INPUT_OWNER: 'bench',
    INPUT_IMAGE: 'step',
    INPUT_TOKEN: registry.password,
    INPUT_USERNAME: registry.username,
    INPUT_CONTEXT: path,
    INPUT_TAGS: 'latest',
  };
  const stepEnv = {
    ...env,
    ...inputs,
    GITHUB_REPOSITORY: 'bench/bench',
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

try {
  bare();
  step();
  const times = { bare: /** @type {number[]} */ ([]), step: /** @type {number[]} */ ([]) };
  for (let run = 0; run < runs; run++) {
    times.bare.push(bare());
    times.step.push(step());
  }
  const bytes = readdirSync(join(root, 'dist')).reduce((sum, name) => sum + statSync(join(root, 'dist', name)).size, 0);
  const ratio = median(times.step) / median(times.bare);
  console.log(
    `one-line change, ${runs} runs each, medians: bare ${median(times.bare).toFixed(0)} ms, step with post ${median(times.step).toFixed(0)} ms, ratio ${ratio.toFixed(2)} (budget 1.25)`,
  );
  console.log(`dist/: ${(bytes / 1e6).toFixed(2)} MB (budget 1.30)`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
