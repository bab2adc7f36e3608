/**
 * The command line of a bake, and the bake file that goes with it: the targets as buildx has read them, with what the plan says of each.
 * Nothing in that file is an expression, so buildx builds what was planned.
 */

import { annotationName, formatBakeFile } from '../build/bake-definition.ts';
import type { BuildOutput, BuildRequest } from '../build/build-request.ts';
import type { TypedEntry } from '../build/input-lists.ts';
import type { Annotation } from '../image/annotation.ts';
import { formatPlatform } from '../image/platform.ts';
import { isObject, type JsonObject } from '../text/json.ts';
import { annotationsOf } from './buildx-arguments.ts';
import { targetOutputs } from './exporter-arguments.ts';

/** One target of a bake. */
export interface BakedTarget {
  readonly name: string;
  /** The target as buildx read it. */
  readonly raw: JsonObject;
  readonly request: BuildRequest;
  /** Whether it is published; otherwise its names, labels and outputs are those of the bake file. */
  readonly isImage: boolean;
  /** What the image is named; pushed there when `push` is true. */
  readonly references: readonly string[];
  readonly push: boolean;
  /** Where the image goes that is published later. */
  readonly output?: BuildOutput | undefined;
}

/** What a bake is made from beside its targets. */
export interface BakeCall {
  /** The plugin's path. */
  readonly buildx: string;
  /** `undefined` for the daemon's own BuildKit. */
  readonly builder: string | undefined;
  /** Whether the image can have annotations. */
  readonly canAnnotate: boolean;
  /** Whether the engine keeps what it builds. */
  readonly isStored: boolean;
  /** ID of a secret of the inputs → the file that holds it. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly files: {
    /** The bake file that is written for it. */
    readonly definition: string;
    readonly metadata: string;
  };
  /** As the input `allow` has it. */
  readonly allow: readonly string[];
  /** Folders of the step that the build reads from, and writes to. */
  readonly folders: { readonly read: readonly string[]; readonly written: readonly string[] };
}

/** @param names of the targets to build; what they link to is built with them */
export function bakeArguments(names: readonly string[], call: BakeCall): [string, ...string[]] {
  const { buildx, builder, files, allow, folders } = call;
  const rights = [
    ...allow,
    ...folders.read.map((folder) => `fs.read=${folder}`),
    ...folders.written.map((folder) => `fs.write=${folder}`),
  ];
  return [
    buildx,
    'bake',
    ...['--file', files.definition],
    ...['--progress', 'plain'],
    ...['--metadata-file', files.metadata],
    ...(builder === undefined ? [] : ['--builder', builder]),
    ...rights.flatMap((right) => ['--allow', right]),
    ...names,
  ];
}

/**
 * @param targets that are built
 * @param linked targets that they may link to
 * @param usesCacheTo whether caches are written
 */
export function bakeFile(
  targets: readonly BakedTarget[],
  linked: readonly BakedTarget[],
  call: BakeCall,
  usesCacheTo: boolean,
): string {
  const documents = [...linked, ...targets].map((target) => {
    const document = targetDocument(target, call);
    return [target.name, usesCacheTo ? document : without(document, ['cache-to'])] as const;
  });
  return formatBakeFile(new Map(documents));
}

function without(raw: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(raw).filter(([name]) => !names.includes(name)));
}

function asObject({ type, attributes }: TypedEntry): JsonObject {
  return { type, ...Object.fromEntries(attributes) };
}

function asPairs(entries: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [] : [[entry.slice(0, equals), entry.slice(equals + 1)] as const];
    }),
  );
}

/** Attributes are there only where they say something: an older buildx does not know all of them. */
function present(values: Readonly<Record<string, unknown>>): JsonObject {
  const isEmpty = (value: unknown): boolean =>
    value === undefined ||
    value === '' ||
    value === false ||
    (typeof value === 'object' && Object.keys(Object(value)).length === 0);
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isEmpty(value)));
}

function listOf(raw: JsonObject, name: string): readonly unknown[] {
  const value = raw[name];
  return Array.isArray(value) ? value : [];
}

function objectOf(raw: JsonObject, name: string): JsonObject {
  const value = raw[name];
  return isObject(value) ? value : {};
}

