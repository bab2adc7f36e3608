/**
 * The private folder of one step: its DOCKER_CONFIG and the results of its builds. `main` makes and removes it; `post`
 * removes it where `main` could not.
 */

import { basename, join } from 'node:path';

const prefix = 'publish-docker-package-';

/** A new name, below the runner's temporary folder. */
export function newStepFolder(temp: string): string {
  return join(temp, `${prefix}${crypto.randomUUID()}`);
}

/** Whether a path is one that `newStepFolder` made up, and so may be removed. */
export function isStepFolder(path: string): boolean {
  const name = basename(path);
  return name.startsWith(prefix) && /^[0-9a-f-]{36}$/.test(name.slice(prefix.length));
}
