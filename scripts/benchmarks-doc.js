// Writes docs/benchmarks.md from docs/benchmarks.json, which `npm run bench -- all --json docs/benchmarks.json` wrote.
import { readFileSync, writeFileSync } from 'node:fs';
import { cellsOfRows, cellsOfSeries, formatValue, verdictOf } from './bench/cells.js';
import { markdownTable } from './table.js';

/** @typedef {import('./bench/figures.js').Result} Result */

/** What each group compares, and why with that. @type {Record<string, { title: string, text: string }>} */
const groups = {
  budgets: {
    title: 'The budgets',
    text: `*Bare docker* is what people write by hand: \`docker login\`, \`docker buildx build --push\`, \`docker logout\`, on the same
engine and to the same registry. That is the least that a publish can take, and it does none of the rest: plan, permission,
read-back, summary, clean-up. *The step* is \`main\` and \`post\`, started as the runner starts them, from the first to the
last moment of their processes.`,
  },
  publish: {
    title: 'Publishing what is there already',
    text: `The input \`source\`, beside the tool that does no more than push. crane takes no \`oci-archive:\`, so it is unpacked first; what
crane takes for the unpacked folder stands beside it. Memory is the most that the step's own process had resident.`,
  },
  distance: {
    title: 'A registry that is further away',
    text: `The same with 50 ms to the registry and back, as from one coast of a continent to the other: a new connection costs one such
round trip, and so does each request that waits for the one before.`,
  },
  builders: {
    title: 'Builders',
    text: `Several platforms are built by an engine with containerd's image store. The last row has a BuildKit that has built nothing
yet in every run, as a runner that was just started has, and a cache in the registry.`,
  },
};

/** @type {(result: Result) => string} */
function describeMachine({ machine, rows, series }) {
  const runs = [...rows, ...series].map((each) => each.runs);
  return markdownTable([
    ['', 'Measured on'],
    ['Date', machine.date],
    [
      'Commit',
      `\`${machine.commit.slice(0, 12)}\`${machine.isChanged ? ', with changes that were not committed' : ''}`,
    ],
    ['Processor', `${machine.processor}, ${machine.cores} cores`],
    ['Memory', `${machine.memory} GB`],
    ['System', `${machine.system}, Linux ${machine.kernel}`],
    [
      'Load before it',
      `${machine.load} processes${machine.load > 1 ? ': **not a quiet machine**, the figures are rough' : ''}`,
    ],
    ['Node', machine.node],
    ['Docker', `${machine.docker}, buildx ${machine.buildx}`],
    ['Runs of each side', [...new Set([Math.min(...runs), Math.max(...runs)])].join(' to ')],
  ]);
}

/** Whether all is as it should be, and what is not. @type {(result: Result) => string} */
function judge({ rows, series, leftOut }) {
  const budgets = rows.filter(({ held }) => held !== null);
  const missed = budgets.filter(({ held }) => held === false);
  const grows = series.filter(({ time, memory }) => time === 'grows' || memory === 'grows');
  const judgements = [
    missed.length === 0
      ? `All ${budgets.length} budgets are held.`
      : `Of ${budgets.length} budgets ${missed.length} ${missed.length === 1 ? 'is' : 'are'} missed: ${missed.map(describeMissed).join('; ')}.`,
    grows.length === 0
      ? `Nothing of ${series.length} series grows faster than the work.`
      : `Faster than the work ${grows.length === 1 ? 'grows' : 'grow'}: ${grows.map(({ what }) => what).join('; ')}.`,
    ...leftOut.map(({ part, reason }) => `Not measured: ${part}, because ${reason}`),
  ];
  return judgements.join('\n');
}

/** @type {(row: Result['rows'][number]) => string} */
function describeMissed({ what, unit, ours, other, ratio, budget }) {
  const took = {
    ratio: `${ratio?.toFixed(2)} ×`,
    difference: `${formatValue(ours.median - (other?.median ?? 0), unit)} more`,
    value: formatValue(ours.median, unit),
  };
  return `${what} (${budget === null ? '' : took[budget.of]})`;
}

/** A section for each group of which something was measured. @type {(result: Result) => string[]} */
function sections({ rows }) {
  return Object.entries(groups).flatMap(([name, { title, text }]) => {
    const measured = rows.filter(({ group }) => group === name);
    return measured.length === 0 ? [] : [`## ${title}\n\n${text}\n\n${markdownTable(cellsOfRows(measured))}`];
  });
}

/** @type {(series: Result['series'][number]) => string} */
const growth = (series) => `### By ${series.what}\n\n${markdownTable(cellsOfSeries(series))}\n\n${verdictOf(series)}`;

/**
 * @param {Result} result
 * @returns {string} the page
 */
export function formatBenchmarksDoc(result) {
  return `<!-- Written by npm run docs, from benchmarks.json: measure again instead of changing it. -->

# Benchmarks

${judge(result)}

${describeMachine(result)}

The two sides of a row run in turns, and the other way round every second time. A figure is the median, with the least and the
most in brackets; a ratio is that of the medians. Engine and registry are on the same machine and belong to the benchmark
alone, so the network costs next to nothing and what the step adds shows as large as it can be.

\`\`\`sh
npm run bench                                                      # the budgets
npm run bench -- all --json docs/benchmarks.json && npm run docs   # this page, in about half an hour
npm run bench -- --help
\`\`\`

It needs root on Debian or Ubuntu, where [the lab](../lab/README.md) gets the engines from the distribution, and 20 GB of disk.

${sections(result).join('\n\n')}

## Growth

More of one thing at a time, all else the same. *A further one* is what each unit costs beyond those of the first line: what is
left when the fixed cost is taken out. The cost *grows* when a unit, or a further one, costs a quarter more in the larger work
than in the smaller, and more than the runs differ by among themselves ([\`growthOf\`](../scripts/bench/figures.js)); else it
*stays* or *falls*. Where the other side pays as much for its further units, it is the work itself that grows: Docker needs more
for the hundredth layer of a build than for the second. Memory is the most that the step's own process had resident in any run.

${result.series.map(growth).join('\n\n')}
`;
}

if (import.meta.main) {
  const file = (/** @type {string} */ name) => new URL(`../docs/benchmarks.${name}`, import.meta.url);
  writeFileSync(file('md'), formatBenchmarksDoc(JSON.parse(readFileSync(file('json'), 'utf8'))));
}
