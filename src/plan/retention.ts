/** Which versions of a package stay, and why each does: the rules of a clean-up, applied to what the registry has. */

import type { Digest } from '../image/digest.ts';
import type { Tag } from '../image/tag.ts';
import { parseMarkerTag } from '../legs/marker.ts';
import { highestOfEachLine, parseVersionTag } from '../metadata/version-line.ts';
import { matchesGlob } from '../text/glob.ts';
import { formatAge, type LineRule, nameOfVersion, type RetentionRules } from './retention-rules.ts';
import {
  openGraph,
  parseAttachedTag,
  type Reached,
  reachFrom,
  type Version,
  type VersionGraph,
} from './version-graph.ts';

/** Whether a version stays, with the reason as a clause. */
export interface VersionDecision {
  readonly version: Version;
  readonly stays: boolean;
  readonly reason: string;
}

export interface Retention {
  readonly graph: VersionGraph;
  readonly decisions: ReadonlyMap<Digest, VersionDecision>;
}

const day = 86_400_000;

/**
 * How long a mark of a staged leg may be waited for: a run ends after 35 days, and may be run again for 30
 * (https://docs.github.com/en/actions/reference/limits, https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs).
 */
const longestRun = 65 * day;

/** A wildcard at the start of a pattern means images; a cache and a mark go if the pattern names them. */
function mayGo({ isCache }: Version, tag: Tag, pattern: string): boolean {
  if (parseMarkerTag(tag) !== undefined && !pattern.startsWith('_staged.')) return false;
  if (isCache && /^[*?]/.test(pattern)) return false;
  return matchesGlob(pattern, tag);
}

/** Why a version stays by a tag of its own, as a clause; `undefined` if none of its tags keeps it. */
function keptByTag(version: Version, rules: RetentionRules, highest: ReadonlyMap<string, string>, now: number) {
  for (const tag of version.tags) {
    if (rules.keepTags.some((pattern) => matchesGlob(pattern, tag))) return `\`keep-tags\` keeps \`${tag}\``;
  }
  for (const tag of version.tags) {
    if (parseAttachedTag(tag) !== undefined) continue;
    const isNamed = rules.deleteTags.some((pattern) => mayGo(version, tag, pattern));
    const isMark = parseMarkerTag(tag) !== undefined;
    if (isMark && !isNamed && (version.since === undefined || now - version.since < longestRun)) {
      return `a run may still merge \`${tag}\``;
    }
    if (!isMark && !isNamed) {
      const isMatched = rules.deleteTags.some((pattern) => matchesGlob(pattern, tag));
      return isMatched ? `\`${tag}\` is a build cache` : `\`delete-tags\` does not match \`${tag}\``;
    }
    const line = highest.get(tag);
    if (line !== undefined) return `\`keep-versions\` keeps \`${tag}\`: it is among the ${line}`;
  }
  return undefined;
}

/** The tags that `keep-versions` keeps, each with the line that it is one of the highest of. */
function highestVersions(versions: readonly Version[], rules: readonly LineRule[]): ReadonlyMap<string, string> {
  const tags = versions.flatMap((version) => version.tags).flatMap((tag) => parseVersionTag(tag) ?? []);
  const kept = new Map<string, string>();
  for (const { line, count } of rules) {
    const of = line === 'all' ? 'all versions' : `its ${line} version`;
    for (const tag of highestOfEachLine(tags, line, count)) kept.set(tag, `${count} highest of ${of}`);
  }
  return kept;
}

/** Why a version stays by its age, as a clause; one whose age nobody tells may be new. */
function keptByAge({ since }: Version, { keepYoungerThan }: RetentionRules, now: number): string | undefined {
  if (keepYoungerThan === 0) return undefined;
  if (since === undefined) return 'nobody tells how old it is';
  return now - since < keepYoungerThan ? `it is younger than ${formatAge(keepYoungerThan)}` : undefined;
}

