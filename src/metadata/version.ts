/**
 * Versions: Semantic Versioning (https://semver.org/) and PEP 440 (https://peps.python.org/pep-0440/).
 */

import * as pep440 from '@renovatebot/pep440';
import compareSemver from 'semver/functions/compare.js';
import parseSemver from 'semver/functions/parse.js';

export type VersionScheme = 'semver' | 'pep440';

export interface Version {
  readonly scheme: VersionScheme;
  /** Normalised: no leading `v`, no build metadata. */
  readonly text: string;
  /** How many numbers stand before anything else; a single one may be a date or a run number. */
  readonly numbers: number;
  /** Not meant for everyone yet: alpha, beta, rc, dev. */
  readonly isPrerelease: boolean;
  /** A release that shorter names may stand for; neither a prerelease nor a post-release of PEP 440. */
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
    numbers: 3,
    isPrerelease,
    isFinal: !isPrerelease,
    parts: { raw, version, major, minor, patch, prerelease, build },
  };
}

function pep440Of(text: string): Version | undefined {
  const parsed = pep440.explain(text);
  const version = pep440.clean(text);
  if (parsed === null || version === null) return undefined;
  const [major = 0, minor = 0, patch = 0] = parsed.release;
  const isPrerelease = parsed.is_prerelease || parsed.is_devrelease;
  return {
    scheme: 'pep440',
    text: version,
    numbers: parsed.release.length,
    isPrerelease,
    isFinal: !isPrerelease && !parsed.is_postrelease,
    parts: { raw: text, version, major, minor, patch },
  };
}

/** @returns `undefined` for text that is no version of that scheme */
export function parseVersionOf(scheme: VersionScheme, text: string): Version | undefined {
  return scheme === 'semver' ? semverOf(text) : pep440Of(text);
}

/** Whether `left` comes after `right`; both of one scheme. */
export function isHigher(left: Version, right: Version): boolean {
  return (left.scheme === 'semver' ? compareSemver : pep440.compare)(left.text, right.text) > 0;
}

/** The release that comes next in the last number; what both have in common does not tell them apart. */
export function nextPatch({ scheme, parts: { major, minor, patch } }: Version): Version | undefined {
  return parseVersionOf(scheme, `${major}.${minor}.${patch + 1}`);
}
