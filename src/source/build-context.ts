/**
 * Looks at what a build would read, before anything runs.
 */

import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuildRequest } from '../engine/build-request.ts';
import { gatherFaults, InputError } from '../errors.ts';

/** Whether a context is fetched by the builder: a URL, a Git remote, or standard input (docker build, "Build context"). */
export function isRemoteContext(context: string): boolean {
  return /^(?:https?|git|ssh):\/\/|^git@|^github\.com\//.test(context) || context === '-';
}

function kindOf(path: string): 'folder' | 'file' | 'nothing' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    // Absent, out of reach, or no path at all (too long).
    return 'nothing';
  }
}

/**
 * @param workingFolder what relative paths are relative to, as for the engine's CLI
 * @throws InputError CONTEXT_MISSING, DOCKERFILE_MISSING
 */
export function checkBuildContext(request: Pick<BuildRequest, 'context' | 'file'>, workingFolder: string): void {
  const { context, file } = request;
  if (isRemoteContext(context)) return;
  const { attempt, throwIfAny } = gatherFaults();
  const folder = resolve(workingFolder, context);
  const contextKind = kindOf(folder);
  attempt(() => {
    if (contextKind === 'folder') return;
    throw new InputError('CONTEXT_MISSING', {
      message: `The build context "${context}" ${contextKind === 'file' ? 'is a file' : 'does not exist'}: expected a folder (${folder}).`,
      remedy: 'Check out the repository first (actions/checkout), or correct `context`.',
    });
  });
  attempt(() => {
    if (contextKind !== 'folder' && file === '') return;
    if (file === '-' || isRemoteContext(file)) return;
    const candidates =
      file === '' ? [join(folder, 'Dockerfile'), join(folder, 'dockerfile')] : [resolve(workingFolder, file)];
    if (candidates.some((path) => kindOf(path) === 'file')) return;
    throw new InputError('DOCKERFILE_MISSING', {
      message: `The Dockerfile "${file || join(context, 'Dockerfile')}" does not exist: expected a file (${candidates[0]}).`,
      remedy: 'Correct `file`, which is relative to the checkout, not to `context`.',
    });
  });
  throwIfAny();
}
