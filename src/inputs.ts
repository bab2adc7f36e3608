/**
 * The inputs of the action: strings become values here, and nowhere else. All faults of all inputs are reported at once.
 */

import { type BuildInputs, buildInputDefaults, engineInputDefaults, parseBuildInputs } from './engine/build-inputs.ts';
import { type EngineWish, engineWishes } from './engine/build-request.ts';
import { type Faults, gatherFaults, InputError } from './errors.ts';
import { type Digest, parseDigest } from './image/digest.ts';
import { type Platform, parsePlatform } from './image/platform.ts';
import { parseTag, type Tag } from './image/tag.ts';
import { parseSource, type SourceSpec } from './image/transport.ts';
import { parseAnnotationLevels } from './metadata/labels.ts';
import { type ContextOptions, parseShortShaLength } from './metadata/metadata-context.ts';

/**
 * The default of each input of action.yml (a test holds the two equal), for runs that the runner did not prepare: a
 * terminal. `token` and `username` default to expressions there, and to GITHUB_TOKEN and GITHUB_ACTOR here.
 */
export const inputDefaults = {
  registry: 'auto',
  owner: '',
  image: '',
  images: '',
  token: '',
  username: '',
  'registry-auth': '',
  'login-scope': 'step',
  source: '',
  referrers: 'false',
  ...buildInputDefaults,
  labels: '',
  annotations: '',
  tags: '',
  flavor: '',
  'if-exists': 'overwrite',
  push: 'auto',
  stage: 'false',
  ...engineInputDefaults,
  verify: 'manifest',
  retries: '5',
  'dry-run': 'false',
  summary: 'true',
} as const;

export type InputName = keyof typeof inputDefaults;

/** A yes-or-no input that may also be left to the action. */
export type Choice = 'auto' | 'true' | 'false';

/** What is done where the version tag is there already. */
export type IfExists = 'overwrite' | 'skip' | 'fail';

/** What is asked of the registry after the push. */
export type Verification = 'off' | 'manifest' | 'blobs';

export interface Inputs {
  readonly registry: string;
  readonly owner: string;
  readonly image: string;
  /** metadata-action syntax, unparsed: its grammar is metadata's. So `labels`, `annotations`, `tags` and `flavor`. */
  readonly images: string;
  readonly token: string;
  readonly username: string;
  /** YAML, unparsed: only a step that has it loads a parser. */
  readonly registryAuth: string;
  readonly loginScope: 'step' | 'job';
  /** `undefined`: build. */
  readonly source: SourceSpec | undefined;
  /** Whether what refers to a source in a registry comes along. */
  readonly referrers: boolean;
  readonly build: BuildInputs;
  readonly labels: string;
  readonly annotations: string;
  readonly tags: string;
  readonly flavor: string;
  readonly ifExists: IfExists;
  readonly push: Choice;
  /** The name of the image that this one is a leg of, empty for the only one of the run; `undefined` for no leg. */
  readonly stage: string | undefined;
  readonly verify: Verification;
  readonly retries: number;
  readonly dryRun: boolean;
  readonly summary: boolean;
}

/** Reads an input's text; absent and empty are the same, as for the runner. */
export type InputReader<Name extends string> = (name: Name) => string;

/**
 * Reads inputs as the runner hands them over: `INPUT_NAME`, upper-case, with the hyphens kept, and trimmed
 * (@actions/core `getInput`). A variable that is absent or empty means the default: an expression that comes to nothing
 * must not undo it.
 */
export function inputsOfEnvironment<Name extends string>(
  env: Readonly<Record<string, string | undefined>>,
  defaults: Readonly<Record<Name, string>>,
): InputReader<Name> {
  return (name) => {
    const given = env[`INPUT_${name.toUpperCase()}`]?.trim() || defaults[name];
    if (given !== '') return given;
    if (name === 'token') return env.GITHUB_TOKEN ?? '';
    if (name === 'username') return env.GITHUB_ACTOR ?? '';
    return given;
  };
}

/** The texts of all inputs. */
export function textsOf<Name extends string>(
  read: InputReader<Name>,
  defaults: Readonly<Record<Name, string>>,
): readonly string[] {
  const texts: string[] = [];
  for (const name in defaults) texts.push(read(name));
  return texts;
}

function oneOf<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const value = values.find((candidate) => candidate === text);
  if (value !== undefined) return value;
  const meant = /^(?:yes|y|on|1)$/i.test(text) ? 'true' : /^(?:no|n|0|off)$/i.test(text) ? 'false' : '';
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${name}\` is "${text}": expected ${values.map((each) => `\`${each}\``).join(', ')}.`,
    remedy: `Set \`${name}: ${values.find((each) => each === meant) ?? values[0]}\`, or leave it out.`,
  });
}

/** Booleans of YAML 1.2's core schema, as @actions/core `getBooleanInput` reads them. */
function normaliseBoolean(text: string): string {
  return /^(?:true|True|TRUE|false|False|FALSE)$/.test(text) ? text.toLowerCase() : text;
}

