/**
 * The inputs of the action: strings become values here, and nowhere else. All faults of all inputs are reported at once.
 */

import { type BuildInputs, buildInputDefaults, engineInputDefaults, parseBuildInputs } from './engine/build-inputs.ts';
import { type Faults, gatherFaults, InputError } from './errors.ts';
import { type Digest, parseDigest } from './image/digest.ts';
import { type Platform, parsePlatform } from './image/platform.ts';
import { parseTag, type Tag } from './image/tag.ts';
import { type ContextOptions, parseShortShaLength } from './metadata/context.ts';
import { parseAnnotationLevels } from './metadata/labels.ts';

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
  ...buildInputDefaults,
  labels: '',
  annotations: '',
  tags: '',
  flavor: '',
  push: 'auto',
  ...engineInputDefaults,
  verify: 'manifest',
  retries: '5',
  'dry-run': 'false',
} as const;

export type InputName = keyof typeof inputDefaults;

/** A yes-or-no input that may also be left to the action. */
export type Choice = 'auto' | 'true' | 'false';

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
  readonly build: BuildInputs;
  readonly labels: string;
  readonly annotations: string;
  readonly tags: string;
  readonly flavor: string;
  readonly push: Choice;
  readonly verify: 'off' | 'manifest';
  readonly retries: number;
  readonly dryRun: boolean;
}

/** Reads an input's text; absent and empty are the same, as for the runner. */
export type InputReader<Name extends string = InputName> = (name: Name) => string;

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

function oneOf<Value extends string>(name: InputName, text: string, values: readonly Value[]): Value {
  const value = values.find((candidate) => candidate === text);
  if (value !== undefined) return value;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${name}\` is "${text}": expected ${values.map((each) => `\`${each}\``).join(', ')}.`,
    remedy: `Set \`${name}: ${values[0]}\`, or leave it out.`,
  });
}

/** Booleans of YAML 1.2's core schema, as @actions/core `getBooleanInput` reads them. */
function normaliseBoolean(text: string): string {
  return /^(?:true|True|TRUE|false|False|FALSE)$/.test(text) ? text.toLowerCase() : text;
}

function wholeNumber(name: InputName, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= least && value <= most) return value;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${name}\` is "${text}": expected a whole number from ${least} to ${most}.`,
    remedy: `Set \`${name}: ${inputDefaults[name]}\`, or leave it out.`,
  });
}

/**
 * @param faults gathers INPUT_INVALID and PLATFORM_INVALID; an input at fault has its default, so that the others can be
 *   judged too
 */
export function parseInputs(read: InputReader, faults: Faults): Inputs {
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
    build: parseBuildInputs(read, faults),
    labels: read('labels'),
    annotations: read('annotations'),
    tags: read('tags'),
    flavor: read('flavor'),
    push: attempt(() => oneOf('push', normaliseBoolean(read('push')), ['auto', 'true', 'false'])) ?? 'auto',
    verify: attempt(() => oneOf('verify', read('verify'), ['manifest', 'off'])) ?? 'manifest',
    retries: attempt(() => wholeNumber('retries', read('retries'), 1, 100)) ?? 1,
    dryRun: attempt(() => oneOf('dry-run', normaliseBoolean(read('dry-run')), ['false', 'true'])) === 'true',
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
    retries: attempt(() => wholeNumber('retries', read('retries'), 1, 100)) ?? 1,
  };
}
