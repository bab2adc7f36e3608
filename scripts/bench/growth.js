// @ts-check
/**
 * How time and memory go when there is more to publish: tags, layers, platforms, images, bytes.
 */
import { rmSync } from 'node:fs';
import { dockerArchive, layeredContext, ociLayout, oneLineChange, tarOf } from './content.js';
import { pointOf, seriesOf } from './figures.js';
import { measure, measureWarm } from './turns.js';

/** @typedef {import('./harness.js').Bench} Bench */
/** @typedef {import('./harness.js').Part} Part */

/**
 * The two sides at one point.
 * @typedef {object} Sides
 * @property {(peaks: number[]) => Promise<number>} ours milliseconds; tells the memory it took
 * @property {() => Promise<number>} other milliseconds
 * @property {() => Promise<void>} [clear] removes what both published
 */

/**
 * @param {Bench} bench
 * @param {{ what: string, unit: string, beside: string, counts: readonly number[], isLarge?: boolean }} series
 * @param {(count: number) => Sides} sidesAt
 */
async function measureSeries(bench, { what, unit, beside, counts, isLarge = false }, sidesAt) {
  const points = [];
  const runs = isLarge ? bench.largeRuns : bench.runs;
  for (const count of counts) {
    const { ours, other, clear } = sidesAt(count);
    /** @type {number[]} */
    const peaks = [];
    const sides = [() => ours(peaks), other];
    const [took = [], otherTook = []] = await (isLarge ? measure : measureWarm)(runs, sides);
    points.push(pointOf(count, { ours: took, other: otherTook, peaks }));
    await clear?.();
  }
  return seriesOf({ group: 'growth', what, unit, beside, runs, points });
}

/** @type {(count: number, stem: string) => string[]} */
const numbered = (count, stem) => Array.from({ length: count }, (_, index) => `${stem}${index}`);

/** @type {(names: readonly string[]) => string[]} */
const tagOptions = (names) => names.flatMap((name) => ['--tag', name]);

/** @type {Part} */
async function moreTags(bench) {
  const engine = await bench.engine('engine');
  const context = () => oneLineChange(bench.newFolder());
  const series = { what: 'tags of one build', unit: 'tag', beside: 'bare docker', counts: [1, 10, 100] };
  const measured = await measureSeries(bench, series, (count) => ({
    ours: (peaks) =>
      engine.step({ image: bench.newImage(), tags: numbered(count, '1.').join('\n'), context: context() }, peaks),
    other: () => engine.bare(tagOptions(numbered(count, `${bench.address()}/bench/${bench.newImage()}:1.`)), context()),
  }));
  return { series: [measured] };
}

const layerCounts = [1, 10, 60, 120];

/** @type {Part} */
async function moreLayers(bench) {
  const engine = await bench.engine('engine');
  const build = { what: 'layers of one build', unit: 'layer', beside: 'bare docker', counts: layerCounts };
  const built = await measureSeries(bench, build, (count) => {
    const context = () => layeredContext(bench.newFolder(), count, count * 1000);
    return {
      ours: (peaks) => engine.step({ image: bench.newImage(), tags: '1', context: context() }, peaks),
      other: () => engine.bare(['--tag', `${bench.address()}/bench/${bench.newImage()}:1`], context()),
    };
  });
  const folder = {
    what: 'layers of an OCI folder, 64 kB each',
    unit: 'layer',
    beside: 'crane push',
    counts: layerCounts,
  };
  const pushed = await measureSeries(bench, folder, (count) => {
    const layout = ociLayout(bench.newFolder(), count, count * 64e3);
    return pushes(bench, engine, `oci:${layout}`, layout);
  });
  return { series: [built, pushed] };
}

/** @type {Part} */
async function morePlatforms(bench) {
  const engine = await bench.engine('engine-containerd');
  const known = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/s390x'];
  const context = () => oneLineChange(bench.newFolder());
  const series = { what: 'platforms of one build', unit: 'platform', beside: 'bare docker', counts: [1, 2, 4] };
  const measured = await measureSeries(bench, series, (count) => {
    const platforms = known.slice(0, count).join(',');
    const name = () => `${bench.address()}/bench/${bench.newImage()}:1`;
    return {
      ours: (peaks) => engine.step({ image: bench.newImage(), tags: '1', platforms, context: context() }, peaks),
      other: () => engine.bare(['--platform', platforms, '--tag', name()], context()),
    };
  });
  return { series: [measured] };
}

/** @type {Part} */
async function moreImages(bench) {
  const engine = await bench.engine('engine');
  const context = () => oneLineChange(bench.newFolder());
  const names = (/** @type {number} */ count) => numbered(count, `${bench.address()}/bench/${bench.newImage()}-`);
  const series = {
    what: 'names of one build, in one registry',
    unit: 'name',
    beside: 'bare docker',
    counts: [1, 3, 10],
  };
  const measured = await measureSeries(bench, series, (count) => ({
    ours: (peaks) => engine.step({ images: names(count).join('\n'), tags: '1', context: context() }, peaks),
    other: () => engine.bare(tagOptions(names(count).map((name) => `${name}:1`)), context()),
  }));
  return { series: [measured] };
}

/** @type {Part} */
async function moreBytes(bench) {
  const engine = await bench.engine('engine');
  const counts = [10, 100, 1000, 4000];
  const clear =
    (/** @type {string[]} */ ...paths) =>
    async () => {
      for (const path of paths) rmSync(path, { recursive: true });
      await bench.emptyRegistry();
    };
  const plain = { what: 'size of a docker-archive:', unit: 'MB', beside: 'crane push', counts, isLarge: true };
  const docker = await measureSeries(bench, plain, (count) => {
    const archive = dockerArchive(bench.newFolder(), 4, count * 1e6);
    return { ...pushes(bench, engine, `docker-archive:${archive}`, archive), clear: clear(archive) };
  });
  const packed = { ...plain, what: 'size of an oci-archive:', beside: 'crane push of its folder' };
  const oci = await measureSeries(bench, packed, (count) => {
    const layout = ociLayout(bench.newFolder(), 4, count * 1e6);
    const archive = tarOf(layout);
    return { ...pushes(bench, engine, `oci-archive:${archive}`, layout), clear: clear(layout, archive) };
  });
  return { series: [docker, oci] };
}

/**
 * A source beside what crane pushes.
 * @type {(bench: Bench, engine: import('./side.js').Side, source: string, path: string) => Sides}
 */
function pushes(bench, engine, source, path) {
  return {
    ours: (peaks) => engine.step({ image: bench.newImage(), tags: '1', source }, peaks),
    other: () => bench.crane('push', path, `${bench.address()}/bench/${bench.newImage()}:1`),
  };
}

export const growth = {
  'more-tags': moreTags,
  'more-layers': moreLayers,
  'more-platforms': morePlatforms,
  'more-images': moreImages,
  'more-bytes': moreBytes,
};
