// @ts-check
/**
 * The budgets: what the step adds to bare docker, what tags cost, how soon it begins and how soon it refuses.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openGitHubLab } from '../../__tests__/support/github-lab.ts';
import { layeredContext, oneLineChange } from './content.js';
import { rowOf } from './figures.js';
import { measure, measureWarm, time } from './turns.js';

/** @typedef {import('./harness.js').Part} Part */

const group = 'budgets';
const beside = 'bare docker';

/** @type {Part} */
async function change(bench) {
  const engine = await bench.engine('engine');
  const context = () => oneLineChange(bench.newFolder());
  const [ours = [], other = []] = await measureWarm(bench.runs, [
    () => engine.step({ image: 'step', tags: 'latest', context: context() }),
    () => engine.bare(['--tag', `${bench.address()}/bench/bare:latest`], context()),
  ]);
  const what = 'publish of a one-line change, whole step with post';
  return { rows: [rowOf({ group, what, ours, beside, other, budget: { of: 'ratio', limit: 1.25 } })] };
}

/** @type {Part} */
async function layers(bench) {
  const engine = await bench.engine('engine');
  /** With nothing left of the run before, and what is to be published on the disk. @type {(publish: (context: string) => Promise<number>) => Promise<number>} */
  const anew = async (publish) => {
    const context = layeredContext(bench.newFolder(), 4, 800e6);
    await engine.run(['sync']);
    const took = await publish(context);
    rmSync(context, { recursive: true });
    await engine.prune();
    await bench.emptyRegistry();
    return took;
  };
  const [ours = [], other = []] = await measure(bench.largeRuns, [
    () => anew((context) => engine.step({ image: 'step', tags: 'latest', context })),
    () => anew((context) => engine.bare(['--tag', `${bench.address()}/bench/bare:latest`], context)),
  ]);
  const what = 'the same with 800 MB of new layers';
  return { rows: [rowOf({ group, what, ours, beside, other, budget: { of: 'ratio', limit: 1.02 } })] };
}

/** @type {Part} */
async function tags(bench) {
  const engine = await bench.engine('engine');
  const names = Array.from({ length: 20 }, (_, index) => `1.${index}`);
  const withTags = (/** @type {number} */ count) => () => {
    const tags = names.slice(0, count).join('\n');
    return engine.step({ image: bench.newImage(), tags, context: oneLineChange(bench.newFolder()) });
  };
  const source = `${bench.address()}/bench/${bench.newImage()}:1.0`;
  await engine.bare(['--tag', source], oneLineChange(bench.newFolder()));
  const [ours = [], other = [], least = []] = await measureWarm(bench.runs, [
    withTags(20),
    withTags(1),
    async () => {
      const repository = `bench/${bench.newImage()}`;
      await bench.crane('copy', source, `${bench.address()}/${repository}:1.0`);
      return bench.tagClient(repository, names);
    },
  ]);
  const budget = /** @type {const} */ ({ of: 'ratio', limit: 1.1 });
  const beside = 'the step with 1 tag';
  return {
    rows: [
      rowOf({ group, what: 'publish under 20 tags', ours, beside, other, budget }),
      rowOf({ group, what: 'only the requests of 19 tags, by a bare client', ours: least, beside, other }),
    ],
  };
}

/** @type {Part} */
async function promotion(bench) {
  const engine = await bench.engine('engine');
  const image = bench.newImage();
  const from = `${bench.address()}/bench/${image}:1`;
  await engine.bare(['--tag', from], layeredContext(bench.newFolder(), 3, 30e6));
  const to = (/** @type {string} */ name) => engine.step({ image: name, tags: 'latest', source: `docker://${from}` });
  const [tagged = [], craneTagged = []] = await measureWarm(bench.runs, [
    () => to(image),
    () => bench.crane('tag', from, 'latest'),
  ]);
  const [promoted = [], craneCopied = []] = await measureWarm(bench.runs, [
    () => to(bench.newImage()),
    () => bench.crane('copy', from, `${bench.address()}/bench/${bench.newImage()}:latest`),
  ]);
  const budget = /** @type {const} */ ({ of: 'value', limit: 300 });
  const [tag, copy] = ['a further tag of an image in the registry', 'promotion to another repository'];
  return {
    rows: [
      rowOf({ group, what: tag, ours: tagged, beside: 'crane tag', other: craneTagged, budget }),
      rowOf({ group, what: copy, ours: promoted, beside: 'crane copy', other: craneCopied, budget }),
    ],
  };
}

/** @type {Part} */
async function bundle(bench) {
  const dist = join(bench.action.folder, 'dist');
  const megabytes = readdirSync(dist).reduce((sum, name) => sum + statSync(join(dist, name)).size, 0) / 1e6;
  const engine = await bench.engine('engine');
  const nothing = 'node that does nothing';
  const doNothing = () => engine.run([process.execPath, '--eval', '0']);
  // Refused once all inputs are read: the whole of the main bundle is loaded, and nothing is done with it.
  const [ours = [], other = []] = await measureWarm(4 * bench.runs, [
    () => time(() => engine.main({ push: 'perhaps' })),
    doNothing,
  ]);
  // After a publish, which has left nothing for it to do.
  const [post = [], idle = []] = await measureWarm(2 * bench.runs, [
    async () => {
      const main = await engine.main({ image: 'step', tags: 'latest', context: oneLineChange(bench.newFolder()) });
      return time(() => engine.post(main));
    },
    doNothing,
  ]);
  const load = 'main bundle loaded, inputs read and refused';
  const [size, most, least] = /** @type {const} */ ([
    { of: 'value', limit: 4 },
    { of: 'difference', limit: 100 },
    { of: 'difference', limit: 25 },
  ]);
  return {
    rows: [
      rowOf({ group, what: 'all of dist/', unit: 'MB', ours: [megabytes], budget: size }),
      rowOf({ group, what: load, ours, beside: nothing, other, budget: most }),
      rowOf({ group, what: 'the post entry', ours: post, beside: nothing, other: idle, budget: least }),
    ],
  };
}

/** @type {Part} */
async function refusal(bench) {
  const github = await openGitHubLab();
  const { mode, hosts } = github;
  const token = github.token('github.com', 'readOnly');
  const runner = github.newRunner(bench.action, 'github.com', token, { isRecorded: false });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const registry = hosts['ghcr.io'] ?? '';
  const auth = JSON.stringify([{ registry, username: 'octocat', password: token }]);
  const inputs = { tags: '1', ...(mode === 'namespace' ? {} : { registry, 'registry-auth': auth }) };
  const refused = () =>
    time(async () => {
      const step = await runner.main({ image: bench.newImage(), ...inputs });
      if (step.exitCode === 0 || !step.failure.includes('not allowed')) throw new Error(step.log);
      await runner.post(step);
    });
  const [ours = []] = await measureWarm(bench.runs, [refused]);
  github[Symbol.dispose]();
  const budget = /** @type {const} */ ({ of: 'value', limit: 2000 });
  return { rows: [rowOf({ group, what: 'refused for lack of permission, before the build', ours, budget })] };
}

export const budgets = { change, layers, tags, promotion, bundle, refusal };
