/**
 * Where the result of a build goes beside the registry: what `outputs` and `compression` say
 * (https://docs.docker.com/build/exporters/), and whether that agrees with the rest.
 */

import { InputError } from '../errors.ts';
import { readAttributes, readFields, readRawLines, readTypedEntry, type TypedEntry } from './input-lists.ts';

/** One line of `outputs`. */
export type Output = TypedEntry;

export interface Compression {
  readonly algorithm: 'gzip' | 'zstd' | 'estargz';
  readonly level: number | undefined;
}

/** The attributes that this action reads itself. */
export const outputAttributes = ['type', 'dest', 'name', 'push', 'push-by-digest'];

function parseOutput(text: string): Output {
  const fields = readFields('outputs', text);
  // A path alone is a folder; "-" is standard output (docker buildx build, "--output").
  if (fields.length === 1 && !text.includes('=')) {
    return text === '-'
      ? { type: 'tar', attributes: [['dest', '-']] }
      : { type: 'local', attributes: [['dest', text]] };
  }
  return readTypedEntry('outputs', fields, outputAttributes, 'type=local,dest=out');
}

/** @throws InputError INPUT_INVALID */
export function parseOutputs(text: string): readonly Output[] {
  return readRawLines(text).map(parseOutput);
}

const levels: Readonly<Record<Compression['algorithm'], number>> = { gzip: 9, zstd: 22, estargz: 9 };

function isAlgorithm(text: string): text is Compression['algorithm'] {
  return Object.hasOwn(levels, text);
}

/**
 * @param text `ALGORITHM[,level=N]`; empty for the engine's own
 * @throws InputError INPUT_INVALID
 */
export function parseCompression(text: string): Compression | undefined {
  if (text === '') return undefined;
  const [algorithm = '', ...fields] = readFields('compression', text).map((field) => field.trim());
  if (!isAlgorithm(algorithm)) {
    throw new InputError('INPUT_INVALID', {
      message: `The input \`compression\` is "${text}": expected gzip, zstd or estargz, with an optional ,level=N.`,
      remedy: 'Set `compression: zstd,level=3`, or leave it out.',
    });
  }
  const attributes = readAttributes('compression', fields, ['level']);
  const unknown = [...attributes.keys()].find((name) => name !== 'level');
  if (unknown !== undefined) {
    throw new InputError('INPUT_INVALID', {
      message: `The input \`compression\` has the attribute "${unknown}": expected level=N and no other.`,
      remedy: 'Give other attributes of the image in `outputs: type=image,…`.',
    });
  }
  const level = attributes.get('level');
  const isLevel = level === undefined || (/^[0-9]+$/.test(level) && Number(level) <= levels[algorithm]);
  if (!isLevel) {
    throw new InputError('INPUT_INVALID', {
      message: `The input \`compression\` has level "${level}": expected 0 to ${levels[algorithm]} for ${algorithm}.`,
      remedy: `Set \`compression: ${algorithm},level=${levels[algorithm]}\`, or leave the level out.`,
    });
  }
  return { algorithm, level: level === undefined ? undefined : Number(level) };
}

/** Whether an output is the image itself, which this action names and pushes. */
export function isImageOutput({ type }: Output): boolean {
  return type === 'image' || type === 'registry';
}

/** Whether an output goes to the engine: `type=docker` without a file (https://docs.docker.com/build/exporters/oci-docker/). */
export function isForEngine({ type, attributes }: Output): boolean {
  return type === 'docker' && !attributes.some(([name]) => name === 'dest');
}

/**
 * Whether `outputs` agree with the rest.
 * @param push what was decided, with its reason
 * @throws InputError INPUTS_CONTRADICT
 */
export function checkOutputs(
  outputs: readonly Output[],
  load: boolean,
  push: { readonly value: boolean; readonly reason: string },
): void {
  for (const output of outputs.filter(isImageOutput)) {
    const attributes = new Map(output.attributes);
    for (const [name, instead] of [
      ['push-by-digest', '`stage: true`, whose legs `merge` joins in a later job'],
      ['name', '`images`, or `registry`, `owner`, `image` and `tags`'],
    ] as const) {
      if (!attributes.has(name)) continue;
      throw new InputError('INPUTS_CONTRADICT', {
        message: `\`outputs\` has the attribute "${name}" on the image that this action names and pushes itself.`,
        remedy: `Leave "${name}" out of \`outputs\` and use ${instead}.`,
      });
    }
    const written = attributes.get('push') ?? (output.type === 'registry' ? 'true' : undefined);
    if (written === undefined || (written === 'true') === push.value) continue;
    throw new InputError('INPUTS_CONTRADICT', {
      message: `\`outputs\` asks ${written === 'true' ? 'to push' : 'not to push'} the image, but this run does ${push.value ? '' : 'not '}push, because ${push.reason}.`,
      remedy: 'Leave it to `push`: write `type=image` in `outputs`, without `push=`.',
    });
  }
  if (outputs.filter(isImageOutput).length > 1) {
    throw new InputError('INPUTS_CONTRADICT', {
      message: '`outputs` describes the image twice.',
      remedy: 'Give `type=image` once, with all its attributes.',
    });
  }
  if (load && outputs.some(({ type }) => type === 'docker')) {
    throw new InputError('INPUTS_CONTRADICT', {
      message: '`load` is true and `outputs` has an entry of type=docker, which is the same.',
      remedy: 'Leave one of them out.',
    });
  }
}

/** Whether a result goes to files as they are, of which there is no image ID. */
export function hasTreeOutput(outputs: readonly Output[]): boolean {
  return outputs.some(({ type }) => type === 'local' || type === 'tar');
}