/** The newest of some versions, each with why it stays. */
function keptByNumber(versions: readonly Version[], count: number): ReadonlyMap<Digest, string> {
  if (count === 0) return new Map();
  const kept = new Map<Digest, string>();
  for (const { digest, since } of versions) {
    if (since === undefined) kept.set(digest, '`keep-newest` is set, and nobody tells how old it is');
  }
  const dated = versions
    .filter(({ since }) => since !== undefined)
    .toSorted((left, right) => (right.since ?? 0) - (left.since ?? 0) || (left.digest < right.digest ? -1 : 1));
  for (const { digest } of dated.slice(0, count)) kept.set(digest, `it is among the newest ${count}`);
  return kept;
}

/**
 * Decides about every version. One stays for a reason of its own, or because another that stays leads to it: as a part, as what refers
 * to it, or as what it refers to.
 * @param held stays for what came up while others were deleted; each with the reason, as a clause
 * @param now milliseconds since the epoch
 */
export function decideVersions(
  versions: readonly Version[],
  rules: RetentionRules,
  held: ReadonlyMap<Digest, string>,
  now: number,
): Retention {
  const graph = openGraph(versions);
  const highest = highestVersions(versions, rules.keepVersions);
  const roots = new Map<Digest, string>();
  const keep = (digest: Digest, reason: string | undefined): void => {
    if (reason !== undefined && !roots.has(digest)) roots.set(digest, reason);
  };
  for (const version of versions) {
    const { digest, tags, isListed } = version;
    keep(digest, held.get(digest));
    if (!isListed) continue;
    keep(digest, keptByTag(version, rules, highest, now) ?? keptByAge(version, rules, now));
    if (tags.length === 0 && !rules.deleteUntagged) keep(digest, '`delete-untagged` is `false`');
  }

  const isTagged = ({ tags }: Version): boolean => tags.some((tag) => parseAttachedTag(tag) === undefined);
  const leavingTags = versions.filter(
    (version) => isTagged(version) && keptByTag(version, rules, highest, now) === undefined,
  );
  for (const [digest, reason] of keptByNumber(leavingTags, rules.keepNewest)) keep(digest, reason);
  let reached = reachFrom(graph, roots.keys());

  if (rules.keepNewest > 0) {
    const isLeft = ({ digest }: Version): boolean => !roots.has(digest) && !reached.has(digest);
    const left = versions.filter(isLeft);
    const led = reachOfEach(graph, left);
    const heads = left.filter((version) => version.isListed && version.tags.length === 0 && !led.has(version.digest));
    for (const [digest, reason] of keptByNumber(heads, rules.keepNewest)) keep(digest, reason);
    reached = reachFrom(graph, roots.keys());
  }

  const decisions = versions.map((version): VersionDecision => {
    const root = roots.get(version.digest);
    if (root !== undefined) return { version, stays: true, reason: root };
    const way = reached.get(version.digest);
    if (way !== undefined) return { version, stays: true, reason: formatWay(graph, way) };
    return { version, stays: false, reason: whyItGoes(graph, version, now) };
  });
  return { graph, decisions: new Map(decisions.map((decision) => [decision.version.digest, decision])) };
}

/** What some versions list, or what is attached to them: none of that is a version by itself. */
function reachOfEach(graph: VersionGraph, versions: readonly Version[]): ReadonlySet<Digest> {
  return new Set(
    versions.flatMap(({ digest }) =>
      graph.waysFrom(digest).flatMap(({ to, link }) => (link === 'subject of' ? [] : [to])),
    ),
  );
}

function formatWay({ versions }: VersionGraph, { from, link }: Reached): string {
  return `it is ${link} \`${nameOfVersion(versions.get(from) ?? { digest: from, tags: [] })}\``;
}

function whyItGoes({ versions }: VersionGraph, { tags, since, subject, isListed }: Version, now: number): string {
  const age = since === undefined ? '' : `, and it is ${formatAge(now - since)} old`;
  const [tag] = tags;
  const attached = tags.map(parseAttachedTag).find((each) => each !== undefined);
  if (attached !== undefined || (tags.length === 0 && subject !== undefined)) {
    const isThere = subject !== undefined && versions.has(subject);
    return `what it is attached to ${isThere || subject === undefined ? 'goes' : 'is gone'}${age}`;
  }
  if (tag !== undefined) return `\`delete-tags\` matches ${tags.length === 1 ? 'its tag' : 'all its tags'}${age}`;
  return `${isListed ? 'it has no tag, and ' : ''}nothing that stays leads to it${age}`;
}
