// @ts-check
/**
 * The lab: a real engine, real registries and real tools for the demo and the tests. Parts come up side by side, and at
 * once when they are up; `down` stops what was started here, and only that.
 */
import { buildkitImage } from './buildkit-image.js';
import { engine, ownEngine } from './engine.js';
import { github } from './github/part.js';
import { goProgram } from './go.js';
import { images } from './images.js';
import { LabError, placeOf } from './place.js';
import { podman } from './podman.js';
import { registry } from './registry.js';
import { recordedServices, stopService } from './service.js';
import { tools } from './tools.js';

export { LabError } from './place.js';

/** @typedef {ReturnType<typeof openLab>} Lab each part by name, brought up when first asked for */
/** @typedef {keyof Lab} PartName */

/**
 * @typedef {object} Report
 * @property {Record<string, string>} environment variables to lay over the caller's own: docker, engine and tools are
 *   then found
 * @property {Record<string, unknown>} parts what each part gives
 * @property {Record<string, number>} seconds what each part took
 */

/**
 * @param {NodeJS.ProcessEnv} [environment] the caller's
 */
export function openLab(environment = process.env) {
  const place = placeOf(environment);
  const mainEngine = once(() => engine(place, environment));
  const mainRegistry = once(() => registry(place, 'registry', mainEngine));
  return {
    engine: mainEngine,
    registry: mainRegistry,
    'registry-auth': once(() => registry(place, 'registry-auth', mainEngine)),
    'engine-containerd': once(() => ownEngine(place, environment, 'engine-containerd')),
    'engine-20.10': once(() => ownEngine(place, environment, 'engine-20.10')),
    github: once(() => github(place, environment, mainEngine)),
    tools: once(() => tools(place)),
    images: once(() => images(place, mainRegistry, mainEngine)),
    podman: once(() => podman(place, environment)),
    // For the suites that build hundreds of images: those would slow down each build of the others.
    'podman-builds': once(() => podman(place, environment, 'podman-builds')),
    act: once(() => goProgram(place, 'act')),
    actionlint: once(() => goProgram(place, 'actionlint')),
    buildkitd: once(() => goProgram(place, 'buildkitd')),
    buildctl: once(() => goProgram(place, 'buildctl')),
    distribution3: once(() => goProgram(place, 'distribution3')),
    'buildkit-image': once(() => buildkitImage(place, mainRegistry)),
  };
}

/**
 * @param {readonly string[]} names of parts
 * @param {{ environment?: NodeJS.ProcessEnv, say?: (line: string) => void }} [options] `environment`: the caller's;
 *   `say`: told of each part as it is up
 * @returns {Promise<Report>}
 * @throws {LabError} with a sentence for each part that could not be had, once the others have come up
 */
export async function up(names, { environment = process.env, say = () => {} } = {}) {
  const lab = openLab(environment);
  const chosen = names.map((name) => {
    if (isPart(lab, name)) return name;
    throw new LabError(`The lab has no part ${name}: it has ${Object.keys(lab).join(', ')}.`);
  });
  /** @type {Report} */
  const report = {
    environment: { PATH: `${placeOf(environment).bin}:${environment.PATH ?? ''}` },
    parts: {},
    seconds: {},
  };
  const outcomes = await Promise.allSettled(
    chosen.map(async (name) => {
      const begun = performance.now();
      report.parts[name] = await lab[name]();
      report.seconds[name] = Math.round(performance.now() - begun) / 1000;
      say(`${name.padEnd(18)} ${report.seconds[name].toFixed(2).padStart(6)} s  ${describe(report.parts[name])}`);
    }),
  );
  const faults = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  const stranger = faults.find((fault) => !(fault instanceof LabError));
  if (stranger) throw stranger;
  if (faults.length)
    throw new LabError([...new Set(faults.map((fault) => fault.message))].join('\n'), { cause: faults[0] });
  if (chosen.includes('engine')) Object.assign(report.environment, (await lab.engine()).environment);
  return report;
}

/**
 * Stops what `up` started.
 * @param {readonly string[]} [names] of parts; all of them when empty
 * @param {{ environment?: NodeJS.ProcessEnv, say?: (line: string) => void }} [options]
 */
export async function down(names = [], { environment = process.env, say = () => {} } = {}) {
  const place = placeOf(environment);
  const chosen = recordedServices(place).filter((name) => names.length === 0 || names.includes(name));
  await Promise.all(
    chosen.map(async (name) => {
      await stopService(place, name);
      say(`${name} stopped`);
    }),
  );
}

/**
 * @param {Lab} lab
 * @param {string} name
 * @returns {name is PartName}
 */
function isPart(lab, name) {
  return Object.hasOwn(lab, name);
}

/** @param {unknown} part */
function describe(part) {
  const { environment: _, password: __, ...rest } = Object(part);
  return Object.entries(rest)
    .filter(([, value]) => Object(value) !== value)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {() => Promise<T>} the same promise each time
 */
function once(work) {
  /** @type {Promise<T> | undefined} */
  let result;
  return () => {
    result ??= work();
    return result;
  };
}
