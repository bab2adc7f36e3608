/** The inputs of `merge/`. */

import { type Faults, InputError } from '../errors.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import type { Platform } from '../image/platform.ts';
import { parsePlatforms } from './build-inputs.ts';
import type { InputReader } from './input-reader.ts';
import { normaliseBoolean } from './input-values.ts';
import { type PublicationInputs, parsePublicationInputs, publicationInputDefaults } from './publication-inputs.ts';
import { parseStage } from './stage-name.ts';

/** The default of each input of merge/action.yml, as `inputDefaults` is for action.yml. */
export const mergeInputDefaults = {
  ...publicationInputDefaults.where,
  stage: 'true',
  digests: '',
  platforms: '',
  ...publicationInputDefaults.names,
  ...publicationInputDefaults.care,
  ...publicationInputDefaults.report,
} as const;

export interface MergeInputs extends PublicationInputs {
  /** The name of the image whose legs are merged, empty for the only one of the run. */
  readonly stage: string;
  /** The legs, instead of those that were staged; `undefined` for the staged ones. */
  readonly digests: readonly Digest[] | undefined;
  /** Those that have to be there, and no others; empty where nothing is expected. */
  readonly platforms: readonly Platform[];
}

/** @param faults gathers INPUT_INVALID, PLATFORM_INVALID and DIGEST_INVALID */
export function parseMergeInputs(read: InputReader<keyof typeof mergeInputDefaults>, faults: Faults): MergeInputs {
  const inputs = parsePublicationInputs(read, faults);
  const stage = faults.attempt(() => parseStage(read('stage'))) ?? '';
  const platforms = faults.attempt(() => parsePlatforms(read('platforms'))) ?? [];
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
  if (inputs.ifExists === 'skip-unless-base-changed') {
    faults.attempt(() => {
      throw new InputError('INPUT_INVALID', {
        message:
          'The input `if-exists` is `skip-unless-base-changed`: a merge builds nothing, so it has no base image.',
        remedy: 'Set `if-exists` in the steps that stage the legs, and leave it out here.',
      });
    });
  }
  return { ...inputs, stage, platforms, digests: digests.length === 0 ? undefined : [...new Set(digests)] };
}