function wholeNumber(name: string, text: string, least: number, most: number, usual: string): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= least && value <= most) return value;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${name}\` is "${text}": expected a whole number from ${least} to ${most}.`,
    remedy: `Set \`${name}: ${usual}\`, or leave it out.`,
  });
}

/** The name has room in a tag beside the run and a digest. */
function stage(text: string): string | undefined {
  const choice = normaliseBoolean(text);
  if (choice === 'false') return undefined;
  if (choice === 'true') return '';
  // Of YAML 1.1's booleans, those that are a word: whoever writes `no` wants no leg of that name.
  const isBoolean = /^(?:yes|y|on|no|n|off)$/i.test(text);
  if (!isBoolean && /^[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?$/.test(text)) return text;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`stage\` is "${text}": expected \`true\`, \`false\`, or a name of at most 32 lower-case letters, digits, ".", "-" and "_".`,
    remedy:
      'Set `stage: true`, or `stage: false` to publish; a name tells several images apart that one run stages in one repository.',
  });
}

/** Inputs that say how an image is built, and so nothing of one that is there already. */
function buildInputsGiven(read: InputReader<InputName>): readonly string[] {
  const defaults = { ...buildInputDefaults, labels: '', annotations: '' };
  const names = Object.keys(defaults).filter((name): name is keyof typeof defaults => Object.hasOwn(defaults, name));
  return names.filter((name) => read(name) !== '' && read(name) !== defaults[name]);
}

function sourceOf(read: InputReader<InputName>): SourceSpec | undefined {
  const text = read('source');
  if (text === '') return undefined;
  const { attempt, throwIfAny } = gatherFaults();
  const source = attempt(() => parseSource(text));
  attempt(() => {
    const given = buildInputsGiven(read);
    if (given.length === 0) return;
    throw new InputError('INPUT_INVALID', {
      message: `${given.map((name) => `\`${name}\``).join(', ')} cannot be given with \`source: ${text}\`: an image that is there already is published as it is, with its digest.`,
      remedy: 'Leave them out, or leave out `source` to build.',
    });
  });
  throwIfAny();
  return source;
}

function referrersOf(read: InputReader<InputName>): boolean {
  const source = read('source');
  const isAsked = oneOf('referrers', normaliseBoolean(read('referrers')), ['false', 'true']) === 'true';
  if (!isAsked || source.startsWith('docker:')) return isAsked;
  throw new InputError('INPUT_INVALID', {
    message: `\`referrers: true\` cannot be given ${source === '' ? 'without `source`' : `with \`source: ${source}\``}: only what refers to an image in a registry comes along.`,
    remedy: 'Leave it out, or name the image as `source: docker://REFERENCE`.',
  });
}

/**
 * @param faults gathers INPUT_INVALID and PLATFORM_INVALID; an input at fault has its default, so that the others can be
 *   judged too
 */
export function parseInputs(read: InputReader<InputName>, faults: Faults): Inputs {
  const { attempt } = faults;
  return {
    registry: read('registry'),
    owner: read('owner'),
    image: read('image'),
    images: read('images'),
    token: read('token'),
    username: read('username'),
    registryAuth: read('registry-auth'),
    loginScope: attempt(() => oneOf('login-scope', read('login-scope'), ['step', 'job'])) ?? 'step',
    source: attempt(() => sourceOf(read)),
    referrers: attempt(() => referrersOf(read)) === true,
    build: parseBuildInputs(read, faults),
    labels: read('labels'),
    annotations: read('annotations'),
    tags: read('tags'),
    flavor: read('flavor'),
    ifExists: attempt(() => oneOf('if-exists', read('if-exists'), ['overwrite', 'skip', 'fail'])) ?? 'overwrite',
    push: attempt(() => oneOf('push', normaliseBoolean(read('push')), ['auto', 'true', 'false'])) ?? 'auto',
    stage: attempt(() => stage(read('stage'))),
    verify: attempt(() => oneOf('verify', read('verify'), ['manifest', 'blobs', 'off'])) ?? 'manifest',
    retries: attempt(() => wholeNumber('retries', read('retries'), 1, 100, inputDefaults.retries)) ?? 1,
    dryRun: attempt(() => oneOf('dry-run', normaliseBoolean(read('dry-run')), ['false', 'true'])) === 'true',
    summary: attempt(() => oneOf('summary', normaliseBoolean(read('summary')), ['true', 'false'])) !== 'false',
  };
}

/**
 * What the environment says of the metadata, in the words of docker/metadata-action, and SOURCE_DATE_EPOCH, seconds that
 * stand for the clock (https://reproducible-builds.org/specs/source-date-epoch/).
 * @throws InputError INPUT_INVALID, ANNOTATION_INVALID
 */
