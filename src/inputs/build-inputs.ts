/**
 * The inputs that say how to build: strings become values here. Lists have the syntax of docker/build-push-action: one entry
 * a line, each a CSV record, and some of them also split at commas.
 */

import { attestationAttributes, parseAttestations } from '../build/attestations.ts';
import { noteMisspelt } from '../build/attribute-notes.ts';
import { type BuildOptions, callMethods, engineWishes } from '../build/build-request.ts';
import { parseSecrets } from '../build/build-secrets.ts';
import { builderAttributes, parseBuilder } from '../build/builder-choice.ts';
import { parseRelease } from '../build/buildx-releases.ts';
import { type CacheMode, cacheAttributes, cacheModes, parseCacheEntries, tolerant } from '../build/cache.ts';
import { outputAttributes, parseCompression, parseOutputs } from '../build/exporters.ts';
import { readItems, readLines, type TypedEntry } from '../build/input-lists.ts';
import { type Faults, InputError } from '../errors.ts';
import { formatPlatform, type Platform, parsePlatform } from '../image/platform.ts';
import { parseReference } from '../image/reference.ts';
import { bakeInputDefaults } from './bake-inputs.ts';
import { normaliseBoolean, oneOf } from './input-values.ts';

/** The default of each build input of action.yml. */
export const buildInputDefaults = {
  ...bakeInputDefaults,
  context: '.',
  file: '',
  target: '',
  platforms: '',
  'build-args': '',
  'build-contexts': '',
  secrets: '',
  'secret-envs': '',
  'secret-files': '',
  ssh: '',
  'add-hosts': '',
  allow: '',
  network: '',
  'no-cache': 'false',
  'no-cache-filters': '',
  pull: 'false',
  'shm-size': '',
  ulimit: '',
  'cgroup-parent': '',
  cache: 'off',
  'cache-from': '',
  'cache-to': '',
  outputs: '',
  load: 'false',
  compression: '',
  reproducible: 'false',
  provenance: '',
  sbom: '',
  attests: '',
  call: 'build',
} as const;

/** The default of each input of action.yml that says with what to build. */
export const engineInputDefaults = {
  engine: 'auto',
  builder: '',
  'builder-image': '',
  'builder-config': '',
  'buildx-version': '',
} as const;

type BuildInputName = keyof typeof buildInputDefaults | keyof typeof engineInputDefaults;

/** What the build inputs come to. */
export interface BuildInputs {
  readonly options: BuildOptions;
  readonly cache: CacheMode;
  /** ID → value, of the secrets that the inputs hold: in no plan and no log. */
  readonly secretValues: ReadonlyMap<string, string>;
  /** IDs of `secrets` that have no value in this run. */
  readonly emptySecrets: readonly string[];
  /** Variables for the builder's client, of cache entries that hold a credential. */
  readonly variables: ReadonlyMap<string, string>;
  /** What may be a mistake and is no error, as sentences. */
  readonly notes: readonly string[];
}

/** Entries that have to match a form. */
function matching(name: BuildInputName, entries: readonly string[], form: RegExp, expected: string): readonly string[] {
  const bad = entries.find((entry) => !form.test(entry));
  if (bad === undefined) return entries;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${name}\` has the entry "${bad}": expected ${expected}.`,
    remedy: `Write \`${name}\` as ${expected}.`,
  });
}

function boolean(name: BuildInputName, text: string): boolean {
  return oneOf(name, normaliseBoolean(text || 'false'), ['true', 'false']) === 'true';
}

/** What a build may be allowed, and what a bake file may be allowed beside that. */
const allowed = {
  ofBuild: /^(?:network\.host|security\.insecure|device(?:=.+)?)$/,
  ofBake: /^(?:network\.host|security\.insecure|device(?:=.+)?|ssh|(?:fs|fs\.read|fs\.write)=.+)$/,
};

/** @throws InputError PLATFORM_INVALID */
export function parsePlatforms(text: string): readonly Platform[] {
  const parsed = readItems('platforms', text).map(parsePlatform);
  return [...new Map(parsed.map((platform) => [formatPlatform(platform), platform])).values()];
}

/** A folder whose name begins with a hyphen, as a path that no command line takes for an option; `-` is standard input. */
function asPath(text: string): string {
  return text.startsWith('-') && text !== '-' ? `./${text}` : text;
}

/**
 * @param read the text of an input
 * @param faults gathers INPUT_INVALID and PLATFORM_INVALID; an input at fault has its default
 */
