/**
 * Attestations that the builder makes of its own work, as the inputs `provenance`, `sbom` and `attests` of
 * docker/build-push-action ask for them (https://docs.docker.com/build/metadata/attestations/).
 */

import { type Faults, InputError } from '../errors.ts';
import { formatFields } from '../text/csv.ts';
import { readAttributes, readFields, readRecordLines, readTypedEntry, type TypedEntry } from './input-lists.ts';

/** `provenance`, `sbom` or what else buildx knows, and its attributes without `disabled`. */
export type Attestation = TypedEntry;

/** The attributes that this action reads itself. */
export const attestationAttributes = ['type', 'mode', 'disabled'];

/** @returns none for an attestation that is switched off, as buildx reads it (Go, `strconv.ParseBool`) */
function checked(input: string, { type, attributes }: Attestation): readonly Attestation[] {
  const { mode = 'min', disabled = '' } = Object.fromEntries(attributes);
  if (type === 'provenance' && mode !== 'min' && mode !== 'max') {
    throw new InputError('INPUT_INVALID', {
      message: `The input \`${input}\` has mode "${mode}": expected min or max.`,
      remedy: 'Set `provenance: mode=max`, or `provenance: false`.',
    });
  }
  if (/^(?:1|t|true)$/i.test(disabled)) return [];
  return [{ type, attributes: attributes.filter(([name]) => name !== 'disabled') }];
}

const examples = { provenance: 'mode=max', sbom: 'generator=IMAGE' } as const;

/** `true`, `false`, or the attributes. */
function parseShorthand(input: keyof typeof examples, text: string): readonly Attestation[] {
  if (text === '' || /^(?:false|0)$/i.test(text)) return [];
  if (/^(?:true|1)$/i.test(text)) return [{ type: input, attributes: [] }];
  if (!text.includes('=')) {
    throw new InputError('INPUT_INVALID', {
      message: `The input \`${input}\` is "${text}": expected \`true\`, \`false\` or attributes such as \`${examples[input]}\`.`,
      remedy: `Set \`${input}: true\`, or leave it out.`,
    });
  }
  const attributes = readAttributes(input, readFields(input, text), attestationAttributes);
  return checked(input, { type: input, attributes: [...attributes] });
}

function parseEntry(entry: string): readonly Attestation[] {
  const fields = readFields('attests', entry);
  return checked('attests', readTypedEntry('attests', fields, attestationAttributes, 'type=provenance,mode=max'));
}

/** @param faults gathers INPUT_INVALID */
export function parseAttestations(
  inputs: { readonly provenance: string; readonly sbom: string; readonly attests: string },
  { attempt }: Faults,
): readonly Attestation[] {
  const all = [
    ...(attempt(() => parseShorthand('provenance', inputs.provenance)) ?? []),
    ...(attempt(() => parseShorthand('sbom', inputs.sbom)) ?? []),
    ...(attempt(() => readRecordLines('attests', inputs.attests)) ?? []).flatMap(
      (entry) => attempt(() => parseEntry(entry)) ?? [],
    ),
  ];
  attempt(() => {
    const twice = all.find(({ type }, index) => all.findIndex((other) => other.type === type) !== index);
    if (twice === undefined) return;
    throw new InputError('INPUT_INVALID', {
      message: `A ${twice.type} attestation is given twice, by \`${twice.type}\` and by \`attests\`.`,
      remedy: `Leave one of them out.`,
    });
  });
  return all;
}

/** `--attest` options of buildx; provenance says by which run the image was built unless the workflow says it itself. */
export function attestationArguments(attestations: readonly Attestation[], builderId: string): readonly string[] {
  return attestations.flatMap(({ type, attributes }) => {
    const names = attributes.map(([name]) => name);
    const id =
      type === 'provenance' && builderId !== '' && !names.includes('builder-id') ? [['builder-id', builderId]] : [];
    const fields = [['type', type], ...attributes, ...id].map(([name, value]) => `${name}=${value}`);
    return ['--attest', formatFields(fields)];
  });
}
