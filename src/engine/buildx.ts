/**
 * The buildx plugin of the Docker CLI: is it there, which builder does it use, and what command line builds an image.
 */

import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatPlatform } from '../image/platform.ts';
import type { BuildRequest, DigestOutput } from './build-request.ts';
import type { Environment } from './command.ts';

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

/**
 * @param configFolder the CLI's DOCKER_CONFIG
 * @param extraFolders `cliPluginsExtraDirs` of its config.json
 * @returns the plugin's path, or `undefined`
 */
export async function findBuildx(configFolder: string, extraFolders: readonly string[]): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'docker-buildx.exe' : 'docker-buildx';
  const candidates = pluginFolders(configFolder, extraFolders).map((folder) => join(folder, name));
  const found = await Promise.all(
    candidates.map((path) =>
      access(path, constants.X_OK).then(
        () => path,
        () => undefined,
      ),
    ),
  );
  return found.find((path) => path !== undefined);
}

/**
 * The builder that buildx uses when none is named: BUILDX_BUILDER, else what `docker buildx use` (or
 * docker/setup-buildx-action) noted in the configuration.
 * @returns `undefined` for the daemon's own BuildKit
 */
export async function selectedBuilder(configFolder: string, env: Environment): Promise<string | undefined> {
  if (env.BUILDX_BUILDER) return env.BUILDX_BUILDER === 'default' ? undefined : env.BUILDX_BUILDER;
  const folder = env.BUILDX_CONFIG || join(configFolder, 'buildx');
  try {
    const current: unknown = JSON.parse(await readFile(join(folder, 'current'), 'utf8'));
    const isNamed = typeof current === 'object' && current !== null && 'Name' in current;
    return isNamed && typeof current.Name === 'string' && current.Name !== '' ? current.Name : undefined;
  } catch {
    // No builder was ever chosen.
    return undefined;
  }
}

/** Files that buildx writes its results to. */
export interface BuildxResultFiles {
  /** `--metadata-file` (JSON): `containerimage.digest` and the like. */
  readonly metadata: string;
  /** `--iidfile`: the image ID. */
  readonly imageId: string;
}

/**
 * The command line of a build. The plugin is started itself, as a program of its own
 * (https://github.com/docker/buildx#manual-download, "standalone"): under `docker` it would be started twice, once to be
 * asked who it is, which costs 140 ms of each build.
 * @param buildx the plugin's path
 * @param references what the image is named; pushed there when `push` is true
 */
export function buildxArguments(
  buildx: string,
  build: BuildRequest,
  references: readonly string[],
  push: boolean,
  files: BuildxResultFiles,
): [string, ...string[]] {
  return [
    buildx,
    'build',
    '--progress',
    'plain',
    ...references.flatMap((reference) => ['--tag', reference]),
    ...commonArguments(build),
    '--iidfile',
    files.imageId,
    '--metadata-file',
    files.metadata,
    ...(build.output === undefined ? [] : ['--output', digestOutput(build.output)]),
    ...(push && build.output === undefined ? ['--push'] : []),
    build.context,
  ];
}

/** The value of `--output` is CSV, so what may hold a comma stands in quotes. */
function digestOutput(output: DigestOutput): string {
  if (output.kind === 'archive') return `type=oci,"dest=${output.file.replaceAll('"', '""')}"`;
  return `type=image,"name=${output.names.join(',')}",push-by-digest=true,name-canonical=true,push=true`;
}

/** The options that `docker build` and `docker buildx build` share. */
export function commonArguments(build: BuildRequest): string[] {
  return [
    ...(build.file === '' ? [] : ['--file', build.file]),
    ...(build.target === '' ? [] : ['--target', build.target]),
    ...(build.platforms.length === 0 ? [] : ['--platform', build.platforms.map(formatPlatform).join(',')]),
    ...build.buildArgs.flatMap((entry) => ['--build-arg', entry]),
    ...build.labels.flatMap((entry) => ['--label', entry]),
  ];
}
