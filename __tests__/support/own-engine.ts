/** A Docker engine of the caller's own, which it may fill, prune and kill: the lab's are shared. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { busybox, distribution } from '../../lab/apt.js';
import { enginePackages, ownEngine } from '../../lab/engine.js';
import { placeOf } from '../../lab/place.js';
import { isAlive } from '../../lab/process.js';
import { folderOf, type Service, stopService } from '../../lab/service.js';

export interface OwnEngine {
  /** Variables with which `docker` talks to it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder for all that it stores. */
  readonly data: string;
  /** Ends it in the middle of whatever it does; by SIGTERM it first stops its containers. */
  kill(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Brings it up again, with what it has stored. */
  start(): Promise<void>;
  /** Stops it, and removes what it has stored. */
  close(): Promise<void>;
}

/** What runs the containers of an engine that was killed outlives it, and they do, too. */
function endContainers(folder: string): void {
  const readProc = (path: string): string => {
    try {
      return readFileSync(join('/proc', path), 'utf8');
    } catch {
      return '';
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const shims = pids.filter((pid) => {
    const words = readProc(`${pid}/cmdline`).split('\0');
    return words[0]?.includes('containerd-shim') && words.some((word) => word.startsWith(`${folder}/`));
  });
  for (const shim of shims) {
    const children = readProc(`${shim}/task/${shim}/children`).split(' ');
    for (const pid of [...children.filter((each) => each !== ''), shim]) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended with the one before.
      }
    }
  }
}

/**
 * From the packages of the lab's, beside it.
 * @param megabytes of its disk, which is in memory then; `undefined` for that of the machine
 * @throws LabError where the lab has no engine of its own: it has as root on Debian or Ubuntu
 */
export async function startOwnEngine(name: 'engine' | 'engine-containerd', megabytes?: number): Promise<OwnEngine> {
  const shared = placeOf(process.env);
  await enginePackages(shared, name);
  const machine = distribution();
  if (machine !== undefined) await busybox(shared, machine);
  const folder = mkdtempSync(join(tmpdir(), 'own-engine-'));
  const own = placeOf({ ...process.env, PUBLISH_LAB_DIR: folder });
  mkdirSync(own.locks, { recursive: true });
  symlinkSync(shared.parts, own.parts);
  if (megabytes !== undefined) {
    mkdirSync(own.data);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'own-engine', own.data]);
  }
  const start = () => ownEngine(own, process.env, name);
  const { environment } = await start();
  return {
    environment,
    data: own.data,
    async start() {
      await start();
    },
    async kill(signal = 'SIGKILL') {
      const { processes }: Service = JSON.parse(readFileSync(join(folderOf(own, name), 'record.json'), 'utf8'));
      for (const each of processes.toReversed()) {
        if (isAlive(each)) process.kill(each.pid, signal);
        while (isAlive(each)) await sleep(20);
      }
    },
    async close() {
      await stopService(own, name);
      endContainers(folder);
      if (megabytes !== undefined) execFileSync('umount', ['--lazy', own.data]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
