/** Paths of a machine, by the rules of its system. */

import { type PlatformPath, posix, win32 } from 'node:path';

/** The functions for paths of a system, whatever the system is that this runs on. */
export function pathsOf(platform: NodeJS.Platform): PlatformPath {
  return platform === 'win32' ? win32 : posix;
}
