// @ts-check
/**
 * What the step adds where the registry is not next door: each request that waits for the one before costs a round trip.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { layeredContext, oneLineChange } from './content.js';
import { rowOf } from './figures.js';
import { measureWarm } from './turns.js';

/** @typedef {import('./harness.js').Part} Part */

const group = 'distance';
/** Milliseconds, as from one coast of a continent to the other. */
const roundTrip = 50;

/**
 * The same registry, further away: a connection costs a round trip, and what is sent arrives half of one later.
 * @param {string} address `host:port`
 * @returns {Promise<{ address: string, close: () => void }>}
 */
async function startDistance(address) {
  const port = Number(address.split(':')[1]);
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    /** @type {(from: import('node:net').Socket, to: import('node:net').Socket) => void} */
    const carry = (from, to) => {
      from.on('data', (bytes) => setTimeout(() => to.write(bytes), roundTrip / 2));
      from.on('end', () => setTimeout(() => to.end(), roundTrip / 2));
      from.on('error', () => to.destroy());
    };
    carry(far, near);
    near.pause();
    setTimeout(() => carry(near.resume(), far), roundTrip);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const at = server.address();
  if (typeof at !== 'object' || at === null) throw new Error('the distance has no port');
  return { address: `localhost:${at.port}`, close: () => void server.close() };
}

/** @type {Part} */
async function far(bench) {
  const engine = await bench.engine('engine');
  const { address: registry, close } = await startDistance(bench.address());
  const context = () => oneLineChange(bench.newFolder());
  const tags = Array.from({ length: 20 }, (_, index) => `1.${index}`).join('\n');
  const [ours = [], bare = [], many = []] = await measureWarm(bench.runs, [
    () => engine.step({ registry, image: 'far', tags: 'latest', context: context() }),
    () => engine.bare(['--tag', `${registry}/bench/bare-far:latest`], context(), { at: registry }),
    () => engine.step({ registry, image: bench.newImage(), tags, context: context() }),
  ]);
  const image = bench.newImage();
  await engine.bare(['--tag', `${bench.address()}/bench/${image}:1`], layeredContext(bench.newFolder(), 3, 1e6));
  const from = `${registry}/bench/${image}:1`;
  const to = (/** @type {string} */ name) =>
    engine.step({ registry, image: name, tags: 'latest', source: `docker://${from}` });
  const [tagged = [], craneTagged = []] = await measureWarm(bench.runs, [
    () => to(image),
    () => bench.crane('tag', from, 'latest'),
  ]);
  const [promoted = [], craneCopied = []] = await measureWarm(bench.runs, [
    () => to(bench.newImage()),
    () => bench.crane('copy', from, `${registry}/bench/${bench.newImage()}:latest`),
  ]);
  close();
  const [change, further] = ['publish of a one-line change', 'a further tag of an image in the registry'];
  return {
    rows: [
      rowOf({ group, what: change, ours, beside: 'bare docker', other: bare }),
      rowOf({ group, what: 'publish under 20 tags', ours: many, beside: 'the step with 1 tag', other: ours }),
      rowOf({ group, what: further, ours: tagged, beside: 'crane tag', other: craneTagged }),
      rowOf({
        group,
        what: 'promotion to another repository',
        ours: promoted,
        beside: 'crane copy',
        other: craneCopied,
      }),
    ],
  };
}

export const distance = { far };
