/** The inputs of `cleanup/`. */

import { type Faults, InputError } from '../errors.ts';
import { type VersionLine, versionLines } from '../metadata/version-line.ts';
import type { InputReader } from './input-reader.ts';
import { normaliseBoolean, oneOf, wholeNumber } from './input-values.ts';
import type { Verification } from './publication-inputs.ts';
import type { Inputs } from './publish-inputs.ts';

/** The default of each input of cleanup/action.yml, as `inputDefaults` is for action.yml. */
export const cleanupInputDefaults = {
  registry: 'auto',
  owner: '',
  image: '',
  token: '',
  username: '',
  'registry-auth': '',
  'delete-tags': '',
  'delete-untagged': 'true',
  'keep-tags': 'latest',
  'keep-versions': '',
  'keep-newest': '0',
  'keep-younger-than': '1 day',
  'dry-run': 'true',
  verify: 'manifest',
  retries: '5',
  summary: 'true',
} as const;

export interface CleanupInputs
  extends Pick<
    Inputs,
    'registry' | 'owner' | 'image' | 'token' | 'username' | 'registryAuth' | 'loginScope' | 'retries' | 'summary'
  > {
  readonly deleteTags: readonly string[];
  readonly deleteUntagged: boolean;
  readonly keepTags: readonly string[];
  readonly keepVersions: readonly { readonly line: VersionLine; readonly count: number }[];
  readonly keepNewest: number;
  /** Milliseconds. */
  readonly keepYoungerThan: number;
  /** Whether what goes is deleted, and not only printed. Unlike elsewhere, a dry run of a clean-up asks the registry. */
  readonly deletes: boolean;
  readonly verify: Verification;
}

/** @param faults gathers INPUT_INVALID */
export function parseCleanupInputs(
  read: InputReader<keyof typeof cleanupInputDefaults>,
  { attempt }: Faults,
): CleanupInputs {
  const defaults = cleanupInputDefaults;
  const boolean = (name: 'delete-untagged' | 'dry-run' | 'summary'): boolean =>
    attempt(() => oneOf(name, normaliseBoolean(read(name)), ['true', 'false'])) !== 'false';
  const patterns = (name: 'delete-tags' | 'keep-tags'): readonly string[] =>
    linesOf(read(name)).flatMap((line) => attempt(() => parsePattern(name, line)) ?? []);
  return {
    registry: read('registry'),
    owner: read('owner'),
    image: read('image'),
    token: read('token'),
    username: read('username'),
    registryAuth: read('registry-auth'),
    // Nothing of a clean-up is for later steps.
    loginScope: 'step',
    deleteTags: patterns('delete-tags'),
    deleteUntagged: boolean('delete-untagged'),
    keepTags: patterns('keep-tags'),
    keepVersions: linesOf(read('keep-versions')).flatMap((line) => attempt(() => parseLineRule(line)) ?? []),
    keepNewest:
      attempt(() => wholeNumber('keep-newest', read('keep-newest'), 0, 100_000, defaults['keep-newest'])) ?? 0,
    keepYoungerThan: attempt(() => parseAge('keep-younger-than', read('keep-younger-than'))) ?? 0,
    deletes: !boolean('dry-run'),
    verify: attempt(() => oneOf('verify', read('verify'), ['manifest', 'blobs', 'off'])) ?? 'manifest',
    retries: attempt(() => wholeNumber('retries', read('retries'), 1, 100, defaults.retries)) ?? 1,
    summary: boolean('summary'),
  };
}

function linesOf(text: string): readonly string[] {
  return text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The characters of a tag, and the wildcards `*` and `?`. */
function parsePattern(name: string, text: string): string {
  if (/^[a-zA-Z0-9._*?-]{1,128}$/.test(text)) return text;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${name}\` has the pattern "${text}": expected a tag with the wildcards \`*\` for any characters and \`?\` for one.`,
    remedy: `Write a pattern such as \`pr-*\`, one per line. Regular expressions are not supported.`,
  });
}

/** `minor=2` */
function parseLineRule(text: string): { readonly line: VersionLine; readonly count: number } {
  const [, name, number] = /^([a-z]+) *= *([0-9]{1,6})$/.exec(text) ?? [];
  const line = versionLines.find((each) => each === name);
  if (line !== undefined && Number(number) > 0) return { line, count: Number(number) };
  throw new InputError('INPUT_INVALID', {
    message: `The input \`keep-versions\` has "${text}": expected \`all\`, \`major\` or \`minor\`, then \`=\` and how many versions stay.`,
    remedy: 'Write `minor=1` to keep the highest version of each minor line, such as 1.4.9 of 1.4.',
  });
}

const hour = 3_600_000;
const units: Readonly<Record<string, number>> = { h: hour, d: 24 * hour, w: 7 * 24 * hour };

/**
 * `12 hours`, `30d`, `2 weeks`, or `0`.
 * @returns milliseconds
 */
function parseAge(name: string, text: string): number {
  const [, number, unit = ''] = /^([0-9]{1,6}) *(h|hours?|d|days?|w|weeks?)$/.exec(text) ?? [];
  const length = units[unit.slice(0, 1)];
  if (number !== undefined && length !== undefined) return Number(number) * length;
  if (text === '0') return 0;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${name}\` is "${text}": expected a number of hours, days or weeks.`,
    remedy: `Write \`${name}: 30 days\`.`,
  });
}
