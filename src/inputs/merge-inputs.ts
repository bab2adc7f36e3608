/** The inputs of `merge/`. */

import { type Faults, InputError } from '../errors.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import type { InputReader } from './input-reader.ts';
import { normaliseBoolean } from './input-values.ts';
import { type Inputs, inputDefaults, parseInputs } from './publish-inputs.ts';

/** The default of each input of merge/action.yml, as `inputDefaults` is for action.yml. */
export const mergeInputDefaults = {
  registry: 'auto',
  owner: '',
  image: '',
  images: '',
  token: '',
  username: '',
  'registry-auth': '',
  'login-scope': 'step',
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
