// @ts-check
/**
 * What was measured on: no figure means anything without it.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { distribution } from '../../lab/apt.js';
import { run } from '../../lab/process.js';

/** @typedef {Awaited<ReturnType<typeof readMachine>>} Machine */

/** @returns {number} processes that wanted a core, on average of the last minute */
export function readLoad() {
  return Number((loadavg()[0] ?? 0).toFixed(1));
}

/**
 * @param {NodeJS.ProcessEnv} docker variables with which `docker` talks to the engine
 * @param {number} load before the first run
 */
export async function readMachine(docker, load) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const git = (/** @type {string[]} */ ...args) => run('git', args, { cwd: root });
  const [commit, changes, engine, buildx] = await Promise.all([
    git('rev-parse', 'HEAD'),
    git('status', '--porcelain'),
    run('docker', ['version', '--format', '{{.Server.Version}}'], { env: docker }),
    run('docker', ['buildx', 'version'], { env: docker }),
  ]);
  const system = distribution();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit.trim(),
    /** Whether files of the checkout differ from the commit. */
    isChanged: changes !== '',
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? '',
    /** GB */
    memory: Math.round(totalmem() / 1e9),
    system: readFileSync('/etc/os-release', 'utf8').match(/^PRETTY_NAME="?(.*?)"?$/m)?.[1] ?? system?.id ?? '',
    kernel: release().match(/^[\d.]+/)?.[0] ?? '',
    load,
    node: process.version.slice(1),
    docker: engine.trim(),
    buildx: buildx.match(/\d+\.\d+\.\d+/)?.[0] ?? '',
  };
}
