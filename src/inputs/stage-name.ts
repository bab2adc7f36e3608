/** The input `stage`: which image of a run a leg belongs to. */

import { InputError } from '../errors.ts';
import { normaliseBoolean } from './input-values.ts';

/**
 * The name has room in a tag beside the run and a digest.
 * @returns empty for `true`, `undefined` for `false`
 * @throws InputError INPUT_INVALID
 */
export function parseStage(text: string): string | undefined {
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
