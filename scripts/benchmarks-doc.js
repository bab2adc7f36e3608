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
engine and to the same registry. That is the least work that a publish can do: bare docker makes no plan, checks no
permission, reads nothing back, writes no summary, and cleans nothing up. *The step* is \`main\` and \`post\`, started as the runner starts them. Its time is
from the first to the last moment of their processes.`,
  },
  publish: {
    title: 'Publishing an existing image',
    text: `The table compares the input \`source\` with a tool that only pushes. crane does not read an \`oci-archive:\`, so tar unpacks it first.
One row has the time of crane for the unpacked folder. Memory is the largest resident set of the step's own process.`,
  },
  distance: {
    title: 'A registry that is further away',
    text: `Here, a round trip to the registry takes 50 ms, as from one coast of a continent to the other. A new connection costs one
round trip. So does each request that waits for the one before.`,
  },
  builders: {
    title: 'Builders',
    text: `An engine with containerd's image store builds several platforms. In the last row, every run has a cache in the registry. Its
BuildKit has built nothing yet, as on a runner that has just started.`,
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
    ...leftOut.map(({ part, reason }) => `Not measured: ${part}. ${reason}`),
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

The two sides of a row run in turns, in the opposite order every second time. A figure is the median, with the smallest and the
largest value in brackets. A ratio is the ratio of the medians. Engine and registry are on the same machine, and only the benchmark uses
them. So the network costs almost nothing, and the table shows the largest share that the step can add.

\`\`\`sh
npm run bench                                                      # the budgets
npm run bench -- all --json docs/benchmarks.json && npm run docs   # this page, in about half an hour
npm run bench -- --help
\`\`\`

It needs 20 GB of disk, and root on Debian or Ubuntu: [the lab](../lab/README.md) gets the engines from the distribution.

${sections(result).join('\n\n')}

## Growth

Each table has more of one thing, and everything else the same. *A further one* is the cost of each unit beyond those of the first line,
without the fixed cost. The cost *grows* if a unit, or a further one, costs a quarter more in the larger work than in the smaller. The
difference must also be larger than the difference between the runs ([\`growthOf\`](../scripts/bench/figures.js)). Otherwise the cost
*stays* or *falls*.

If further units cost the other side as much, the work itself grows. For example, Docker needs more time for the hundredth layer of a build
than for the second. Memory is the largest resident set of the step's own process in any run.

${result.series.map(growth).join('\n\n')}
`;
}

if (import.meta.main) {
  const file = (/** @type {string} */ name) => new URL(`../docs/benchmarks.${name}`, import.meta.url);
  writeFileSync(file('md'), formatBenchmarksDoc(JSON.parse(readFileSync(file('json'), 'utf8'))));
}
