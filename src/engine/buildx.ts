/**
 * buildx: is it there, which builder does it use, and what command line builds an image.
 */

import { constants } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatPlatform } from '../image/platform.ts';
import type { Environment } from '../text/environment.ts';
import { attestationArguments } from './attestations.ts';
import type { BuildAnnotation, BuildRequest } from './build-request.ts';
import { formatCacheEntry } from './cache.ts';
import { type ImagePlace, outputArguments } from './output-arguments.ts';
import { hasTreeOutput } from './outputs.ts';
import { secretArguments } from './secrets.ts';

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

/** Where buildx keeps its builders (https://github.com/docker/buildx/blob/master/util/confutil/config.go). */
export function buildxFolder(configFolder: string, env: Environment): string {
  return env.BUILDX_CONFIG || join(configFolder, 'buildx');
}

/** A file of buildx; `undefined` where it is absent, or not what buildx writes. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A builder that buildx knows. */
export interface FoundBuilder {
  readonly name: string;
  /** `docker-container`, `kubernetes`, `remote`; `docker` for the daemon's own. */
  readonly driver: string;
  readonly endpoints: readonly string[];
}

/** @returns `undefined` where there is no builder of the name */
export async function findBuilder(
  name: string,
  configFolder: string,
  env: Environment,
): Promise<FoundBuilder | undefined> {
  const value = await readJson(join(buildxFolder(configFolder, env), 'instances', name));
  if (typeof value !== 'object' || value === null) {
    // Every context of the CLI is a builder, too; "default" is the one that is always there.
    const contexts = await readdir(join(configFolder, 'contexts', 'meta')).catch(() => []);
    const metas = contexts.map((each) => readJson(join(configFolder, 'contexts', 'meta', each, 'meta.json')));
    const isContext = (await Promise.all(metas)).some(
      (meta) => typeof meta === 'object' && meta !== null && 'Name' in meta && meta.Name === name,
    );
    return name === 'default' || isContext ? { name, driver: 'docker', endpoints: [] } : undefined;
  }
  const nodes: readonly unknown[] = 'Nodes' in value && Array.isArray(value.Nodes) ? value.Nodes : [];
  return {
    name,
    driver: 'Driver' in value && typeof value.Driver === 'string' ? value.Driver : 'docker-container',
    endpoints: nodes.flatMap((node) =>
      typeof node === 'object' && node !== null && 'Endpoint' in node && typeof node.Endpoint === 'string'
        ? [node.Endpoint]
        : [],
    ),
  };
}

/** Names of the builders that were made on this runner, for an error. */
export async function builderNames(configFolder: string, env: Environment): Promise<readonly string[]> {
  return ['default', ...(await readdir(join(buildxFolder(configFolder, env), 'instances')).catch(() => []))];
}

/** Files that buildx writes its results to. */
export interface BuildxResultFiles {
  /** `--metadata-file` (JSON): `containerimage.digest` and the like. */
  readonly metadata: string;
  /** `--iidfile`: the image ID. */
  readonly imageId: string;
}

/** What a command line of buildx is made from beside the request. */
export interface BuildxCall extends ImagePlace {
  /** The plugin's path. */
  readonly buildx: string;
  /** `undefined` for the daemon's own BuildKit. */
  readonly builder: string | undefined;
  /** What the image is named; pushed there when `push` is true. */
  readonly references: readonly string[];
  /** Whether the image can have annotations. */
  readonly canAnnotate: boolean;
  readonly files: BuildxResultFiles;
  /** ID of a secret → the file that holds it. */
  readonly secrets: ReadonlyMap<string, string>;
}

/**
 * The command line of a build. The plugin is started itself, as a program of its own
 * (https://github.com/docker/buildx#manual-download, "standalone"): under `docker` it would be started twice, once to be
 * asked who it is, which costs 140 ms of each build.
 */
