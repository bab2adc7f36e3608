/** The lines of Semantic Versioning: versions of one major or minor number, and of one variant such as `-alpine`. */

import { isHigher, isPrereleaseName, parseVersionOf, type Version } from './version.ts';

/** `all` versions, those of one `major` number, or those of one `minor` number. */
export const versionLines = ['all', 'major', 'minor'] as const;
export type VersionLine = (typeof versionLines)[number];

/** A tag that is a whole version. */
export interface VersionTag {
  readonly tag: string;
  /** Without the suffix of its variant. */
  readonly version: Version;
  /** What is written around the version: `app-` and `-alpine` of `app-v1.2.3-alpine`. */
  readonly variant: string;
}

/**
 * Reads `1.2.3`, `v1.2.3`, `1.2.3-rc.1`, `1.2.3-alpine`, `1.2.3-rc.1-alpine` and `app-v1.2.3`.
 * @returns `undefined` for a tag without three numbers, such as `1.2` or `latest`, which moves from version to version
 */
export function parseVersionTag(tag: string): VersionTag | undefined {
  // The last three numbers, after whatever is before them.
  const found = [...tag.matchAll(/(?<![^._-])v?([0-9]+\.[0-9]+\.[0-9]+)(?=-.|$)/g)].at(-1);
  if (found === undefined) return undefined;
  const [whole, numbers = ''] = found;
  const prefix = tag.slice(0, found.index);
  const rest = tag.slice(found.index + whole.length + 1);
  const parts = rest === '' ? [] : rest.split('-');
  const end = parts.findIndex((part) => !/^[0-9.]+$/.test(part) && !isPrereleaseName(part));
  const prerelease = end < 0 ? parts : parts.slice(0, end);
  const suffix = end < 0 ? [] : parts.slice(end);
  const version = parseVersionOf('semver', [numbers, ...prerelease].join('-'));
  return version && { tag, version, variant: `${prefix}…${suffix.map((each) => `-${each}`).join('')}` };
}

/** The name of a tag's line, such as `1.4`, with its variant: versions are counted within one. */
function lineOf({ version: { parts }, variant }: VersionTag, line: VersionLine): string {
  const numbers = { all: '', major: `${parts.major}`, minor: `${parts.major}.${parts.minor}` };
  return `${variant} ${numbers[line]}`;
}

/**
 * The highest versions of each line. A pre-release counts among all versions, and a release among releases only, so that no
 * pre-release takes the place of a release.
 * @param most of each line
 */
export function highestOfEachLine(tags: readonly VersionTag[], line: VersionLine, most: number): ReadonlySet<string> {
  const counted = new Map<string, { all: number; releases: number }>();
  const highest = new Set<string>();
  const byHeight = tags.toSorted(
    (left, right) => Number(isHigher(right.version, left.version)) - Number(isHigher(left.version, right.version)),
  );
  for (const each of byHeight) {
    const name = lineOf(each, line);
    const count = counted.get(name) ?? { all: 0, releases: 0 };
    counted.set(name, count);
    const { isPrerelease } = each.version;
    if (count.all < most || (!isPrerelease && count.releases < most)) highest.add(each.tag);
    count.all++;
    if (!isPrerelease) count.releases++;
  }
  return highest;
}
