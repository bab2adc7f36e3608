/** A Docker engine of the caller's own, which it may fill, prune and kill: the lab's are shared. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { busybox, distribution } from '../../lab/apt.js';
import { enginePackages, ownEngine } from '../../lab/engine.js';
import { placeOf } from '../../lab/place.js';
import { isAlive } from '../../lab/process.js';
import { folderOf, type Service, stopService } from '../../lab/service.js';

export interface OwnEngine {
  /** Variables with which `docker` talks to it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Brings it up again, with what it has stored. */
  start(): Promise<void>;
  /** Stops it, and removes what it has stored. */
  close(): Promise<void>;
}

/**
 * From the packages of the lab's, beside it.
 * @throws LabError where the lab has no engine of its own: it has as root on Debian or Ubuntu
 */
export async function startOwnEngine(name: 'engine' | 'engine-containerd'): Promise<OwnEngine> {
  const shared = placeOf(process.env);
  await enginePackages(shared, name);
  const machine = distribution();
  if (machine !== undefined) await busybox(shared, machine);
  const folder = mkdtempSync(join(tmpdir(), 'own-engine-'));
  const own = placeOf({ ...process.env, PUBLISH_LAB_DIR: folder });
  mkdirSync(own.locks, { recursive: true });
  symlinkSync(shared.parts, own.parts);
  const start = () => ownEngine(own, process.env, name);
  const { environment } = await start();
  return {
    environment,
    async start() {
      await start();
    },
    async kill() {
      const { processes }: Service = JSON.parse(readFileSync(join(folderOf(own, name), 'record.json'), 'utf8'));
      for (const each of processes.toReversed()) if (isAlive(each)) process.kill(each.pid, 'SIGKILL');
    },
    async close() {
      await stopService(own, name);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
