// @ts-check
/**
 * The step beside the chain of actions that it takes the place of, where the engine's own BuildKit cannot do what is asked for: both make
 * a builder from the same image, which the engine has. docker/setup-qemu-action is left out, for want of its image: the chain
 * would take longer with it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseFileEntries } from '../../__tests__/support/runner-files.ts';
import { LabError } from '../../lab/lab.js';
import { oneLineChange } from './content.js';
import { rowOf } from './figures.js';
import { must } from './side.js';
import { measureWarm, time } from './turns.js';

/** @typedef {import('./harness.js').Part} Part */
/** @typedef {Readonly<Record<string, string>>} Inputs */

const group = 'builders';
const beside = 'login-action, setup-buildx-action, build-push-action';
const platforms = 'linux/amd64,linux/arm64';

/**
 * One step of a job, as the runner starts it.
 * @param {string} folder of the action
 * @param {Inputs} inputs
 * @param {NodeJS.ProcessEnv} env
 * @param {string} files folder for what it leaves
 * @returns {Promise<() => Promise<void>>} its post step
 */
async function runStep(folder, inputs, env, files) {
  const { inputs: known, runs } = parse(readFileSync(join(folder, 'action.yml'), 'utf8'));
  const given = Object.keys(known).map((name) => {
    const value = inputs[name] ?? String(known[name].default ?? '');
    return [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value.includes('${{') ? '' : value];
  });
  const id = crypto.randomUUID();
  const names = ['OUTPUT', 'STATE', 'ENV', 'PATH', 'STEP_SUMMARY'];
  const paths = names.map((name) => [`GITHUB_${name}`, join(files, `${name}-${id}`)]);
  const all = { ...env, ...Object.fromEntries(given), ...Object.fromEntries(paths) };
  for (const [, path = ''] of paths) writeFileSync(path, '');
  await must([process.execPath, join(folder, runs.main)], all);
  const state = parseFileEntries(readFileSync(join(files, `STATE-${id}`), 'utf8'));
  const kept = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]);
  return async () =>
    void (await must([process.execPath, join(folder, runs.post)], { ...all, ...Object.fromEntries(kept) }));
}

/** @type {Part} */
async function chain(bench) {
  const { actions } = bench;
  if (actions === undefined) {
    throw new LabError(
      'The part chain needs --actions FOLDER, with checkouts of login-action, setup-buildx-action and build-push-action of github.com/docker.',
    );
  }
  const { image } = await bench.lab['buildkit-image']();
  if (image === null)
    throw new LabError('The part chain needs an image of BuildKit, which a Go toolchain makes on Debian.');
  const engine = await bench.engine('engine');
  await must(['docker', 'pull', image], engine.env);
  const address = bench.address();
  const context = () => oneLineChange(bench.newFolder());
  const files = bench.newFolder();
  const env = {
    ...engine.env,
    HOME: engine.newHome(bench.newFolder()),
    RUNNER_TEMP: files,
    ...{
      GITHUB_REPOSITORY: 'bench/bench',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_RUN_ID: '1',
      GITHUB_REF: 'refs/heads/main',
    },
    ...{ GITHUB_WORKSPACE: files, GITHUB_ACTIONS: 'true', RUNNER_OS: 'Linux', GITHUB_JOB: 'bench' },
  };
  const theirs = (/** @type {string} */ name, /** @type {Inputs} */ inputs) =>
    runStep(join(actions, name), inputs, env, files);
  const build = (/** @type {string} */ folder) =>
    theirs('build-push-action', {
      context: folder,
      platforms,
      push: 'true',
      provenance: 'true',
      tags: `${address}/bench/chain:latest`,
    });
  const setUp = async () => [
    await theirs('login-action', { registry: address, username: 'octocat', password: 'bench-password' }),
    await theirs('setup-buildx-action', { driver: 'docker-container', 'driver-opts': `network=host\nimage=${image}` }),
  ];
  const end = async (/** @type {readonly (() => Promise<void>)[]} */ posts) => {
    for (const post of posts.toReversed()) await post();
  };
  const ours = (/** @type {string} */ folder) => ({
    ...{ image: 'step', tags: 'latest', context: folder, platforms, provenance: 'true', 'builder-image': image },
  });
  const [first = [], firstOfChain = []] = await measureWarm(bench.runs, [
    () => engine.step(ours(context())),
    () =>
      time(async () => {
        const posts = await setUp();
        await end([...posts, await build(context())]);
      }),
  ]);
  const [second = [], secondOfChain = []] = await measureWarm(bench.runs, [
    async () => {
      const [one, other] = [context(), context()];
      return engine.secondStep(ours(one), ours(other));
    },
    async () => {
      const posts = await setUp();
      posts.push(await build(context()));
      const folder = context();
      const took = await time(async () => await (await build(folder))());
      await end(posts);
      return took;
    },
  ]);
  const limits = /** @type {const} */ ([
    { of: 'ratio', limit: 0.5 },
    { of: 'ratio', limit: 0.25 },
  ]);
  return {
    rows: [
      rowOf({
        group,
        what: 'first publish of a job on the classic store: two platforms, provenance',
        ours: first,
        beside,
        other: firstOfChain,
        budget: limits[0],
      }),
      rowOf({
        group,
        what: 'the second one of the same job',
        ours: second,
        beside,
        other: secondOfChain,
        budget: limits[1],
      }),
    ],
  };
}

export const chains = { chain };
