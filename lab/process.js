// @ts-check
/**
 * Child processes: commands that end, and daemons that outlive us and are known again by pid and start time.
 */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from './place.js';

/** @typedef {{ pid: number, start: string, command: string }} Started one process, told from a later one with the same pid by `start` */

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, timeout?: number }} [options]
 * @returns {Promise<string>} standard output
 * @throws {LabError} with the command and the end of its standard error
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 64 << 20, encoding: 'utf8', ...options }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const words = stderr.trim().split('\n').slice(-5).join('\n') || error.message;
      reject(new LabError(`${command} ${args.slice(0, 3).join(' ')} failed: ${words}`, { cause: error }));
    });
  });
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, timeout?: number }} [options]
 * @returns {Promise<string | undefined>} trimmed standard output, undefined when the command is missing or fails
 */
export function answerOf(command, args, options) {
  return run(command, args, options).then(
    (stdout) => stdout.trim(),
    () => undefined,
  );
}

/**
 * Starts a process that goes on after this one ends.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env: NodeJS.ProcessEnv, log: string }} options `log`: file that gets both output streams
 * @returns {Promise<Started>}
 */
export async function startDaemon(command, args, { env, log }) {
  const output = openSync(log, 'a');
  try {
    const child = spawn(command, args, { env, cwd: '/', detached: true, stdio: ['ignore', output, output] });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const pid = child.pid ?? 0;
    return { pid, start: startTime(pid) ?? '', command };
  } finally {
    closeSync(output);
  }
}

/**
 * @param {Started} started
 * @returns {boolean}
 */
export function isAlive(started) {
  return startTime(started.pid) === started.start;
}

/**
 * Ends a process: SIGTERM, then after a grace of 15 s SIGKILL. Leaves a stranger that has taken over the pid alone.
 * @param {Started} started
 */
export async function stop(started) {
  for (const [signal, grace] of /** @type {const} */ ([
    ['SIGTERM', 15_000],
    ['SIGKILL', 5_000],
  ])) {
    if (!isAlive(started)) return;
    process.kill(started.pid, signal);
    await waitUntil(() => !isAlive(started), grace);
  }
}

/**
 * @param {() => boolean | Promise<boolean>} holds
 * @param {number} limit milliseconds
 * @returns {Promise<boolean>} whether it came to hold within the limit
 */
export async function waitUntil(holds, limit) {
  for (const end = Date.now() + limit; Date.now() < end; await sleep(20)) {
    if (await holds()) return true;
  }
  return holds();
}

/**
 * Start time of a living process in clock ticks since boot: field 22 of /proc/PID/stat (proc(5)). The second field may
 * hold blanks and parentheses, so fields are counted from its last parenthesis. A zombie counts as gone.
 * @param {number} pid
 * @returns {string | undefined}
 */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
