// @ts-check
/**
 * One at a time, between processes: util-linux `flock` holds the kernel's lock for as long as our end of its standard
 * input is open, so a killed holder leaves no stale lock.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './place.js';

/**
 * @template T
 * @param {import('./place.js').Place} place
 * @param {string} name
 * @param {() => Promise<T>} work runs while no other process works under the same name
 * @returns {Promise<T>}
 */
export async function withLock(place, name, work) {
  mkdirSync(place.locks, { recursive: true });
  const holder = spawn('flock', ['--exclusive', join(place.locks, name), 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true, // an interrupt at the terminal reaches the group: the lock must outlast it until we are gone
  });
  try {
    await new Promise((resolve, reject) => {
      holder.stdout.once('data', resolve);
      holder.once('error', () => reject(new LabError('The lab needs the command flock (package util-linux).')));
      holder.once('exit', () => reject(new LabError(`The lab's lock ${name} in ${place.locks} cannot be taken.`)));
    });
    return await work();
  } finally {
    holder.stdin.end();
  }
}