export function buildxArguments(build: BuildRequest, call: BuildxCall): [string, ...string[]] {
  const { files, references } = call;
  const result =
    build.call === 'build'
      ? [
          // buildx refuses an ID beside files that are no image; its report has it too.
          ...(hasTreeOutput(build.outputs) ? [] : ['--iidfile', files.imageId]),
          ...['--metadata-file', files.metadata],
          ...outputArguments(build, call),
        ]
      : ['--call', build.call, '--metadata-file', files.metadata];
  return [
    call.buildx,
    'build',
    '--progress',
    'plain',
    ...(call.builder === undefined ? [] : ['--builder', call.builder]),
    ...(build.call === 'build' ? references.flatMap((reference) => ['--tag', reference]) : []),
    ...commonArguments(build),
    ...resourceArguments(build),
    ...secretArguments([...build.secrets, ...gitSecret(build)], call.secrets),
    ...build.ssh.flatMap((entry) => ['--ssh', entry]),
    ...build.buildContexts.flatMap((entry) => ['--build-context', entry]),
    ...build.allow.flatMap((entry) => ['--allow', entry]),
    ...build.noCacheFilters.flatMap((stage) => ['--no-cache-filter', stage]),
    ...build.cacheFrom.flatMap((entry) => ['--cache-from', formatCacheEntry(entry)]),
    ...build.cacheTo.flatMap((entry) => ['--cache-to', formatCacheEntry(entry)]),
    ...attestationArguments(build.attestations, build.builderId),
    ...(call.canAnnotate && build.call === 'build' ? annotationArguments(build) : []),
    ...result,
    build.context,
  ];
}

function gitSecret({ gitSecret: id }: BuildRequest): readonly { readonly id: string; readonly kind: 'input' }[] {
  return id === '' ? [] : [{ id, kind: 'input' }];
}

/** Whether the result is an index: of several platforms, or of an image and what attests it. */
export function makesIndex(build: BuildRequest): boolean {
  return build.platforms.length > 1 || build.attestations.length > 0;
}

/** Annotations of the manifest go to the index too, where one is made (design.md section 3). */
function annotationArguments(build: BuildRequest): readonly string[] {
  const { annotations } = build;
  const has = (level: string, name: string): boolean =>
    annotations.some((each) => each.level === level && each.name === name);
  const onIndex = (makesIndex(build) ? annotations : []).flatMap((each): readonly BuildAnnotation[] =>
    each.level === 'manifest' && !has('index', each.name) ? [{ ...each, level: 'index' }] : [],
  );
  // An index that is not made has no annotations.
  const own = annotations.filter(({ level }) => makesIndex(build) || !/^index|^manifest-descriptor/.test(level));
  return [...own, ...onIndex].flatMap(({ level, name, value }) => ['--annotation', `${level}:${name}=${value}`]);
}

/** The options that every builder has. */
export function commonArguments(build: BuildRequest): string[] {
  return [
    ...(build.file === '' ? [] : ['--file', build.file]),
    ...(build.target === '' ? [] : ['--target', build.target]),
    ...(build.platforms.length === 0 ? [] : ['--platform', build.platforms.map(formatPlatform).join(',')]),
    ...build.buildArgs.flatMap((entry) => ['--build-arg', entry]),
    ...build.labels.flatMap((entry) => ['--label', entry]),
    ...build.addHosts.flatMap((entry) => ['--add-host', entry.replace('=', ':')]),
    ...(build.network === '' ? [] : ['--network', build.network]),
    ...(build.noCache ? ['--no-cache'] : []),
    ...(build.pull ? ['--pull'] : []),
  ];
}

/** What the processes of a build may use. */
export function resourceArguments(build: BuildRequest): string[] {
  return [
    ...(build.shmSize === '' ? [] : ['--shm-size', build.shmSize]),
    ...build.ulimits.flatMap((entry) => ['--ulimit', entry]),
    ...(build.cgroupParent === '' ? [] : ['--cgroup-parent', build.cgroupParent]),
  ];
}
