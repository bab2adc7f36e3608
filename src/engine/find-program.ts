/** Where a program is: looked up in the PATH that its process will have, not in that of this process. */

import { accessSync, constants, statSync } from 'node:fs';
import { type Environment, variableOf } from '../text/environment.ts';
import { pathsOf } from '../text/local-path.ts';

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
 * The paths at which a program may be, the first choice first. On Windows they end in `.exe`. A file without an ending, such as the
 * script `docker` that Docker Desktop has for WSL, does not start there, and Node starts no `.cmd` without a shell
 * (https://nodejs.org/api/child_process.html#spawning-bat-and-cmd-files-on-windows).
 */
export function programPaths(name: string, env: Environment, platform: NodeJS.Platform): readonly string[] {
  const isWindows = platform === 'win32';
  const { delimiter, join, resolve } = pathsOf(platform);
  const file = isWindows && !/\.exe$/i.test(name) ? `${name}.exe` : name;
  if (name.includes('/') || (isWindows && name.includes('\\'))) return [resolve(file)];
  return (variableOf(env, 'PATH', platform) ?? (isWindows ? '' : usualPath))
    .split(delimiter)
    .map((folder) => (isWindows ? folder.replaceAll('"', '') : folder))
    .filter((folder) => folder !== '')
    .map((folder) => resolve(join(folder, file)));
}

/**
 * @param name of the program, or a path to it
 * @returns its absolute path, or `undefined` if there is none that may be executed
 */
export function findProgram(name: string, env: Environment): string | undefined {
  return programPaths(name, env, process.platform).find(isProgram);
}
