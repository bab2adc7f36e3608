/**
 * Attestations that the builder makes of its own work, as the inputs `provenance`, `sbom` and `attests` of
 * docker/build-push-action ask for them (https://docs.docker.com/build/metadata/attestations/).
 */

import { type Faults, InputError } from '../errors.ts';
import { formatFields } from '../text/csv.ts';
import { type Attributes, readAttributes, readFields, readLines } from './input-lists.ts';

export interface Attestation {
  readonly type: 'provenance' | 'sbom';
  /** `name=value`, without `type` and `disabled`. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

const provenanceAttributes = ['mode', 'builder-id', 'inline-only', 'filename', 'reproducible', 'version', 'disabled'];
const sbomAttributes = ['generator', 'disabled'];

function attestationOf(input: string, type: Attestation['type'], fields: readonly string[]): readonly Attestation[] {
  // What else a generator understands is its own affair.
  const attributes: Attributes =
    type === 'provenance'
      ? readAttributes(input, fields, provenanceAttributes)
      : readAttributes(input, fields, sbomAttributes, () => true);
  const mode = attributes.get('mode') ?? 'min';
  if (type === 'provenance' && mode !== 'min' && mode !== 'max') {
    throw new InputError('INPUT_INVALID', {
      message: `The input \`${input}\` has mode "${mode}": expected min or max.`,
      remedy: 'Set `provenance: mode=max`, or `provenance: false`.',
    });
  }
  if (attributes.get('disabled') === 'true') return [];
  return [{ type, attributes: [...attributes].filter(([name]) => name !== 'disabled') }];
}

const examples = { provenance: 'mode=max', sbom: 'generator=IMAGE' } as const;

/** `true`, `false`, or the attributes. */
function parseShorthand(input: Attestation['type'], text: string): readonly Attestation[] {
  if (text === '' || /^(?:false|0)$/i.test(text)) return [];
  if (/^(?:true|1)$/i.test(text)) return [{ type: input, attributes: [] }];
  if (!text.includes('=')) {
    throw new InputError('INPUT_INVALID', {
      message: `The input \`${input}\` is "${text}": expected \`true\`, \`false\` or attributes such as \`${examples[input]}\`.`,
      remedy: `Set \`${input}: true\`, or leave it out.`,
    });
  }
  return attestationOf(input, input, readFields(input, text));
}

function parseEntry(entry: string): readonly Attestation[] {
  const fields = readFields('attests', entry);
  const type = fields.find((field) => /^type=/i.test(field.trim()))?.split('=')[1];
  if (type !== 'provenance' && type !== 'sbom') {
    throw new InputError('INPUT_INVALID', {
      message: `The input \`attests\` has the line "${entry}": expected type=provenance or type=sbom.`,
      remedy: 'Write for example `type=provenance,mode=max`.',
    });
  }
  return attestationOf(
    'attests',
    type,
    fields.filter((field) => !/^type=/i.test(field.trim())),
  );
}

/** @param faults gathers INPUT_INVALID */
export function parseAttestations(
  inputs: { readonly provenance: string; readonly sbom: string; readonly attests: string },
  { attempt }: Faults,
): readonly Attestation[] {
  const all = [
    ...(attempt(() => parseShorthand('provenance', inputs.provenance)) ?? []),
    ...(attempt(() => parseShorthand('sbom', inputs.sbom)) ?? []),
    ...(attempt(() => readLines('attests', inputs.attests)) ?? []).flatMap(
      (entry) => attempt(() => parseEntry(entry)) ?? [],
    ),
  ];
  attempt(() => {
    const twice = all.find(({ type }, index) => all.findIndex((other) => other.type === type) !== index);
    if (twice === undefined) return;
    throw new InputError('INPUT_INVALID', {
      message: `A ${twice.type} attestation is asked for twice, by \`${twice.type}\` and by \`attests\`.`,
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
