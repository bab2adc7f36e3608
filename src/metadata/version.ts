/**
 * Versions: Semantic Versioning (https://semver.org/), PEP 440 (https://peps.python.org/pep-0440/), and any other numbers
 * in a row, such as `24.04`, `1.2.3.4` or `2026-01-02`: they have an order, too.
 */

import * as pep440 from '@renovatebot/pep440';
import compareSemver from 'semver/functions/compare.js';
import parseSemver from 'semver/functions/parse.js';

export type VersionScheme = 'semver' | 'pep440';

export interface Version {
  readonly scheme: VersionScheme | 'numbers';
  /** Normalised: no leading `v`, no build metadata. */
  readonly text: string;
  /** The numbers before anything else; a single one may be a date or a run number. */
  readonly release: readonly number[];
  /** Not meant for everyone yet: alpha, beta, rc, dev. */
  readonly isPrerelease: boolean;
  /** A release that shorter tags may point to; neither a prerelease nor a post-release of PEP 440. */
  readonly isFinal: boolean;
  /** What a `pattern` may name. */
  readonly parts: Readonly<Record<string, unknown>> & {
    readonly raw: string;
    readonly major: number;
    readonly minor: number;
    readonly patch: number;
  };
}

function semverOf(text: string): Version | undefined {
  const parsed = parseSemver(text);
  if (parsed === null) return undefined;
  const { raw, version, major, minor, patch, prerelease, build } = parsed;
  const isPrerelease = prerelease.length > 0;
  return {
    scheme: 'semver',
    text: version,
    release: [major, minor, patch],
    isPrerelease,
    isFinal: !isPrerelease,
    parts: { raw, version, major, minor, patch, prerelease, build },
  };
}

function pep440Of(text: string): Version | undefined {
  const parsed = pep440.explain(text);
  const version = pep440.clean(text);
  if (parsed === null || version === null) return undefined;
  // A number that is too large for JavaScript is written as 1.1e+22, or as Infinity. Between the parts of a local version
  // (`+build.5`) `clean` writes commas.
  if (pep440.valid(version.replaceAll(',', '.')) === null) return undefined;
  const [major = 0, minor = 0, patch = 0] = parsed.release;
  const isPrerelease = parsed.is_prerelease || parsed.is_devrelease;
  return {
    scheme: 'pep440',
    text: version,
    release: parsed.release,
    isPrerelease,
    isFinal: !isPrerelease && !parsed.is_postrelease,
    parts: { raw: text, version, major, minor, patch },
  };
}

/** Numbers up to 15 digits, which is as far as a number of JavaScript is exact, between single `.`, `-` or `_`. */
const numbersPattern = /(?<![0-9])[0-9]{1,15}(?:[._-][0-9]{1,15})*(?![0-9])/;

function numbersOf(text: string): Version | undefined {
  if (numbersPattern.exec(text)?.[0] !== text) return undefined;
  const release = text.split(/[._-]/).map(Number);
  const [major = 0, minor = 0, patch = 0] = release;
  const parts = { raw: text, version: text, major, minor, patch };
  return { scheme: 'numbers', text, release, isPrerelease: false, isFinal: true, parts };
}

/** @returns `undefined` for text that is no version of that scheme */
export function parseVersionOf(scheme: Version['scheme'], text: string): Version | undefined {
  if (scheme === 'numbers') return numbersOf(text);
  return scheme === 'semver' ? semverOf(text) : pep440Of(text);
}

/** The first numbers in a text, as they are written. */
export function findNumbers(text: string): string | undefined {
  return numbersPattern.exec(text)?.[0];
}

/** Whether `left` comes after `right`; versions of two schemes are compared by their numbers. */
export function isHigher(left: Version, right: Version): boolean {
  if (left.scheme === right.scheme && left.scheme !== 'numbers') {
    return (left.scheme === 'semver' ? compareSemver : pep440.compare)(left.text, right.text) > 0;
  }
  for (let index = 0; index < Math.max(left.release.length, right.release.length); index += 1) {
    const difference = (left.release[index] ?? 0) - (right.release[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/**
 * Whether a name that is no semantic version says that it is not meant for everyone yet: `1.0.0rc1`, `v1.2-beta`,
 * `nightly-2026-01-02`.
 */
export function isPrereleaseName(name: string): boolean {
  const words =
    /(?<![a-z])(?:alpha|beta|rc|pre|preview|dev|snapshot|nightly|canary|next|unstable|experimental|insiders?|milestone|eap?)(?![a-z])/i;
  // PEP 440 and Maven write one letter between numbers: 1.0a1, 1.0b2, 1.0-M3.
  return words.test(name) || /[0-9](?:[abc]|[.-]m)[0-9]/i.test(name);
}

/** The release that comes next in the last number; what both have in common does not tell them apart. */
export function nextPatch({ scheme, text, parts: { major, minor, patch } }: Version): Version | undefined {
  if (scheme === 'numbers') return numbersOf(text.replace(/(?<![0-9])[0-9]+$/, (last) => String(Number(last) + 1)));
  return parseVersionOf(scheme, `${major}.${minor}.${patch + 1}`);
}
