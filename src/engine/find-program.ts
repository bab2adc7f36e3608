/** Where a program is: looked up in the PATH that its process will have, not in that of this process. */

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Environment } from '../text/environment.ts';

/** Where the system looks if there is no PATH (execvp(3), glibc). */
const usualPath = '/usr/bin:/bin';

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * @param name of the program, or a path to it
 * @returns its absolute path, or `undefined` if there is none that may be executed
 */
export function findProgram(name: string, env: Environment): string | undefined {
  const names = process.platform === 'win32' ? [`${name}.exe`, name] : [name];
  const isPath = name.includes('/') || (process.platform === 'win32' && name.includes('\\'));
  const folders = isPath ? [''] : (env.PATH ?? usualPath).split(delimiter).filter((folder) => folder !== '');
  return folders
    .flatMap((folder) => names.map((each) => resolve(isPath ? each : join(folder, each))))
    .find((path) => isProgram(path));
}
