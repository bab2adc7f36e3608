// @ts-check
/**
 * Independent clients to check what was published.
 */
import { join } from 'node:path';
import { distribution, RECENT, unpacked } from './apt.js';
import { LabError, linkCommand } from './place.js';

const COMMANDS = ['crane', 'oras', 'cosign'];

/**
 * @param {import('./place.js').Place} place
 * @returns {Promise<Record<string, string>>} path of each command
 * @throws {LabError} where their packages cannot be had
 */
export async function tools(place) {
  const machine = distribution();
  if (machine?.id !== 'debian') {
    throw new LabError(`The lab has ${COMMANDS.join(', ')} on Debian only: install them and put them on PATH.`);
  }
  const root = await unpacked(
    place,
    machine,
    'tools',
    COMMANDS.map((name) => `${name}/${RECENT}`),
  );
  const paths = COMMANDS.map((name) => join(root, 'usr/bin', name));
  for (const path of paths) linkCommand(place, path);
  return Object.fromEntries(paths.map((path, index) => [COMMANDS[index], path]));
}
