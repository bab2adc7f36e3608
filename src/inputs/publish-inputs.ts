/**
 * The inputs of the action: strings become values here, and nowhere else. All faults of all inputs are reported at once.
 */

import { type Faults, gatherFaults, InputError } from '../errors.ts';
import { parseSource, type SourceSpec } from '../image/transport.ts';
import { type BuildInputs, buildInputDefaults, engineInputDefaults, parseBuildInputs } from './build-inputs.ts';
import type { InputReader } from './input-reader.ts';
import { normaliseBoolean, oneOf, wholeNumber } from './input-values.ts';

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
  'metadata-env': 'false',
  summary: 'true',
} as const;

export type InputName = keyof typeof inputDefaults;

/** A yes-or-no input that may also be left to the action. */
export type Choice = 'auto' | 'true' | 'false';

/** What the step does if the version tag already exists. */
export type IfExists = 'overwrite' | 'skip' | 'fail';

/** What the step checks in the registry after the push. */
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
  /** Whether later steps get the DOCKER_METADATA_OUTPUT_* variables. */
  readonly metadataEnv: boolean;
  readonly summary: boolean;
}

/** The name has room in a tag beside the run and a digest. */
function stage(text: string): string | undefined {
  const choice = normaliseBoolean(text);
  if (choice === 'false') return undefined;
  if (choice === 'true') return '';
  if (text === '') {
    throw new InputError('INPUT_INVALID', {
      message: 'The input `stage` is empty: an expression in it has no value. Expected `true`, `false`, or a name.',
      remedy:
        "Say which of the two an empty value means: `stage: ${{ matrix.suffix || 'true' }}` stages, `stage: ${{ inputs.stage || 'false' }}` publishes.",
    });
  }
  // Of YAML 1.1's booleans, those that are a word: whoever writes `no` wants no leg of that name.
  const isBoolean = /^(?:yes|y|on|no|n|off)$/i.test(text);
  // A suffix of a tag is a name, too: `-alpine`.
  const name = text.replace(/^[._-]+/, '');
  if (!isBoolean && /^[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?$/.test(name)) return name;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`stage\` is "${text}": expected \`true\`, \`false\`, or a name of at most 32 lower-case letters, digits, ".", "-" and "_".`,
    remedy:
      'Set `stage: true`, or `stage: false` to publish; if one run stages several images in one repository, give each a name.',
  });
}

/** Inputs that say how to build an image; they mean nothing for an image that already exists. */
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
      message: `${given.map((name) => `\`${name}\``).join(', ')} cannot be used with \`source: ${text}\`: an existing image is published unchanged, with its digest.`,
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
    message: `\`referrers: true\` cannot be used ${source === '' ? 'without `source`' : `with \`source: ${source}\``}: only an image in a registry has referrers.`,
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
    metadataEnv:
      attempt(() => oneOf('metadata-env', normaliseBoolean(read('metadata-env')), ['false', 'true'])) === 'true',
    summary: attempt(() => oneOf('summary', normaliseBoolean(read('summary')), ['true', 'false'])) !== 'false',
  };
}
