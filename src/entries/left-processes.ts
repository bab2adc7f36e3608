/**
 * Processes that a step left when it was killed, such as a build that goes on with the step's login. A credential helper
 * may write into the private folder after `post` has removed it. They are known by the folder, which is in
 * their environment (proc_pid_environ(5)); elsewhere than on Linux nobody tells.
 */

import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that they get to end by themselves, and that the system gets to take them away. */
const patience = { TERM: 3_000, KILL: 1_000 } as const;

async function findProcesses(folder: string): Promise<readonly number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const marked = await Promise.all(
    entries
      .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
      .map(async (name) => {
        // What ended since, or is another user's, cannot be read.
        const environment = await readFile(`/proc/${name}/environ`).catch(() => Buffer.alloc(0));
        return environment.includes(`=${folder}/`) ? [Number(name)] : [];
      }),
  );
  return marked.flat();
}

/**
 * Ends every process that has a folder in its environment, and waits until they are gone.
 * @returns how many there were
 */
export async function endProcessesOf(folder: string): Promise<number> {
  const found = await findProcesses(folder);
  let left = found;
  for (const signal of ['TERM', 'KILL'] as const) {
    for (const pid of left) {
      try {
        process.kill(pid, `SIG${signal}`);
      } catch {
        // It has ended since.
      }
    }
    for (let waited = 0; left.length > 0 && waited < patience[signal]; waited += 20) {
      await sleep(20);
      left = await findProcesses(folder);
    }
  }
  return found.length;
}
