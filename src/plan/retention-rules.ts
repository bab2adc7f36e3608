/** The rules of a clean-up, and the words for them and for the versions that they are about. */

import type { VersionLine } from '../metadata/version-line.ts';
import type { Version } from './version-graph.ts';

/** How many versions of each line stay. */
export interface LineRule {
  readonly line: VersionLine;
  readonly count: number;
}

/** What a clean-up deletes, and what it keeps of that. */
export interface RetentionRules {
  /** Patterns of tags that may go; no other tag goes. */
  readonly deleteTags: readonly string[];
  /** Whether versions without a tag may go. */
  readonly deleteUntagged: boolean;
  /** Patterns of tags that stay whatever else is said. */
  readonly keepTags: readonly string[];
  readonly keepVersions: readonly LineRule[];
  /** How many stay of the versions whose tags may go, and as many of those without a tag. */
  readonly keepNewest: number;
  /** Milliseconds. */
  readonly keepYoungerThan: number;
}

/** `3 days`, `5 hours`; at least an hour. */
export function formatAge(milliseconds: number): string {
  const hours = Math.max(0, Math.floor(milliseconds / 3_600_000));
  const [number, unit] = hours >= 48 ? [Math.floor(hours / 24), 'day'] : [hours, 'hour'];
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}

/** A version as a person knows it: by a tag, or by the head of its digest. */
export function nameOfVersion({ digest, tags }: Pick<Version, 'digest' | 'tags'>): string {
  return tags[0] ?? digest.slice(0, digest.indexOf(':') + 13);
}

/** The rules of a plan as texts for people: what may go, and what stays all the same. */
export function describeRules(rules: RetentionRules): { readonly mayGo: string; readonly stays: string } {
  const { deleteTags, deleteUntagged, keepTags, keepVersions, keepNewest, keepYoungerThan } = rules;
  const mayGo = [...deleteTags, ...(deleteUntagged ? ['versions without a tag'] : [])];
  const stays = [
    ...keepTags,
    ...keepVersions.map(({ line, count }) => `the ${count} highest of ${line}`),
    ...(keepNewest > 0 ? [`the newest ${keepNewest}`] : []),
    ...(keepYoungerThan > 0 ? [`younger than ${formatAge(keepYoungerThan)}`] : []),
  ];
  return { mayGo: mayGo.join(', ') || 'nothing', stays: stays.join(', ') || 'nothing' };
}
