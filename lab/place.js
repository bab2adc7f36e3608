// @ts-check
/**
 * Where the lab lives: one folder per user, outside of the clone, shared by all clones.
 */
import { existsSync, mkdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';

/** A sentence for the person who ran the lab: printed as it is, without a stack. */
export class LabError extends Error {
  /** @override */
  name = 'LabError';
}

/**
 * @typedef {object} Place
 * @property {string} root everything the lab writes is beneath it
 * @property {string} apt private package lists, cache and configuration of apt
 * @property {string} parts unpacked packages, a folder per part
 * @property {string} bin commands for the caller's PATH
 * @property {string} dockerConfig the DOCKER_CONFIG that stands for the runner's own
 * @property {string} run sockets, logs and records of started processes, a folder per service
 * @property {string} data data of engines and registries, a folder per service
 * @property {string} locks
 */

/**
 * @param {NodeJS.ProcessEnv} environment PUBLISH_LAB_DIR overrides ${XDG_CACHE_HOME:-~/.cache}/publish-docker-package
 * @returns {Place}
 */
export function placeOf(environment) {
  const cache = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), '.cache');
  const root = environment.PUBLISH_LAB_DIR || join(cache, 'publish-docker-package');
  return {
    root,
    apt: join(root, 'apt'),
    parts: join(root, 'parts'),
    bin: join(root, 'bin'),
    dockerConfig: join(root, 'docker-config'),
    run: join(root, 'run'),
    data: join(root, 'data'),
    locks: join(root, 'locks'),
  };
}

/**
 * Puts a command into the folder that callers add to PATH.
 * @param {Place} place
 * @param {string} command
 */
export function linkCommand(place, command) {
  mkdirSync(place.bin, { recursive: true });
  const link = join(place.bin, basename(command));
  if (existsSync(link) && readlinkSync(link) === command) return;
  const draft = `${link}.${process.pid}`;
  symlinkSync(command, draft);
  renameSync(draft, link);
}
