/** A Distribution of the test's own, which it may kill: the lab's are shared. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseRegistry, type Registry } from '../../src/image/registry-name.ts';
import { listen } from './memory-registry.ts';
import { aClient } from './registry-client.ts';

export interface OwnDistribution {
  readonly registry: Registry;
  /** Starts it again, with what it has stored. */
  start(): Promise<void>;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param program the `registry` binary, of version 2 or 3
 * @param mayDelete whether it deletes manifests; by itself a Distribution does not
 */
export async function startOwnDistribution(program: string, mayDelete = true): Promise<OwnDistribution> {
  const folder = mkdtempSync(join(tmpdir(), 'own-distribution-'));
  const holder = createServer();
  const port = await listen(holder);
  await new Promise((resolve) => holder.close(resolve));
  const registry = parseRegistry(`127.0.0.1:${port}`);
  const file = join(folder, 'config.yml');
  const storage = { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: mayDelete } };
  const log = { level: 'error', accesslog: { disabled: true } };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ version: 0.1, log, storage, http: { addr: registry } }));
  let running: ChildProcess;

  async function start(): Promise<void> {
    running = spawn(program, ['serve', file], {
      stdio: 'ignore',
      env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
    });
    const client = aClient();
    for (let tries = 0; !(await client.ping(registry)).isRegistry; tries++) {
      if (tries > 200) throw new Error(`${program} does not start.`);
      await sleep(50);
    }
    client.close();
  }

  async function kill(): Promise<void> {
    if (running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    registry,
    start,
    kill,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
