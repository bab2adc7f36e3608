/** Where the files of a build come from. */

import paths, { type PlatformPath } from 'node:path';

/** Whether a context is fetched by the builder: a URL, a Git remote, or standard input (docker build, "Build context"). */
export function isRemoteContext(context: string): boolean {
  return /^(?:https?|git|ssh):\/\/|^git@|^github\.com\//.test(context) || context === '-';
}

/** The host of a Git remote that a builder fetches by HTTP; empty for any other context. */
export function gitHost(context: string): string {
  if (/^github\.com\//.test(context)) return 'github.com';
  if (!/^https?:/.test(context) || !URL.canParse(context)) return '';
  const { host, pathname, hash, searchParams } = new URL(context);
  return /\.git$/.test(pathname) || hash !== '' || searchParams.size > 0 ? host : '';
}

/**
 * The Dockerfile of a build as the workspace has it, for annotations, which have slashes on every system; `undefined` where it is not
 * in there.
 * @param path the functions for paths of the system
 */
export function dockerfilePath(
  build: { readonly context: string; readonly file: string; readonly inlineDockerfile?: string },
  path: PlatformPath = paths,
): string | undefined {
  const { context, file, inlineDockerfile } = build;
  if (inlineDockerfile !== undefined) return undefined;
  if (file === '-' || isRemoteContext(context) || isRemoteContext(file)) return undefined;
  return path.normalize(file || path.join(context, 'Dockerfile')).replaceAll(path.sep, '/');
}

/**
 * The Dockerfile that a target of a bake file names: unlike `file`, relative to the context.
 * @returns empty if it is in a context elsewhere
 */
export function bakedDockerfile(context: string, dockerfile: string): string {
  if (isRemoteContext(context)) return '';
  if (dockerfile.startsWith('cwd://')) return dockerfile.slice('cwd://'.length);
  return paths.isAbsolute(dockerfile) || isRemoteContext(dockerfile) ? dockerfile : paths.join(context, dockerfile);
}
