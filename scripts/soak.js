// Publishes again and again while registry, engine and steps are hurt at random, and looks whether all that was promised
// held (__tests__/support/soak.ts).
// Usage: npm run soak [-- --publishes 500 --seed 1 --lanes 6 --minutes 14 --kills]
import { parseArgs } from 'node:util';
import { startOwnEngine } from '../__tests__/support/own-engine.ts';
import { soak } from '../__tests__/support/soak.ts';
import { openLab } from '../lab/lab.js';
import { placeOf } from '../lab/place.js';
import { distributionProgram } from '../lab/registry.js';

const { values } = parseArgs({
  options: {
    publishes: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    // Most of a publish that is hurt is waiting: to try again, or for an engine that does.
    lanes: { type: 'string', default: '6' },
    minutes: { type: 'string', default: '14' },
    // Nothing but SIGKILL, for each step, at a random moment.
    kills: { type: 'boolean', default: false },
  },
});

const registry = await distributionProgram(placeOf(process.env));

// Where the machine has an engine of its own that answers, that one is taken, and left alive.
const shared = await openLab(process.env).engine();
const engine = shared.own ? await startOwnEngine('engine') : undefined;
if (engine === undefined) console.log('The engine is the machine’s own and is not killed.');
try {
  const report = await soak({
    publishes: Number(values.publishes),
    seed: Number(values.seed),
    onlyKills: values.kills,
    lanes: Number(values.lanes),
    limit: Number(values.minutes) * 60_000,
    registry,
    engine: (engine ?? shared).environment,
    ...(engine === undefined ? {} : { mortalEngine: engine }),
    say: (line) => console.log(line),
  });
  console.log(JSON.stringify(report, undefined, 2));
  if (report.violations.length > 0) process.exitCode = 1;
} finally {
  await engine?.close();
}
