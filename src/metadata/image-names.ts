/**
 * The `images` input: full names, one a line, each perhaps with `enable`
 * (https://github.com/docker/metadata-action#images-input).
 */

import { gatherFaults, InputError, withFacts } from '../errors.ts';
import { parseRepositoryName } from '../image/reference.ts';
import type { Repository } from '../image/repository.ts';
import { fieldsOf, formatRecord, readRecords, splitAttribute } from './records.ts';

const input = { name: 'images', code: 'IMAGES_INVALID' } as const;

function invalid(record: readonly string[], fault: string): InputError {
  return new InputError('IMAGES_INVALID', {
    message: `"${formatRecord(record)}" in \`images\` is invalid: ${fault}.`,
    remedy: 'Expected a name such as ghcr.io/octo-org/app, or name=ghcr.io/octo-org/app,enable=true.',
  });
}

function parseImage(record: readonly string[]): readonly Repository[] {
  const fields = fieldsOf(record, input).filter((field) => field !== '');
  // The older form: names alone, several on a line.
  if (!fields.some((field) => field.includes('=')))
    return fields.map((name) => parseRepositoryName(name.toLowerCase()));
  let image = '';
  let enable = 'true';
  for (const field of fields) {
    const { name, value } = splitAttribute(field);
    if (name === undefined || name === 'name') image = value;
    else if (name === 'enable') enable = value;
    else throw invalid(record, `"${name}" is unknown; known are name, enable`);
  }
  if (image === '') throw invalid(record, 'it has no name');
  if (enable !== 'true' && enable !== 'false') throw invalid(record, `enable is "${enable}", not true or false`);
  const repository = parseRepositoryName(image.toLowerCase());
  return enable === 'true' ? [repository] : [];
}

/** The fault of a name, with a remedy for this input: the same names may be in `registry` and `image`. */
function ofImages<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InputError) || error.code === 'IMAGES_INVALID') throw error;
    throw withFacts(error, {
      remedy: 'Correct this name in `images`: [REGISTRY/]OWNER/IMAGE, such as ghcr.io/octo-org/app.',
    });
  }
}

/**
 * The repositories to publish to. Names are lower-cased, as docker/metadata-action does.
 * @param text `[registry/]path` or `name=[registry/]path,enable=true|false`, one a line
 * @throws InputError IMAGES_INVALID, REGISTRY_INVALID, REPOSITORY_INVALID; all faults together
 */
export function parseImages(text: string): readonly Repository[] {
  const faults = gatherFaults();
  const images = readRecords(text, input).flatMap(
    (record) => faults.attempt(() => ofImages(() => parseImage(record))) ?? [],
  );
  faults.throwIfAny();
  return images;
}
