/**
 * Looks at what a build would read, before anything runs.
 */

import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gatherFaults, InputError } from '../errors.ts';
import type { BuildRequest } from './build-request.ts';
import { checkSecrets } from './build-secrets.ts';
import { isRemoteContext } from './context-path.ts';

function kindOf(path: string): 'folder' | 'file' | 'nothing' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    // Absent, out of reach, or no path at all (too long).
    return 'nothing';
  }
}

/**
 * Everything that a build would read from this machine: context, Dockerfile, secrets and keys.
 * @param workingFolder what relative paths are relative to, as for the engine's CLI
 * @param env the step's, of which secrets may come
 * @throws InputError CONTEXT_MISSING, DOCKERFILE_MISSING, SECRET_MISSING; all faults together
 */
export function checkBuild(request: BuildRequest, workingFolder: string, env: NodeJS.ProcessEnv): void {
  const faults = gatherFaults();
  faults.attempt(() => checkBuildContext(request, workingFolder));
  // A socket of an SSH agent is no folder either.
  const isFile = (path: string): boolean => kindOf(resolve(workingFolder, path)) === 'file';
  checkSecrets(request.secrets, request.ssh, { env, isFile }, faults);
  for (const entry of request.buildContexts) {
    faults.attempt(() => {
      const path = entry.slice(entry.indexOf('=') + 1);
      // The link to another target of the bake file.
      if (request.bakeTarget !== undefined && path.startsWith('target:')) return;
      if (/^[a-z-]+:\/\//.test(path) || isRemoteContext(path) || kindOf(resolve(workingFolder, path)) === 'folder')
        return;
      throw new InputError('CONTEXT_MISSING', {
        message: `${whose(request, 'build-contexts', 'contexts')} has the entry "${entry}", which does not exist: expected a folder (${resolve(workingFolder, path)}) or a URL.`,
        remedy: 'Correct it: NAME=path, NAME=URL, NAME=docker-image://IMAGE or NAME=oci-layout://PATH.',
      });
    });
  }
  faults.throwIfAny();
}

/**
 * @param workingFolder what relative paths are relative to, as for the engine's CLI
 * @throws InputError CONTEXT_MISSING, DOCKERFILE_MISSING
 */
export function checkBuildContext(
  request: Pick<BuildRequest, 'context' | 'file' | 'inlineDockerfile' | 'bakeTarget'>,
  workingFolder: string,
): void {
  const { context, file, inlineDockerfile, bakeTarget } = request;
  if (isRemoteContext(context)) return;
  const { attempt, throwIfAny } = gatherFaults();
  const folder = resolve(workingFolder, context);
  const contextKind = kindOf(folder);
  attempt(() => {
    if (contextKind === 'folder') return;
    throw new InputError('CONTEXT_MISSING', {
      message: `${whose(request, 'context', 'context')} is "${context}", which ${contextKind === 'file' ? 'is a file' : 'does not exist'}: expected a folder (${folder}).`,
      remedy: remedyForContext(context),
    });
  });
  attempt(() => {
    if (inlineDockerfile !== undefined || (contextKind !== 'folder' && (file === '' || bakeTarget !== undefined)))
      return;
    if (file === '-' || isRemoteContext(file)) return;
    const candidates =
      file === '' ? [join(folder, 'Dockerfile'), join(folder, 'dockerfile')] : [resolve(workingFolder, file)];
    if (candidates.some((path) => kindOf(path) === 'file')) return;
    throw new InputError('DOCKERFILE_MISSING', {
      message: `The Dockerfile "${file || join(context, 'Dockerfile')}" does not exist: expected a file (${candidates[0]}).`,
      remedy:
        bakeTarget !== undefined
          ? `Correct \`dockerfile\` of the target "${bakeTarget}", which is relative to its \`context\`.`
          : remedyForDockerfile(context, file, (name) => kindOf(join(folder, name)) === 'file'),
    });
  });
  throwIfAny();
}

/** Where a value stands: in an input, or in an attribute of a target. */
function whose({ bakeTarget }: Pick<BuildRequest, 'bakeTarget'>, input: string, attribute: string): string {
  return bakeTarget === undefined ? `The input \`${input}\`` : `\`${attribute}\` of the target "${bakeTarget}"`;
}

function remedyForContext(context: string): string {
  const [isDefault, folder = '.'] = /^\{\{ ?defaultContext ?\}\}(?::(.+))?$/.exec(context) ?? [];
  return isDefault === undefined
    ? 'Check out the repository first (actions/checkout), or correct `context`.'
    : `The context is the checkout here, not the commit on the server: write \`context: ${folder}\`.`;
}

function remedyForDockerfile(context: string, file: string, isInContext: (name: string) => boolean): string {
  if (file === '') {
    // The name that Podman and Buildah look for first; BuildKit does not look for it.
    if (isInContext('Containerfile')) {
      return `Name the Containerfile that is there: write \`file: ${join(context, 'Containerfile')}\`.`;
    }
    return 'Check out the repository first (actions/checkout), or say where the Dockerfile is, in `file`, or its folder, in `context`.';
  }
  const remedy = 'Correct `file`, which is relative to the checkout, not to `context`';
  return isInContext(file) ? `${remedy}: write \`file: ${join(context, file)}\`.` : `${remedy}.`;
}
