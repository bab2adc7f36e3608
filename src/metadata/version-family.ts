/**
 * Which tags of a registry belong together, so that none moves backwards: `1.4.9-alpine` is of one family with
 * `2.0.0-alpine`, but not with `2.0.0` (docs/tags.md).
 */

import { type Affixes, cleanText } from './tag-text.ts';
import { findNumbers, isHigher, parseVersionOf, type Version } from './version.ts';

/** How a rule writes a version as a tag's value; `undefined` where it would give none. */
export type Spelling = (version: Version) => string | undefined;

export interface NamedVersion {
  readonly tag: string;
  readonly version: Version;
}

/** `v1.2.3` and `1.2.3` are of one family, wherever the `v` was written. */
function withoutV(text: string): string {
  return text.replace(/^v/, '');
}

/** Nightly builds are often tagged with the day; beside versions such as 1.4.9 that is no version 2026. */
function isDay(text: string): boolean {
  return /^(?:19|20)[0-9]{2}([._-]?)(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])$/.test(text);
}

function versionNamed(
  tag: string,
  affixes: Affixes,
  published: Version,
  spellings: readonly Spelling[],
): Version | undefined {
  const prefix = cleanText(affixes.prefix)
    .replace(/^[.-]+/, '')
    .replace(/(?<![a-zA-Z])v$/, '');
  const suffix = cleanText(affixes.suffix);
  if (!tag.startsWith(prefix) || !tag.endsWith(suffix)) return undefined;
  const middle = withoutV(tag.slice(prefix.length, tag.length - suffix.length));
  if (isDay(middle) && published.parts.major < 1900) return undefined;
  const whole = parseVersionOf(published.scheme, middle);
  if (whole !== undefined && whole.release.length > 1) return whole.isPrerelease ? undefined : whole;
  // A fourth number is beyond Semantic Versioning, and still in order with three.
  const longer = parseVersionOf('numbers', middle);
  if (longer !== undefined && longer.release.length > 3) return longer;
  if (published.scheme === 'numbers') return spelledAlike(middle, published, spellings);
  // Otherwise it counts when one of the rules would have written it. `2.0` then is at least 2.0.0; a single number is
  // left alone, since it may be a date or the number of a run.
  for (const [numbers] of middle.matchAll(/(?<![0-9])[0-9]+\.[0-9]+(?:\.[0-9]+)?/g)) {
    const version = parseVersionOf(published.scheme, numbers.split('.').length === 2 ? `${numbers}.0` : numbers);
    if (version === undefined) continue;
    if (spellings.some((spell) => withoutV(cleanText(spell(version) ?? '')) === middle)) return version;
  }
  return undefined;
}

/** A tag that differs from the published one in its numbers alone. A single number is compared with single ones only. */
function spelledAlike(middle: string, published: Version, spellings: readonly Spelling[]): Version | undefined {
  const found = findNumbers(middle);
  const version = found === undefined ? undefined : parseVersionOf('numbers', found);
  if (version === undefined || (version.release.length === 1 && published.release.length > 1)) return undefined;
  return spellings.some((spell) => withoutV(cleanText(spell(version) ?? '')) === middle) ? version : undefined;
}

/**
 * The versions that a registry already has above the published one, highest first.
 * @param tags the registry's tags
 * @param spellings how the rules of this run write versions with these affixes
 */
export function higherVersions(
  tags: readonly string[],
  affixes: Affixes,
  published: Version,
  spellings: readonly Spelling[],
): readonly NamedVersion[] {
  return tags
    .flatMap((tag) => {
      const version = versionNamed(tag, affixes, published, spellings);
      return version !== undefined && isHigher(version, published) ? [{ tag, version }] : [];
    })
    .toSorted(
      (left, right) => Number(isHigher(right.version, left.version)) - Number(isHigher(left.version, right.version)),
    );
}

/** A tag around its first row of numbers; `undefined` if it has no row of two or more, and so is no version. */
function aroundVersion(
  tag: string,
): { readonly prefix: string; readonly version: Version; readonly suffix: string } | undefined {
  const numbers = findNumbers(tag) ?? '';
  const version = parseVersionOf('numbers', numbers);
  if (version === undefined || version.release.length < 2) return undefined;
  const start = tag.indexOf(numbers);
  return { prefix: tag.slice(0, start), version, suffix: tag.slice(start + numbers.length) };
}

/** Whether a tag has two or more numbers in a row, such as `1.2.3-alpine`. */
export function isVersionTag(tag: string): boolean {
  return aroundVersion(tag) !== undefined;
}

/**
 * The tag of the version right below a published one: the same text around as many numbers.
 * @returns `undefined` if the tag is the lowest, or no version
 */
export function versionTagBefore(tag: string, tags: readonly string[]): string | undefined {
  const published = aroundVersion(tag);
  if (published === undefined) return undefined;
  const below = tags.flatMap((each) => {
    const other = aroundVersion(each);
    const isAlike =
      other?.prefix === published.prefix &&
      other.suffix === published.suffix &&
      other.version.release.length === published.version.release.length;
    return isAlike && isHigher(published.version, other.version) ? [{ tag: each, version: other.version }] : [];
  });
  return below.reduce<NamedVersion | undefined>(
    (highest, each) => (highest === undefined || isHigher(each.version, highest.version) ? each : highest),
    undefined,
  )?.tag;
}
