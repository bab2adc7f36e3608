// Publishes again and again while registry, engine and steps are hurt at random, and looks whether all that was promised
// held (__tests__/support/soak.ts).
// Usage: npm run soak [-- --publishes 500 --seed 1 --lanes 3 --minutes 14]
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { soak } from '../__tests__/support/soak.ts';
import { distribution, unpacked } from '../lab/apt.js';
import { ownEngine } from '../lab/engine.js';
import { openLab } from '../lab/lab.js';
import { placeOf } from '../lab/place.js';
import { isAlive } from '../lab/process.js';
import { folderOf, stopService } from '../lab/service.js';

const { values } = parseArgs({
  options: {
    publishes: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '14' },
  },
});

const machine = distribution();
if (machine === undefined) throw new Error('The soak kills a registry of its own, from the package docker-registry.');
const place = placeOf(process.env);
const root = await unpacked(place, machine, 'registry', ['docker-registry']);

/**
 * An engine that nobody else uses, beside the lab's and from its packages; undefined where the lab has none of its own.
 */
async function startMortalEngine() {
  const shared = await openLab(process.env).engine();
  if (!shared.own) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  const own = placeOf({ ...process.env, PUBLISH_LAB_DIR: folder });
  mkdirSync(own.locks, { recursive: true });
  symlinkSync(place.parts, own.parts);
  const start = () => ownEngine(own, process.env, 'engine');
  const { environment } = await start();
  const kill = async () => {
    /** @type {import('../lab/service.js').Service} */
    const { processes } = JSON.parse(readFileSync(join(folderOf(own, 'engine'), 'record.json'), 'utf8'));
    for (const each of processes.toReversed()) if (isAlive(each)) process.kill(each.pid, 'SIGKILL');
  };
  return {
    environment,
    mortal: { kill, start: async () => void (await start()) },
    async close() {
      await stopService(own, 'engine');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const engine = await startMortalEngine();
if (engine === undefined) console.log('The engine is the machine’s own and is not killed.');
try {
  const report = await soak({
    publishes: Number(values.publishes),
    seed: Number(values.seed),
    lanes: Number(values.lanes),
    limit: Number(values.minutes) * 60_000,
    registry: join(root, 'usr/bin/docker-registry'),
    engine: engine?.environment ?? (await openLab(process.env).engine()).environment,
    ...(engine === undefined ? {} : { mortalEngine: engine.mortal }),
    say: (line) => console.log(line),
  });
  console.log(JSON.stringify({ seed: Number(values.seed), ...report }, undefined, 2));
  if (report.violations.length > 0) process.exitCode = 1;
} finally {
  await engine?.close();
}
