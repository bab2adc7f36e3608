// @ts-check
/**
 * What the lab starts is written down before it is waited for, so that `lab/down` finds all of it and nothing else.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.js';
import { LabError } from './place.js';
import { answerOf, isAlive, run, startDaemon, stop, waitUntil } from './process.js';

/** @typedef {import('./place.js').Place} Place */

/**
 * @typedef {object} Service what was started under one name
 * @property {import('./process.js').Started[]} processes in the order of their start
 * @property {string[][]} undo commands that take back what was added to the machine, each `[command, …arguments]`, run in
 *   reverse order once the processes are gone
 */

/**
 * Brings a service up unless it is up.
 * @param {Place} place
 * @param {string} name
 * @param {object} how
 * @param {() => Promise<boolean>} how.healthy whether it answers
 * @param {(starter: Starter) => Promise<void>} how.start
 * @throws {LabError} when it does not answer within 60 s; the message quotes the end of its log
 */
export async function ensureService(place, name, { healthy, start }) {
  const runs = () => recorded(place, name)?.processes.every(isAlive) ?? false;
  if (runs() && (await healthy())) return;
  await withLock(place, `service-${name}`, async () => {
    // One that others use may only be slow to answer on a busy machine.
    if (runs() && (await waitUntil(async () => (await healthy()) || !runs(), 30_000)) && runs()) return;
    await takeDown(place, name);
    const starter = new Starter(place, name);
    await start(starter);
    if (await waitUntil(async () => (await healthy()) || !starter.isAlive(), 60_000)) {
      if (starter.isAlive() && (await healthy())) return;
    }
    const log = starter.endOfLog();
    await takeDown(place, name);
    throw new LabError(`The lab's ${name} did not come up. The end of its log:\n${log}`);
  });
}

/** Starts the processes of one service and writes each down at once. */
export class Starter {
  /** @type {Service} */
  #service = { processes: [], undo: [] };
  #place;
  #name;

  /**
   * @param {Place} place
   * @param {string} name
   */
  constructor(place, name) {
    this.#place = place;
    this.#name = name;
    mkdirSync(this.folder, { recursive: true });
  }

  /** Folder for sockets, configuration and the log: gone after `lab/down`. */
  get folder() {
    return folderOf(this.#place, this.#name);
  }

  /** Folder for data: kept. */
  get data() {
    const folder = join(this.#place.data, this.#name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {NodeJS.ProcessEnv} env
   * @returns {Promise<number>} its pid
   */
  async daemon(command, args, env) {
    const started = await startDaemon(command, args, { env, log: join(this.folder, 'log') });
    this.#service.processes.push(started);
    this.#write();
    return started.pid;
  }

  /**
   * Changes the machine, once it is written down how to take the change back.
   * @param {string[]} command
   * @param {string[]} undo
   * @param {NodeJS.ProcessEnv} [env]
   */
  async change([command = '', ...args], undo, env = process.env) {
    this.#service.undo.push(undo);
    this.#write();
    await run(command, args, { env });
  }

  /**
   * @param {string} name
   * @param {string} text
   * @returns {string} the file
   */
  file(name, text) {
    const file = join(this.folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  isAlive() {
    return this.#service.processes.every(isAlive);
  }

  endOfLog() {
    const log = join(this.folder, 'log');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-8).join('\n') : '';
  }

  #write() {
    const file = this.file('record.json.new', JSON.stringify(this.#service));
    renameSync(file, join(this.folder, 'record.json'));
  }
}

/**
 * @param {Place} place
 * @param {string} name
 * @returns {string}
 */
export function folderOf(place, name) {
  return join(place.run, name);
}

/**
 * @param {Place} place
 * @returns {string[]} services with a record
 */
export function recordedServices(place) {
  return existsSync(place.run) ? readdirSync(place.run).filter((name) => recorded(place, name)) : [];
}

/**
 * Stops a service that the lab started and takes its traces away, but its data.
 * @param {Place} place
 * @param {string} name
 */
export function stopService(place, name) {
  return withLock(place, `service-${name}`, () => takeDown(place, name));
}

/**
 * @param {Place} place
 * @param {string} name
 */
async function takeDown(place, name) {
  const service = recorded(place, name);
  for (const started of service?.processes.toReversed() ?? []) await stop(started);
  for (const folder of [folderOf(place, name), join(place.data, name)]) {
    for (const mount of mountsBeneath(folder)) await answerOf('umount', ['-l', mount]);
  }
  for (const [command = '', ...args] of service?.undo.toReversed() ?? []) await answerOf(command, args);
  rmSync(folderOf(place, name), { recursive: true, force: true });
}

/**
 * @param {string} folder
 * @returns {string[]} mount points beneath it, the deepest first (field 5 of /proc/self/mountinfo, proc(5))
 */
function mountsBeneath(folder) {
  const mounts = existsSync('/proc/self/mountinfo') ? readFileSync('/proc/self/mountinfo', 'utf8').split('\n') : [];
  return mounts
    .map((line) => line.split(' ')[4] ?? '')
    .filter((mount) => mount.startsWith(`${folder}/`))
    .reverse();
}

/**
 * @param {Place} place
 * @param {string} name
 * @returns {Service | undefined}
 */
function recorded(place, name) {
  try {
    return JSON.parse(readFileSync(join(folderOf(place, name), 'record.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
