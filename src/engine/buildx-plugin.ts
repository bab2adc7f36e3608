/** Finds the buildx plugin of the Docker CLI (docker/cli, cli-plugins/manager). */

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { type Environment, variableOf } from '../text/environment.ts';
import { pathsOf } from '../text/local-path.ts';

/** The folders of the system (docker/cli, cli-plugins/manager: manager_unix.go, which macOS has too, and manager_windows.go). */
function systemFolders(env: Environment, platform: NodeJS.Platform): readonly string[] {
  if (platform !== 'win32') {
    const roots = ['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec'];
    return roots.map((root) => `${root}/docker/cli-plugins`);
  }
  // ProgramData until Docker 28.
  const roots = ['ProgramData', 'ProgramFiles'].flatMap((name) => variableOf(env, name, platform) ?? []);
  return roots.map((root) => pathsOf(platform).join(root, 'Docker', 'cli-plugins'));
}

/**
 * Where the plugin may be: in the folders in which the CLI looks, first match wins
 * (https://github.com/docker/cli/blob/master/cli-plugins/manager/manager.go, `getPluginDirs`).
 */
export function buildxPaths(
  configFolder: string,
  extraFolders: readonly string[],
  env: Environment,
  platform: NodeJS.Platform,
): readonly string[] {
  const { join } = pathsOf(platform);
  const folders = [...extraFolders, join(configFolder, 'cli-plugins'), ...systemFolders(env, platform)];
  return folders.map((folder) => join(folder, pluginName(platform)));
}

/** The file of the plugin. */
export function pluginName(platform: NodeJS.Platform): string {
  return platform === 'win32' ? 'docker-buildx.exe' : 'docker-buildx';
}

/** A folder can be executed, too, as far as its mode says; a pipe would be waited for. */
async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * @param configFolder the CLI's DOCKER_CONFIG
 * @param extraFolders `cliPluginsExtraDirs` of its config.json
 * @param env of the CLI, which says on Windows where programs are
 * @returns the plugin's path, or `undefined`
 */
export async function findBuildx(
  configFolder: string,
  extraFolders: readonly string[],
  env: Environment,
): Promise<string | undefined> {
  const candidates = buildxPaths(configFolder, extraFolders, env, process.platform);
  const found = await Promise.all(candidates.map((path) => isProgram(path).then((is) => (is ? path : undefined))));
  return found.find((path) => path !== undefined);
}
