/**
 * The inputs of the action: strings become values here, and nowhere else. All faults of all inputs are reported at once.
 */

import { type Faults, gatherFaults, InputError } from '../errors.ts';
import { parseSource, type SourceSpec } from '../image/transport.ts';
import { type BakeInputs, parseBakeInputs } from './bake-inputs.ts';
import { type BuildInputs, buildInputDefaults, engineInputDefaults, parseBuildInputs } from './build-inputs.ts';
import type { InputReader } from './input-reader.ts';
import { normaliseBoolean, oneOf } from './input-values.ts';
import { type PublicationInputs, parsePublicationInputs, publicationInputDefaults } from './publication-inputs.ts';
import { parseStage } from './stage-name.ts';

/**
 * The default of each input of action.yml (a test holds the two equal), for runs that the runner did not prepare: a
 * terminal. `token` and `username` default to expressions there, and to GITHUB_TOKEN and GITHUB_ACTOR here.
 */
export const inputDefaults = {
  ...publicationInputDefaults.where,
  source: '',
  referrers: 'false',
  ...buildInputDefaults,
  labels: '',
  ...publicationInputDefaults.names,
  stage: 'false',
  ...engineInputDefaults,
  ...publicationInputDefaults.care,
  'metadata-env': 'false',
  ...publicationInputDefaults.report,
} as const;

export type InputName = keyof typeof inputDefaults;

export interface Inputs extends PublicationInputs {
  /** `undefined`: build. */
  readonly source: SourceSpec | undefined;
  /** Whether what refers to a source in a registry comes along. */
  readonly referrers: boolean;
  readonly build: BuildInputs;
  /** `undefined`: no bake file says what is built. */
  readonly bake: BakeInputs | undefined;
  /** metadata-action syntax, unparsed. */
  readonly labels: string;
  /** The name of the image that this one is a leg of, empty for the only one of the run; `undefined` for no leg. */
  readonly stage: string | undefined;
  /** Whether later steps get the DOCKER_METADATA_OUTPUT_* variables. */
  readonly metadataEnv: boolean;
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
    ...parsePublicationInputs(read, faults),
    source: attempt(() => sourceOf(read)),
    referrers: attempt(() => referrersOf(read)) === true,
    build: parseBuildInputs(read, faults),
    bake: parseBakeInputs(read, buildInputDefaults, faults),
    labels: read('labels'),
    stage: attempt(() => parseStage(read('stage'))),
    metadataEnv:
      attempt(() => oneOf('metadata-env', normaliseBoolean(read('metadata-env')), ['false', 'true'])) === 'true',
  };
}