export function parseBuildInputs(read: (name: BuildInputName) => string, faults: Faults): BuildInputs {
  const { attempt } = faults;
  const items = (name: BuildInputName, form: RegExp, expected: string): readonly string[] =>
    attempt(() => matching(name, readItems(name, read(name)), form, expected)) ?? [];
  const lines = (name: BuildInputName, form: RegExp, expected: string): readonly string[] =>
    attempt(() => matching(name, readLines(name, read(name)), form, expected)) ?? [];
  const flag = (name: BuildInputName): boolean => attempt(() => boolean(name, read(name))) ?? false;
  const word = (name: BuildInputName, form: RegExp, expected: string): string => {
    const [value = ''] = attempt(() => matching(name, [read(name)], form, expected)) ?? [];
    return value;
  };
  const secrets = parseSecrets(
    { secrets: read('secrets'), secretEnvs: read('secret-envs'), secretFiles: read('secret-files') },
    faults,
  );
  const cacheFrom = attempt(() => parseCacheEntries('cache-from', read('cache-from'))) ?? [];
  const cacheTo = attempt(() => parseCacheEntries('cache-to', read('cache-to'))) ?? [];
  const options: BuildOptions = {
    context: asPath(read('context')),
    file: read('file'),
    target: read('target'),
    platforms: attempt(() => parsePlatforms(read('platforms'))) ?? [],
    buildArgs: lines(
      'build-args',
      /^[^=\s]+(?:=|$)/,
      'NAME=value, one a line; a value with line breaks in quotation marks, "NAME=first line⏎second line"',
    ),
    buildContexts: lines('build-contexts', /^[^=]+=./, 'NAME=path, NAME=URL or NAME=docker-image://…, one a line'),
    secrets: secrets.sources,
    ssh: items('ssh', /^[^=]+(?:=.+)?$/, 'default, or ID=path of a key or socket'),
    addHosts: items('add-hosts', /^[^:=\s]+[:=]\S+$/, 'HOST:IP'),
    allow: items(
      'allow',
      read('bake') === '' ? allowed.ofBuild : allowed.ofBake,
      `network.host, security.insecure or device${read('bake') === '' ? '' : ', or fs.read=PATH, fs.write=PATH or ssh'}`,
    ),
    network: word('network', /^\S*$/, 'default, none or host'),
    noCache: flag('no-cache'),
    noCacheFilters: items('no-cache-filters', /^\S+$/, 'names of stages'),
    pull: flag('pull'),
    shmSize: word('shm-size', /^(?:[0-9]+(?:\.[0-9]+)? ?(?:[kmgtp]?i?b?)?)?$/i, 'a size such as 2g'),
    ulimits: lines('ulimit', /^[a-z]+=-?[0-9]+(?::-?[0-9]+)?$/, 'NAME=soft:hard, such as nofile=1024:4096'),
    cgroupParent: word('cgroup-parent', /^\S*$/, 'the name of a cgroup'),
    cacheFrom: cacheFrom.map(({ entry }) => entry),
    cacheTo: cacheTo.map(({ entry }) => tolerant(entry)),
    outputs: attempt(() => parseOutputs(read('outputs'))) ?? [],
    load: flag('load'),
    compression: attempt(() => parseCompression(read('compression'))),
    reproducible: flag('reproducible'),
    attestations: parseAttestations(
      { provenance: read('provenance'), sbom: read('sbom'), attests: read('attests') },
      faults,
    ),
    call: attempt(() => oneOf('call', read('call') || 'build', callMethods)) ?? 'build',
    engine: attempt(() => oneOf('engine', read('engine') || 'auto', engineWishes)) ?? 'auto',
    builder: attempt(() => parseBuilder(read('builder'))) ?? { kind: 'auto' },
    builderImage: attempt(() => parseBuilderImage(read('builder-image'), read('builder'))) ?? '',
    builderConfig: attempt(() => refuseBeside('builder-config', read('builder-config'), read('builder'))) ?? '',
    buildxVersion: attempt(() => parseRelease(read('buildx-version'))?.text) ?? '',
  };
  return {
    options,
    cache: attempt(() => oneOf('cache', read('cache') || 'off', cacheModes)) ?? 'off',
    secretValues: secrets.values,
    emptySecrets: secrets.empty,
    variables: new Map([...cacheFrom, ...cacheTo].flatMap(({ values }) => [...values])),
    notes: notesOf(options, read),
  };
}

/** @throws InputError INPUTS_CONTRADICT; what is wrong with the reference */
function parseBuilderImage(text: string, builder: string): string {
  if (text !== '') parseReference(text);
  return refuseBeside('builder-image', text, builder);
}

/** What describes a builder of the step's own means nothing for one that is there. */
function refuseBeside(name: 'builder-image' | 'builder-config', text: string, builder: string): string {
  if (text === '' || builder === '') return text;
  throw new InputError('INPUTS_CONTRADICT', {
    message: `\`${name}\` is for a builder that the step makes, and \`builder\` names one.`,
    remedy: `Leave out \`${name}\` or \`builder\`.`,
  });
}

function notesOf(options: BuildOptions, read: (name: BuildInputName) => string): readonly string[] {
  const { cacheFrom, cacheTo, outputs, attestations, builder } = options;
  const nodes = builder.kind === 'nodes' ? builder.nodes : [];
  const note = (input: BuildInputName, entries: readonly Pick<TypedEntry, 'attributes'>[], read: readonly string[]) =>
    entries.flatMap(({ attributes }) =>
      noteMisspelt(
        input,
        attributes.map(([name]) => name),
        read,
      ),
    );
  return [
    ...note('cache-from', cacheFrom, cacheAttributes),
    ...note('cache-to', cacheTo, cacheAttributes),
    ...note('outputs', outputs, outputAttributes),
    ...attestations.flatMap((each) =>
      note(
        (each.type === 'provenance' || each.type === 'sbom') && read(each.type) !== '' ? each.type : 'attests',
        [each],
        attestationAttributes,
      ),
    ),
    ...nodes.flatMap(({ driverOptions }) =>
      noteMisspelt(
        'builder',
        driverOptions.map((option) => option.split('=')[0] ?? ''),
        builderAttributes,
      ),
    ),
  ];
}
