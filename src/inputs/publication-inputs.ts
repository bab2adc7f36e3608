/** The inputs that a publish and a merge share: where the image goes, what it is called there, and how it gets there. */

import type { Faults } from '../errors.ts';
import { type AttestedPredicate, parseAttest } from './attested-predicates.ts';
import type { InputReader } from './input-reader.ts';
import { normaliseBoolean, oneOf, wholeNumber } from './input-values.ts';

/** The default of each of them, in the groups in which action.yml and merge/action.yml have them. */
export const publicationInputDefaults = {
  where: {
    registry: 'auto',
    owner: '',
    image: '',
    images: '',
    token: '',
    username: '',
    'registry-auth': '',
    'login-scope': 'step',
  },
  names: { annotations: '', tags: '', flavor: '', 'if-exists': 'overwrite', push: 'auto' },
  care: { attest: 'false', verify: 'manifest', retries: '5', 'dry-run': 'false' },
  report: { summary: 'true' },
} as const;

type Groups = typeof publicationInputDefaults;
type PublicationInputName = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];

/** A yes-or-no input that may also be left to the action. */
type Choice = 'auto' | 'true' | 'false';

/** What the step does if the version tag already exists; `update`: it compares the content. */
export const existingPolicies = ['overwrite', 'update', 'skip', 'skip-unless-base-changed', 'fail'] as const;
export type IfExists = (typeof existingPolicies)[number];

/** What the step checks in the registry after the push. */
export type Verification = 'off' | 'manifest' | 'blobs';

export interface PublicationInputs {
  readonly registry: string;
  readonly owner: string;
  readonly image: string;
  /** One of several targets of a bake file: without `image` and `images` it is part of the name. Absent: there is one image. */
  readonly bakeTarget?: string;
  /** metadata-action syntax, unparsed: its grammar is metadata's. So `annotations`, `tags` and `flavor`. */
  readonly images: string;
  readonly token: string;
  readonly username: string;
  /** YAML, unparsed: only a step that has it loads a parser. */
  readonly registryAuth: string;
  readonly loginScope: 'step' | 'job';
  readonly annotations: string;
  readonly tags: string;
  readonly flavor: string;
  readonly ifExists: IfExists;
  readonly push: Choice;
  readonly attest: readonly AttestedPredicate[];
  readonly verify: Verification;
  readonly retries: number;
  readonly dryRun: boolean;
  readonly summary: boolean;
}

/** @param faults gathers INPUT_INVALID; an input at fault has its default, so that the others can be judged too */
export function parsePublicationInputs(
  read: InputReader<PublicationInputName>,
  { attempt }: Faults,
): PublicationInputs {
  const { retries } = publicationInputDefaults.care;
  return {
    registry: read('registry'),
    owner: read('owner'),
    image: read('image'),
    images: read('images'),
    token: read('token'),
    username: read('username'),
    registryAuth: read('registry-auth'),
    loginScope: attempt(() => oneOf('login-scope', read('login-scope'), ['step', 'job'])) ?? 'step',
    annotations: read('annotations'),
    tags: read('tags'),
    flavor: read('flavor'),
    ifExists: attempt(() => oneOf('if-exists', read('if-exists'), existingPolicies)) ?? 'overwrite',
    push: attempt(() => oneOf('push', normaliseBoolean(read('push')), ['auto', 'true', 'false'])) ?? 'auto',
    attest: attempt(() => parseAttest(read('attest'))) ?? [],
    verify: attempt(() => oneOf('verify', read('verify'), ['manifest', 'blobs', 'off'])) ?? 'manifest',
    retries: attempt(() => wholeNumber('retries', read('retries'), 1, 100, retries)) ?? 1,
    dryRun: attempt(() => oneOf('dry-run', normaliseBoolean(read('dry-run')), ['false', 'true'])) === 'true',
    summary: attempt(() => oneOf('summary', normaliseBoolean(read('summary')), ['true', 'false'])) !== 'false',
  };
}
