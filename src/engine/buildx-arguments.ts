/**
 * buildx: is it there, which builder does it use, and what command line builds an image.
 */

import { attestationArguments } from '../build/attestations.ts';
import type { BuildRequest } from '../build/build-request.ts';
import { formatCacheEntry } from '../build/cache.ts';
import { hasTreeOutput } from '../build/exporters.ts';
import type { Annotation } from '../image/annotation.ts';
import { formatPlatform } from '../image/platform.ts';
import { type ImagePlace, outputArguments } from './exporter-arguments.ts';
import { secretArguments } from './secret-files.ts';

/** Files that buildx writes its results to. */
interface BuildxResultFiles {
  /** `--metadata-file` (JSON): `containerimage.digest` and the like. */
  readonly metadata: string;
  /** `--iidfile`: the image ID. */
  readonly imageId: string;
}

/** What a command line of buildx is made from beside the request. */
interface BuildxCall extends ImagePlace {
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
 * The command line of a build. The step starts the plugin as a program of its own
 * (https://github.com/docker/buildx#manual-download, "standalone"). `docker` would start it twice, the first time to
 * read its metadata, which costs 140 ms of each build.
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
function makesIndex(build: BuildRequest): boolean {
  return build.platforms.length > 1 || build.attestations.length > 0;
}

function annotationArguments(build: BuildRequest): readonly string[] {
  return annotationsOf(build).flatMap(({ level, name, value }) => ['--annotation', `${level}:${name}=${value}`]);
}

/** Annotations of the manifest go to the index too, where one is made: whoever looks at a tag sees the index first. */
export function annotationsOf(build: BuildRequest): readonly Annotation[] {
  const { annotations } = build;
  const has = (level: string, name: string): boolean =>
    annotations.some((each) => each.level === level && each.name === name);
  const onIndex = (makesIndex(build) ? annotations : []).flatMap((each): readonly Annotation[] =>
    each.level === 'manifest' && !has('index', each.name) ? [{ ...each, level: 'index' }] : [],
  );
  // An index that is not made has no annotations.
  const own = annotations.filter(({ level }) => makesIndex(build) || !/^index|^manifest-descriptor/.test(level));
  return [...own, ...onIndex];
}

/** The options that every builder has. */
export function commonArguments(build: BuildRequest): string[] {
  return [
    ...(build.file === '' ? [] : ['--file', build.file]),
    ...(build.target === '' ? [] : ['--target', build.target]),
    ...(build.platforms.length === 0 ? [] : ['--platform', build.platforms.map(formatPlatform).join(',')]),
    ...build.buildArgs.flatMap((entry) => ['--build-arg', entry]),
    ...(build.sourceDate === undefined ? [] : ['--build-arg', `SOURCE_DATE_EPOCH=${build.sourceDate}`]),
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
