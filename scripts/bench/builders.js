// @ts-check
/**
 * What the step adds to bare buildx where containerd's image store or a builder of its own builds.
 */
import { startBuildKit } from '../../__tests__/support/buildkit.ts';
import { chains } from './chain.js';
import { oneLineChange } from './content.js';
import { rowOf } from './figures.js';
import { measureWarm } from './turns.js';

/** @typedef {import('./harness.js').Part} Part */

const group = 'builders';
const beside = 'bare docker';

/** @type {Part} */
async function platforms(bench) {
  const engine = await bench.engine('engine-containerd');
  const context = () => oneLineChange(bench.newFolder());
  const name = `${bench.address()}/bench/bare:latest`;
  const compare = async (/** @type {string} */ platforms) => {
    const options = platforms === '' ? [] : ['--platform', platforms];
    const [ours = [], other = []] = await measureWarm(bench.runs, [
      () => engine.step({ image: 'step', tags: 'latest', platforms, context: context() }),
      () => engine.bare([...options, '--tag', name], context()),
    ]);
    return { ours, other };
  };
  const [one, two] = [await compare(''), await compare('linux/amd64,linux/arm64')];
  const [ofOne, ofTwo] = ['one-line change, containerd image store', 'the same for two platforms'];
  return { rows: [rowOf({ group, what: ofOne, beside, ...one }), rowOf({ group, what: ofTwo, beside, ...two })] };
}

/** @type {Part} */
async function cache(bench) {
  const engine = await bench.engine('engine-containerd');
  const { busybox } = await bench.lab.images();
  // RUN takes a second; with the cache it is not run again.
  const context = () => oneLineChange(bench.newFolder(), busybox, 'RUN sleep 1; date > /built.txt');
  /** With a BuildKit that has built nothing yet. @type {(publish: (endpoint: string) => Promise<number>) => Promise<number>} */
  const anew = async (publish) => {
    await using buildkit = await startBuildKit();
    return await publish(buildkit.endpoint);
  };
  const ref = `type=registry,ref=${bench.address()}/bench/bare:buildcache-main`;
  const cached = ['--cache-from', ref, '--cache-to', `${ref},mode=max,image-manifest=true,oci-mediatypes=true`];
  const [ours = [], other = []] = await measureWarm(bench.runs, [
    () =>
      anew((builder) => engine.step({ image: 'step', tags: 'latest', cache: 'registry', builder, context: context() })),
    () =>
      anew((endpoint) =>
        engine.bare([...cached, '--tag', `${bench.address()}/bench/bare:latest`], context(), { endpoint }),
      ),
  ]);
  return { rows: [rowOf({ group, what: 'warm registry cache on a fresh builder', ours, beside, other })] };
}

export const builders = { platforms, cache, ...chains };