export function parseContextOptions(env: Readonly<Record<string, string | undefined>>, clock: Date): ContextOptions {
  const { attempt, throwIfAny } = gatherFaults();
  const epoch = env.SOURCE_DATE_EPOCH ?? '';
  const now = attempt(() => (epoch === '' ? clock : parseSourceDateEpoch(epoch))) ?? clock;
  const shortShaLength = attempt(() => parseShortShaLength(env.DOCKER_METADATA_SHORT_SHA_LENGTH ?? ''));
  const annotationLevels = attempt(() => parseAnnotationLevels(env.DOCKER_METADATA_ANNOTATIONS_LEVELS ?? ''));
  throwIfAny();
  return {
    now,
    usesPullRequestHead: env.DOCKER_METADATA_PR_HEAD_SHA === 'true',
    ...(shortShaLength === undefined ? {} : { shortShaLength }),
    ...(annotationLevels === undefined ? {} : { annotationLevels }),
  };
}

function parseSourceDateEpoch(text: string): Date {
  const date = new Date(Number(text) * 1000);
  if (/^[0-9]+$/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InputError('INPUT_INVALID', {
    message: `SOURCE_DATE_EPOCH is "${text}": expected whole seconds since 1970-01-01T00:00:00Z.`,
    remedy: 'Set it with `git log -1 --format=%ct`, or unset it.',
  });
}

/** The default of each input of pull/action.yml, as `inputDefaults` is for action.yml. */
export const pullInputDefaults = {
  registry: 'auto',
  owner: '',
  image: '',
  tag: '',
  digest: '',
  platform: '',
  token: '',
  username: '',
  'registry-auth': '',
  'login-scope': 'step',
  engine: 'auto',
  retries: '5',
} as const;

export interface PullInputs
  extends Pick<
    Inputs,
    'registry' | 'owner' | 'image' | 'token' | 'username' | 'registryAuth' | 'loginScope' | 'retries'
  > {
  readonly tag: Tag | undefined;
  readonly digest: Digest | undefined;
  readonly platform: Platform | undefined;
  readonly engine: EngineWish;
}

/** @param faults gathers INPUT_INVALID, TAG_INVALID, DIGEST_INVALID and PLATFORM_INVALID */
export function parsePullInputs(read: InputReader<keyof typeof pullInputDefaults>, { attempt }: Faults): PullInputs {
  const optional = <Value>(text: string, parse: (text: string) => Value): Value | undefined =>
    text === '' ? undefined : attempt(() => parse(text));
  return {
    registry: read('registry'),
    owner: read('owner'),
    image: read('image'),
    tag: optional(read('tag'), parseTag),
    digest: optional(read('digest'), parseDigest),
    platform: optional(read('platform'), parsePlatform),
    token: read('token'),
    username: read('username'),
    registryAuth: read('registry-auth'),
    loginScope: attempt(() => oneOf('login-scope', read('login-scope'), ['step', 'job'])) ?? 'step',
    engine: attempt(() => oneOf('engine', read('engine'), engineWishes)) ?? 'auto',
    retries: attempt(() => wholeNumber('retries', read('retries'), 1, 100, pullInputDefaults.retries)) ?? 1,
  };
}

/** The default of each input of merge/action.yml, as `inputDefaults` is for action.yml. */
export const mergeInputDefaults = {
  registry: 'auto',
  owner: '',
  image: '',
  images: '',
  token: '',
  username: '',
  'registry-auth': '',
  stage: 'true',
  digests: '',
  platforms: '',
  annotations: '',
  tags: '',
  flavor: '',
  'if-exists': 'overwrite',
  push: 'auto',
  verify: 'manifest',
  retries: '5',
  'dry-run': 'false',
  summary: 'true',
} as const;

export interface MergeInputs extends Inputs {
  /** The legs, instead of those that were staged; `undefined` for the staged ones. */
  readonly digests: readonly Digest[] | undefined;
}

/**
 * What a merge does not ask has the default of a publish.
 * @param faults gathers INPUT_INVALID, PLATFORM_INVALID and DIGEST_INVALID
 */
export function parseMergeInputs(read: InputReader<keyof typeof mergeInputDefaults>, faults: Faults): MergeInputs {
  const isAsked = (name: string): name is keyof typeof mergeInputDefaults => Object.hasOwn(mergeInputDefaults, name);
  const inputs = parseInputs((name) => (isAsked(name) ? read(name) : inputDefaults[name]), faults);
  const texts = read('digests')
    .split(/[,\s]+/)
    .filter((text) => text !== '');
  const digests = texts.flatMap((text) => faults.attempt(() => parseDigest(text)) ?? []);
  if (digests.length === 0 && normaliseBoolean(read('stage')) === 'false') {
    faults.attempt(() => {
      throw new InputError('INPUT_INVALID', {
        message: 'The input `stage` is `false` and `digests` is empty: there is nothing to merge.',
        remedy: 'Leave `stage` out, or list the `digest` outputs of the steps that pushed the legs in `digests`.',
      });
    });
  }
  return { ...inputs, digests: digests.length === 0 ? undefined : [...new Set(digests)] };
}
