/**
 * The private DOCKER_CONFIG of one step. It begins as a copy of the runner's, so that other registries, contexts, builders
 * and plugins keep working. It is removed with everything in it. It is never shared, so that jobs side by side on one machine
 * neither see nor break each other's login. (Format:
 * https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties)
 */

import type { Dirent } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ToolError } from '../errors.ts';
import { loginKey, type Registry } from '../image/registry-name.ts';
import type { RegistryLogin } from '../registry/credential.ts';
import { isObject, type JsonObject } from '../text/json.ts';
import { isStepFolder } from './private-folder.ts';

export interface DockerConfig {
  /** What DOCKER_CONFIG is set to. */
  readonly folder: string;
  readonly currentContext: string | undefined;
  /** `cliPluginsExtraDirs` */
  readonly pluginFolders: readonly string[];
}

/**
 * Whether an entry of `auths` is the login of a registry: under its key, or under a URL of it, as older clients wrote
 * (https://github.com/docker/cli/blob/master/cli/config/credentials/file_store.go, `ConvertToHostname`).
 */
export function isLoginOf(registry: Registry, key: string): boolean {
  return key === loginKey(registry) || key.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/s, '') === registry;
}

/**
 * The configuration that the step's CLI reads: the runner's, without logins and without a credential store for the given
 * registries. So the CLI reads the logins that the step writes into the private folder, and no others. (An empty `credHelpers` entry selects the
 * plain file for one registry: https://github.com/docker/cli/blob/master/cli/config/configfile/file.go,
 * `getConfiguredCredentialStore`. It also keeps the CLI from taking the store of the operating system, as it does where a
 * configuration has no login at all.)
 */
export function isolateLogins(config: Readonly<JsonObject>, registries: readonly Registry[]): JsonObject {
  const auths = Object.entries(isObject(config.auths) ? config.auths : {});
  const helpers = isObject(config.credHelpers) ? config.credHelpers : {};
  return {
    ...config,
    auths: Object.fromEntries(auths.filter(([key]) => !registries.some((registry) => isLoginOf(registry, key)))),
    credHelpers: { ...helpers, ...Object.fromEntries(registries.map((registry) => [loginKey(registry), ''])) },
  };
}

/** Files above this size are plugins and the like, which are only read: a link does. */
const copyLimitBytes = 256 * 1024;

/** What buildx keeps about past builds grows without bound and serves no later step. */
const leftOut: readonly string[] = [join('buildx', 'refs'), join('buildx', 'activity'), join('buildx', '.lock')];

/** The configuration, which is written anew, and the files by way of which another job's `docker login` writes it; Windows and macOS read it in any case. */
const configFile = /^config\.json[0-9]*$/i;

/** What goes while we look is another job's, such as a temporary file; what is closed to us is closed to the step's CLI, too. */
function ignoreGone(error: NodeJS.ErrnoException): void {
  if (!['ENOENT', 'EACCES', 'EPERM'].includes(error.code ?? '')) throw error;
}

/** Files and folders of a configuration that are copied; what is beyond is a cache, which is only read: links do. */
const mostCopies = 512;
/** Entries at a time. */
const width = 256;

const entriesOf = (folder: string): Promise<Dirent[]> => readdir(folder, { withFileTypes: true }).catch(() => []);

async function copyTree(from: string, to: string): Promise<void> {
  const entries = await entriesOf(from);
  const budget = { left: mostCopies };
  // What buildx writes has to be the step's own, so it comes before all else.
  const [buildx, others] = [true, false].map((is) => entries.filter(({ name }) => (name === 'buildx') === is));
  await copyEntries(buildx ?? [], from, to, '', budget);
  await copyEntries(others ?? [], from, to, '', budget);
}

async function copyEntries(
  entries: readonly Dirent[],
  from: string,
  to: string,
  inside: string,
  budget: { left: number },
): Promise<void> {
  for (let start = 0; start < entries.length; start += width) {
    const some = entries.slice(start, start + width);
    await Promise.all(some.map((entry) => copyEntry(entry, from, to, inside, budget)));
  }
}

async function copyEntry(
  entry: Dirent,
  from: string,
  to: string,
  inside: string,
  budget: { left: number },
): Promise<void> {
  const path = join(inside, entry.name);
  // RUNNER_TEMP may be the runner's configuration: there the folders of steps are, this one's too.
  if (leftOut.includes(path) || configFile.test(path) || isStepFolder(path)) return;
  const source = join(from, path);
  const target = join(to, path);
  budget.left -= 1;
  if (entry.isSymbolicLink() || budget.left < 0) return link(resolve(source), target).catch(ignoreGone);
  if (entry.isFile()) return copy(resolve(source), target).catch(ignoreGone);
  if (!entry.isDirectory()) return;
  const children = await entriesOf(source);
  if (children.length > budget.left) return link(resolve(source), target).catch(ignoreGone);
  await mkdir(target, { mode: 0o700 });
  await copyEntries(children, from, to, path, budget);
}

/**
 * A link. Where the system refuses links, as Windows does to a user without the privilege: a junction to a folder, which needs none
 * (https://learn.microsoft.com/windows/win32/fileio/hard-links-and-junctions), or a copy of a file.
 */
async function link(source: string, target: string): Promise<void> {
  try {
    await symlink(source, target);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
    if ((await stat(source)).isDirectory()) await symlink(source, target, 'junction');
    else await copyFile(source, target);
  }
}

async function copy(source: string, target: string): Promise<void> {
  const { size, mode } = await stat(source);
  if (size > copyLimitBytes) return link(source, target);
  await copyFile(source, target);
  // A plugin may be a script.
  await chmod(target, 0o600 | (mode & 0o100));
}

async function readConfig(folder: string): Promise<JsonObject> {
  const path = join(folder, 'config.json');
  // A pipe would be waited for without end, and no signal ends that.
  if ((await stat(path).catch(() => undefined))?.isFIFO()) throw unreadable(path, undefined);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '{}';
    throw unreadable(path, error);
  });
  try {
    // The CLI takes an empty file for an empty configuration.
    const config: unknown = JSON.parse(text.trim() || '{}');
    if (isObject(config)) return config;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw unreadable(path, undefined);
}

function unreadable(path: string, cause: unknown): ToolError {
  return new ToolError('DOCKER_CONFIG_INVALID', {
    message: `The Docker configuration ${path} of the runner is not a readable JSON object.`,
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

/**
 * Writes logins into the private folder, as `docker login` writes them where no credential store is named. No child is started
 * for it, and none can write them again after the folder is removed.
 */
export async function writeLogins({ folder }: DockerConfig, logins: readonly RegistryLogin[]): Promise<void> {
  const config = await readConfig(folder);
  const auths = logins.map(({ registry, username, password }) => {
    return [loginKey(registry), { auth: Buffer.from(`${username}:${password}`).toString('base64') }];
  });
  const all = { ...(isObject(config.auths) ? config.auths : {}), ...Object.fromEntries(auths) };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, auths: all }), { mode: 0o600 });
}

/** Removes the private folder and every login in it. */
export async function removeDockerConfig(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
