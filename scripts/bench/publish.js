// @ts-check
/**
 * Publishing what is there already: archives and images of the engine beside crane and docker, and the memory it takes.
 */
import { rmSync } from 'node:fs';
import { dockerArchive, layeredContext, ociLayout, tarOf } from './content.js';
import { rowOf } from './figures.js';
import { measure, time } from './turns.js';

/** @typedef {import('./harness.js').Part} Part */
/** @typedef {import('./harness.js').Bench} Bench */

const group = 'publish';
const size = 800e6;
/** As long as crane takes, which does less: it makes no plan, asks for no permission and reads no tag back. */
const budget = /** @type {const} */ ({ of: 'ratio', limit: 1 });

/** @type {(bench: Bench) => string} */
const newReference = (bench) => `${bench.address()}/bench/${bench.newImage()}:1`;

/** @type {Part} */
async function archives(bench) {
  const engine = await bench.engine('engine');
  const publish = (/** @type {string} */ source) => () => engine.step({ image: bench.newImage(), tags: '1', source });
  const archive = dockerArchive(bench.newFolder(), 4, size);
  const [docker = [], cranePushed = []] = await measure(bench.largeRuns, [
    publish(`docker-archive:${archive}`),
    () => bench.crane('push', archive, newReference(bench)),
  ]);
  rmSync(archive);
  await bench.emptyRegistry();
  const layout = ociLayout(bench.newFolder(), 4, size);
  const ociArchive = tarOf(layout);
  const [oci = [], unpackedAndPushed = [], folderPushed = []] = await measure(bench.largeRuns, [
    publish(`oci-archive:${ociArchive}`),
    () =>
      time(async () => {
        const folder = bench.newFolder();
        await engine.run(['tar', '--extract', '--file', ociArchive, '--directory', folder]);
        await bench.crane('push', folder, newReference(bench));
        rmSync(folder, { recursive: true });
      }),
    () => bench.crane('push', layout, newReference(bench)),
  ]);
  rmSync(layout, { recursive: true });
  rmSync(ociArchive);
  await bench.emptyRegistry();
  const [ofDocker, ofOci] = ['docker-archive: of 800 MB', 'oci-archive: of 800 MB'];
  return {
    rows: [
      rowOf({ group, what: ofDocker, ours: docker, beside: 'crane push', other: cranePushed, budget }),
      rowOf({ group, what: ofOci, ours: oci, beside: 'tar and crane push', other: unpackedAndPushed, budget }),
      rowOf({ group, what: ofOci, ours: oci, beside: 'crane push of its folder', other: folderPushed }),
    ],
  };
}

/** An image of the engine that was never pushed: of one that was, the engine mounts the layers. @type {Part} */
async function daemon(bench) {
  const engine = await bench.engine('engine');
  /** @type {(push: (name: string) => Promise<number>) => Promise<number>} */
  const anew = async (push) => {
    const context = layeredContext(bench.newFolder(), 4, size);
    const name = newReference(bench);
    await engine.run(['docker', 'buildx', 'build', '--provenance=false', '--tag', name, context]);
    rmSync(context, { recursive: true });
    await engine.run(['sync']);
    const took = await push(name);
    await engine.prune();
    await bench.emptyRegistry();
    return took;
  };
  const [ours = [], other = []] = await measure(bench.largeRuns, [
    () => anew((name) => engine.step({ image: bench.newImage(), tags: '1', source: `docker-daemon:${name}` })),
    () => anew((name) => engine.run(['docker', 'push', name])),
  ]);
  const what = 'docker-daemon: of 800 MB, never pushed before';
  return { rows: [rowOf({ group, what, ours, beside: 'docker push', other })] };
}

/** @type {Part} */
async function memory(bench) {
  const engine = await bench.engine('engine');
  const archive = dockerArchive(bench.newFolder(), 1, 5e9);
  const image = bench.newImage();
  /** @type {number[]} */
  const archived = [];
  await engine.step({ image, tags: '1', source: `docker-archive:${archive}` }, archived);
  rmSync(archive);
  const other = await bench.newRegistry();
  /** @type {number[]} */
  const copied = [];
  const source = `docker://${bench.address()}/bench/${image}:1`;
  await engine.step({ registry: other.registry, image, tags: '1', source }, copied);
  await other.close();
  await bench.emptyRegistry();
  const most = /** @type {const} */ ({ of: 'value', limit: 200 });
  const [fromArchive, fromRegistry] = [
    'memory for a docker-archive: of 5 GB',
    'memory for a copy of it to another registry',
  ];
  return {
    rows: [
      rowOf({ group, what: fromArchive, unit: 'MB', ours: archived, budget: most }),
      rowOf({ group, what: fromRegistry, unit: 'MB', ours: copied, budget: most }),
    ],
  };
}

export const publish = { archives, daemon, memory };
