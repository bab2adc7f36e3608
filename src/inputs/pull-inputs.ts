/** The inputs of `pull/`. */

import { type EngineWish, engineWishes } from '../build/build-request.ts';
import type { Faults } from '../errors.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import { type Platform, parsePlatform } from '../image/platform.ts';
import { parseTag, type Tag } from '../image/tag.ts';
import type { InputReader } from './input-reader.ts';
import { oneOf, wholeNumber } from './input-values.ts';
import type { Inputs } from './publish-inputs.ts';

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
  engine: 'auto',
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
  readonly engine: EngineWish;
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
    engine: attempt(() => oneOf('engine', read('engine'), engineWishes)) ?? 'auto',
    retries: attempt(() => wholeNumber('retries', read('retries'), 1, 100, pullInputDefaults.retries)) ?? 1,
  };
}
