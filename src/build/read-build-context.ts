/**
 * What the files of a build context tell of the image before it is built: the Dockerfile, and the commit that is checked out.
 */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { BuildOptions } from './build-request.ts';
import { isRemoteContext } from './context-path.ts';
import { type Dockerfile, parseDockerfile } from './dockerfile-stages.ts';

/** A Dockerfile is written by hand; a larger file is something else. */
const largestDockerfile = 1024 * 1024;

function readText(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    return size > largestDockerfile ? undefined : readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * @param workingFolder what relative paths are relative to
 * @returns the Dockerfile; `undefined` where it is not on this machine, or cannot be read
 */
export function readDockerfile(
  { context, file, inlineDockerfile }: Pick<BuildOptions, 'context' | 'file' | 'inlineDockerfile'>,
  workingFolder: string,
): Dockerfile | undefined {
  if (inlineDockerfile !== undefined) return parseDockerfile(inlineDockerfile);
  if (file === '-' || isRemoteContext(context) || isRemoteContext(file)) return undefined;
  const folder = resolve(workingFolder, context);
  const candidates =
    file === '' ? [join(folder, 'Dockerfile'), join(folder, 'dockerfile')] : [resolve(workingFolder, file)];
  const text = candidates.map(readText).find((each) => each !== undefined);
  return text === undefined ? undefined : parseDockerfile(text);
}

/**
 * The commit that the context is checked out at (gitrepository-layout, "HEAD"), also in a worktree or a submodule.
 * @returns `undefined` for a context that is no Git checkout, or whose references are kept in another format than files
 */
export function readCheckedOutCommit(context: string, workingFolder: string): string | undefined {
  if (isRemoteContext(context)) return undefined;
  const folder = gitFolder(resolve(workingFolder, context));
  if (folder === undefined) return undefined;
  const head = readText(join(folder, 'HEAD'))?.trim() ?? '';
  const [, reference] = /^ref: (refs\/[^\s]+)$/.exec(head) ?? [];
  if (reference === undefined) return commitOf(head);
  const common = resolve(folder, readText(join(folder, 'commondir'))?.trim() ?? '.');
  return commitOf(readText(join(common, reference))?.trim() ?? '') ?? packedCommit(common, reference);
}

function commitOf(text: string): string | undefined {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text) ? text : undefined;
}

function packedCommit(folder: string, reference: string): string | undefined {
  const line = readText(join(folder, 'packed-refs'))
    ?.split('\n')
    .find((each) => each.endsWith(` ${reference}`));
  return commitOf(line?.split(' ')[0] ?? '');
}

/** `.git` of a folder or of the nearest one above it; a file there names the folder (worktree, submodule). */
function gitFolder(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, '.git');
    if (existsSync(path)) {
      const [, named] = /^gitdir: (.+)$/m.exec(readText(path) ?? '') ?? [];
      return named === undefined ? path : resolve(folder, named.trim());
    }
    if (dirname(folder) === folder) return undefined;
  }
}
