/**
 * The private DOCKER_CONFIG of one step: begins as a copy of the runner's, so that other registries, contexts, builders
 * and plugins keep working; is removed with everything in it; never shared, so that jobs side by side on one machine
 * neither see nor break each other's login.
 * (Format: https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties)
 */

import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ToolError } from '../errors.ts';
import { hostOf, type Registry } from '../image/registry.ts';

export interface DockerConfig {
  /** What DOCKER_CONFIG is set to. */
  readonly folder: string;
  readonly currentContext: string | undefined;
  /** `cliPluginsExtraDirs` */
  readonly pluginFolders: readonly string[];
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The key under which the CLI keeps the login of a registry; Docker Hub has a name of its own for historical reasons. */
export function loginKey(registry: Registry): string {
  return hostOf(registry) === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
}

/**
 * The configuration that the step's CLI reads: the runner's, without a login for the given registries and without a
 * credential store for them, so that `docker login` writes into the private folder and nowhere else.
 * (An empty `credHelpers` entry selects the plain file for one registry:
 * https://github.com/docker/cli/blob/master/cli/config/configfile/file.go, `getConfiguredCredentialStore`.)
 */
export function isolateLogins(config: Readonly<Json>, registries: readonly Registry[]): Json {
  const keys = registries.map(loginKey);
  const auths = Object.entries(isObject(config.auths) ? config.auths : {});
  const helpers = isObject(config.credHelpers) ? config.credHelpers : {};
  const hasStore = typeof config.credsStore === 'string' || Object.keys(helpers).length > 0;
  return {
    ...config,
    auths: Object.fromEntries(auths.filter(([key]) => !keys.includes(key))),
    ...(hasStore ? { credHelpers: { ...helpers, ...Object.fromEntries(keys.map((key) => [key, ''])) } } : {}),
  };
}

/** Files above this size are plugins and the like, which are only read: a link does. */
const copyLimitBytes = 256 * 1024;

/** What buildx keeps about past builds grows without bound and serves no later step. */
const leftOut: readonly string[] = [join('buildx', 'refs'), join('buildx', 'activity'), join('buildx', '.lock')];

async function copyTree(from: string, to: string, inside = ''): Promise<void> {
  const entries = await readdir(join(from, inside), { withFileTypes: true }).catch(() => []);
  await Promise.all(
    entries.map(async (entry) => {
      const path = join(inside, entry.name);
      if (leftOut.includes(path) || path === 'config.json') return;
      const source = join(from, path);
      const target = join(to, path);
      if (entry.isSymbolicLink()) await symlink(resolve(source), target);
      else if (entry.isDirectory()) {
        await mkdir(target, { mode: 0o700 });
        await copyTree(from, to, path);
      } else if (entry.isFile()) {
        if ((await stat(source)).size > copyLimitBytes) return symlink(resolve(source), target);
        await copyFile(source, target);
        await chmod(target, 0o600);
      }
    }),
  );
}

async function readConfig(folder: string): Promise<Json> {
  const path = join(folder, 'config.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '{}';
    throw unreadable(path, error);
  });
  try {
    const config: unknown = JSON.parse(text);
    if (isObject(config)) return config;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw unreadable(path, undefined);
}

function unreadable(path: string, cause: unknown): ToolError {
  return new ToolError('DOCKER_CONFIG_INVALID', {
    message: `The Docker configuration ${path} of the runner could not be read as a JSON object.`,
    remedy: `Correct or remove ${path} on the runner.`,
    cause,
  });
}

/**
 * Makes the private folder.
 * @param folder where; it must not exist yet
 * @param runnerFolder the runner's own DOCKER_CONFIG
 * @param registries those that this step logs in to
 * @throws ToolError DOCKER_CONFIG_INVALID when the runner's configuration cannot be read
 */
export async function createDockerConfig(
  folder: string,
  runnerFolder: string,
  registries: readonly Registry[],
): Promise<DockerConfig> {
  const config = isolateLogins(await readConfig(runnerFolder), registries);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await Promise.all([
    copyTree(runnerFolder, folder),
    writeFile(join(folder, 'config.json'), JSON.stringify(config), { mode: 0o600 }),
  ]);
  const extra = Array.isArray(config.cliPluginsExtraDirs) ? config.cliPluginsExtraDirs : [];
  return {
    folder,
    currentContext: typeof config.currentContext === 'string' ? config.currentContext : undefined,
    pluginFolders: extra.filter((each) => typeof each === 'string'),
  };
}

/** Removes the private folder and every login in it. */
export async function removeDockerConfig(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
