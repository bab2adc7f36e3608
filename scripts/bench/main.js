// @ts-check
// Measures the step beside bare docker and crane: see `usage`.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { LabError } from '../../lab/lab.js';
import { alignedTable } from '../table.js';
import { budgets } from './budgets.js';
import { builders } from './builders.js';
import { cellsOfRows, cellsOfSeries, verdictOf } from './cells.js';
import { distance } from './distance.js';
import { earlier } from './earlier.js';
import { growth } from './growth.js';
import { openBench } from './harness.js';
import { readLoad, readMachine } from './machine.js';
import { publish } from './publish.js';

/** @typedef {import('./harness.js').Part} Part */
/** @typedef {import('./figures.js').Result} Result */

/** @type {Record<string, Record<string, Part>>} */
const groups = { budgets, publish, builders, distance, growth, earlier };
/** @type {Record<string, Part>} */
const parts = Object.assign({}, ...Object.values(groups));

const usage = `npm run bench [-- NAME… [OPTION…]]

NAME is a group or one of its parts; without any it is budgets.

${Object.entries(groups)
  .map(([name, group]) => `  ${name.padEnd(10)} ${Object.keys(group).join(', ')}`)
  .join('\n')}
  all

  --runs N        runs of each side, of what takes seconds (5)
  --large-runs N  runs of each side, of what moves hundreds of megabytes (3)
  --earlier FOLDER  action.yml and dist/ of another build, for the part earlier
  --actions FOLDER  checkouts of docker's login-action, setup-buildx-action and build-push-action, for the part chain
  --json FILE     write the rows there too, beside what they were measured on
  --help

The sides run in turns; each is told by its median, with the least and the most. Engines and registry are the bench's own:
it needs root, on Debian or Ubuntu, and for the largest sizes 20 GB of disk.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    'large-runs': { type: 'string', default: '3' },
    earlier: { type: 'string' },
    actions: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/**
 * @param {readonly string[]} names
 * @returns {string[]} parts, each once
 * @throws where there is no such group or part
 */
function partsOf(names) {
  const chosen = names.flatMap((name) => {
    if (name === 'all') return Object.keys(parts);
    const group = groups[name];
    if (group !== undefined) return Object.keys(group);
    if (Object.hasOwn(parts, name)) return [name];
    throw new Error(`There is no ${name}.\n\n${usage}`);
  });
  return [...new Set(chosen)];
}

/** @type {(name: 'runs' | 'large-runs') => number} */
function countOf(name) {
  const count = Number(values[name]);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name} ${values[name]} is no number of runs.`);
  return count;
}

async function run() {
  // Before anything is started.
  const load = readLoad();
  const chosen = partsOf(positionals.length === 0 ? ['budgets'] : positionals);
  const bench = await openBench({
    runs: countOf('runs'),
    largeRuns: countOf('large-runs'),
    earlier: values.earlier,
    actions: values.actions,
  });
  let isEnding = false;
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => {
      isEnding = true;
      void bench.close().finally(() => process.exit(1));
    });
  }
  try {
    const { env } = await bench.engine('engine');
    /** @type {Result} */
    const result = { machine: await readMachine(env, load), rows: [], series: [], leftOut: [] };
    for (const name of chosen) {
      const begun = performance.now();
      try {
        const { rows = [], series = [] } = (await parts[name]?.(bench)) ?? {};
        result.rows.push(...rows);
        result.series.push(...series);
        if (rows.length > 0) console.log(`\n${alignedTable(cellsOfRows(rows))}`);
        for (const each of series) {
          console.log(`\n${each.what}, ${each.runs} runs\n${alignedTable(cellsOfSeries(each))}\n${verdictOf(each)}`);
        }
      } catch (error) {
        // Whatever it was working with is gone.
        if (isEnding) return;
        // The other parts are told all the same.
        console.error(error);
        const isMissing = error instanceof LabError;
        result.leftOut.push({ part: name, reason: isMissing ? error.message : 'It failed.' });
        if (!isMissing) process.exitCode = 1;
      }
      console.error(`${name} took ${((performance.now() - begun) / 1000).toFixed(0)} s`);
      // After each part: a long run that is broken off has told something.
      if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
    }
  } finally {
    await bench.close();
  }
}

if (values.help) console.log(usage);
else await run();