/** The attributes of which the plan says all; the others are as the bake file has them, with what the inputs add. */
const ofBuild = ['args', 'platforms', 'cache-from', 'cache-to', 'call'];
const ofImage = ['tags', 'labels', 'annotations', 'attest', 'output'];

function targetDocument(target: BakedTarget, call: BakeCall): JsonObject {
  const { raw, request, isImage } = target;
  const { sourceDate } = request;
  const files = [...call.secrets].map(([id, src]) => ({ id, src }));
  const fromFiles = request.secrets.flatMap((each) => (each.kind === 'file' ? [{ id: each.id, src: each.path }] : []));
  const ids = request.secrets.map(({ id }) => id);
  const hosts = request.addHosts.map((entry) => entry.replace(/^([^:=]+)[:=]/, '$1='));
  const epoch = sourceDate === undefined ? {} : { SOURCE_DATE_EPOCH: String(sourceDate) };
  return {
    ...without(raw, isImage ? [...ofBuild, ...ofImage] : ofBuild),
    ...present({
      args: { ...asPairs(request.buildArgs), ...epoch },
      contexts: asPairs(request.buildContexts),
      platforms: request.platforms.map(formatPlatform),
      'cache-from': request.cacheFrom.map(asObject),
      'cache-to': request.cacheTo.map(asObject),
      // Those of the inputs take the place of the bake file's.
      secret: [...listOf(raw, 'secret').filter((each) => !ids.includes(idOf(each))), ...files, ...fromFiles],
      ssh: [...listOf(raw, 'ssh'), ...request.ssh.map(sshOf)],
      'extra-hosts': { ...objectOf(raw, 'extra-hosts'), ...asPairs(hosts) },
      network: request.network || raw.network,
      'no-cache': request.noCache || raw['no-cache'],
      pull: request.pull || raw.pull,
      'shm-size': request.shmSize || raw['shm-size'],
      ulimits: [...listOf(raw, 'ulimits'), ...request.ulimits],
      'no-cache-filter': [...listOf(raw, 'no-cache-filter'), ...request.noCacheFilters],
    }),
    ...(isImage ? present(imageDocument(target, call)) : {}),
  };
}

/** The image of a target: what it is called, says of itself, and where it goes. */
function imageDocument(
  { raw, request, references, push, output }: BakedTarget,
  { canAnnotate, isStored }: BakeCall,
): JsonObject {
  return {
    // What is published later gets no name yet.
    tags: output === undefined ? references : [],
    labels: { ...objectOf(raw, 'labels'), ...asPairs(request.labels) },
    annotations: canAnnotate ? [...ownAnnotations(raw, request), ...annotationsOf(request).map(formatLevelled)] : [],
    attest: request.attestations.map((each) => asObject(withBuilder(each, request))),
    output: targetOutputs(request, { push, output, isStored }).map(asObject),
  };
}

/** Provenance says by which run the image was built, unless the bake file or the inputs say it. */
function withBuilder(attestation: TypedEntry, { builderId }: BuildRequest): TypedEntry {
  const { type, attributes } = attestation;
  const isSaid = type !== 'provenance' || builderId === '' || attributes.some(([name]) => name === 'builder-id');
  return isSaid ? attestation : { type, attributes: [...attributes, ['builder-id', builderId]] };
}

function idOf(secret: unknown): string {
  return isObject(secret) && typeof secret.id === 'string' ? secret.id : '';
}

/** `ID`, or `ID=path,…` */
function sshOf(entry: string): JsonObject {
  const [id = '', paths] = entry.split('=', 2);
  return { id, ...(paths === undefined ? {} : { paths: paths.split(',') }) };
}

function formatLevelled({ level, name, value }: Annotation): string {
  return `${level}:${name}=${value}`;
}

/** What the bake file annotates and the plan does not. */
function ownAnnotations(raw: JsonObject, { annotations }: BuildRequest): readonly string[] {
  const names = new Set(annotations.map(({ name }) => name));
  return listOf(raw, 'annotations')
    .map(String)
    .filter((each) => !names.has(annotationName(each)));
}
