/** Finds the buildx plugin of the Docker CLI (docker/cli, cli-plugins/manager). */

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Where the CLI looks for plugins, first match wins
 * (https://github.com/docker/cli/blob/master/cli-plugins/manager/manager.go, `getPluginDirs`).
 */
function pluginFolders(configFolder: string, extraFolders: readonly string[]): string[] {
  return [
    ...extraFolders,
    join(configFolder, 'cli-plugins'),
    '/usr/local/lib/docker/cli-plugins',
    '/usr/local/libexec/docker/cli-plugins',
    '/usr/lib/docker/cli-plugins',
    '/usr/libexec/docker/cli-plugins',
  ];
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
 * @returns the plugin's path, or `undefined`
 */
export async function findBuildx(configFolder: string, extraFolders: readonly string[]): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'docker-buildx.exe' : 'docker-buildx';
  const candidates = pluginFolders(configFolder, extraFolders).map((folder) => join(folder, name));
  const found = await Promise.all(candidates.map((path) => isProgram(path).then((is) => (is ? path : undefined))));
  return found.find((path) => path !== undefined);
}
