// @ts-check
/**
 * What the parts measure with: engines and a registry that nobody else uses, crane, names and folders that are new.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOwnDistribution } from '../../__tests__/support/own-distribution.ts';
import { copyAction } from '../../__tests__/support/step.ts';
import { openLab } from '../../lab/lab.js';
import { placeOf } from '../../lab/place.js';
import { distributionProgram } from '../../lab/registry.js';
import { must, openSide } from './side.js';
import { time } from './turns.js';

/** @typedef {Awaited<ReturnType<typeof openBench>>} Bench */
/** @typedef {{ rows?: readonly import('./figures.js').Row[], series?: readonly import('./figures.js').Series[] }} Measured */
/** @typedef {(bench: Bench) => Promise<Measured>} Part what is measured at one go */

/**
 * @param {{ runs: number, largeRuns: number, earlier?: string | undefined, actions?: string | undefined }} options runs of each side: of what takes seconds,
 *   and of what moves hundreds of megabytes; the folder of an earlier build
 * @throws {LabError} where the lab has no engine and no registry of its own
 */
export async function openBench({ runs, largeRuns, earlier, actions }) {
  const program = await distributionProgram(placeOf(process.env));
  const lab = openLab(process.env);
  const { crane = 'crane' } = await lab.tools();
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const action = copyAction();
  let registry = await newRegistry();
  let count = 0;
  /** @type {Map<string, Promise<import('./side.js').Side>>} */
  const engines = new Map();
  const address = () => registry.registry;

  /** A registry of its own, which goes with what it holds. */
  function newRegistry() {
    return startOwnDistribution(program);
  }

  return {
    runs,
    largeRuns,
    earlier,
    actions,
    lab,
    action,

    /** The same each time. @param {'engine' | 'engine-containerd'} name */
    engine(name) {
      const engine = engines.get(name) ?? openSide(name, { action, address });
      engines.set(name, engine);
      return engine;
    },

    newRegistry,

    /** `host:port` of the registry; another one after `emptyRegistry` */
    address,

    async emptyRegistry() {
      await registry.close();
      registry = await newRegistry();
    },

    /** An image that nobody has named yet, of the owner `bench`. */
    newImage: () => `image-${count++}`,

    /** A folder that is empty. */
    newFolder() {
      const path = join(folder, `folder-${count++}`);
      mkdirSync(path);
      return path;
    },

    /** @param {readonly string[]} args @returns {Promise<number>} milliseconds */
    crane: (...args) => time(() => must([crane, ...args], process.env)),

    /**
     * What the requests of further tags take by themselves (`tag-client.js`).
     * @param {string} repository path of one whose first tag is there
     * @param {readonly string[]} tags
     * @returns {Promise<number>} milliseconds
     */
    async tagClient(repository, tags) {
      const client = fileURLToPath(new URL('tag-client.js', import.meta.url));
      return Number(await must([process.execPath, client, address(), repository, ...tags], process.env));
    },

    async close() {
      const opened = await Promise.allSettled(engines.values());
      for (const each of opened) if (each.status === 'fulfilled') await each.value.close();
      await registry.close();
      action[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
