/**
 * What one rule gives on one run: a value, or the reason why it gives none.
 */

import { matchPattern } from './match-pattern.ts';
import { type MetadataContext, shortSha } from './metadata-context.ts';
import type { MatchRule, RefRule, TagRule, VersionRule } from './tag-rules.ts';
import type { Scope } from './template.ts';
import { findNumbers, isPrereleaseName, parseVersionOf, type Version } from './version.ts';
import type { Spelling } from './version-family.ts';

export interface Value {
  /** Without prefix and suffix. */
  readonly text: string;
  /** Whether `latest` follows when this is the first tag and `flavor` leaves it to the rules; why, where it does not. */
  readonly latest: { readonly follows: true } | { readonly follows: false; readonly reason: string };
  /** The version that the value means, and how the rule would write another one. */
  readonly version?: { readonly version: Version; readonly spell: Spelling };
}

export type RuleResult = { readonly value: Value } | { readonly reason: string };

const noTag = { reason: 'the run is for no git tag, and the rule has no value' } as const;

const follows = { follows: true } as const;
const marked = 'belongs to a release that is marked as a prerelease';

/** Rules that someone wrote give what docker/metadata-action makes of them, which does not look at the mark. */
function isMarked({ isDefault }: TagRule, { isPrerelease }: MetadataContext): boolean {
  return isDefault && isPrerelease;
}

/** The text that a rule looks into. */
function sourceOf(
  { value, strip }: Pick<VersionRule, 'value' | 'strip'>,
  { ref }: MetadataContext,
  scope: Scope,
): { readonly text: string } | { readonly reason: string } {
  if (value === undefined && ref.kind !== 'tag') return noTag;
  const text = value === undefined ? ref.name : value.render(scope);
  if (text.startsWith(strip)) return { text: text.slice(strip.length) };
  return { reason: `"${text}" does not start with "${strip}"` };
}

function evaluateVersion(rule: VersionRule, context: MetadataContext, scope: Scope): RuleResult {
  const source = sourceOf(rule, context, scope);
  if ('reason' in source) return source;
  let { text } = source;
  if (rule.match !== undefined) {
    const found = matchPattern(text, rule.match, rule.text);
    if (found === null) {
      scope.warn(`"${rule.text}": ${rule.match} does not match "${text}", which is read as a whole.`);
    } else {
      // Without a group the whole match is meant.
      const group = found.length > 1 ? found[1] : found[0];
      if (group === undefined) return { reason: `group 1 of ${rule.match} is not in "${text}"` };
      text = group;
    }
  }
  const version = parseVersionOf(rule.type, text.replaceAll('/', '-'));
  if (version === undefined) {
    return { reason: `"${text}" is no version by ${rule.type === 'semver' ? 'Semantic Versioning' : 'PEP 440'}` };
  }
  const spell: Spelling = (other) => rule.pattern.render({ names: other.parts, dates: {}, warn: scope.warn });
  const { parts } = version;
  const isFinal = version.isFinal && !isMarked(rule, context);
  // A prerelease has no name but its own.
  const isRaw = /^\{\{[{&]?\s*raw\s*\}?\}\}$/.test(rule.pattern.text);
  const written = isFinal ? spell(version) : isRaw ? parts.raw : version.text;
  if (written === undefined || written === '') return { reason: `the pattern gives nothing for ${version.text}` };
  const reason = version.isFinal ? marked : 'is no final release';
  return {
    value: { text: written, latest: isFinal ? follows : { follows: false, reason }, version: { version, spell } },
  };
}

/**
 * The version inside of a text, and how the text reads with another one in its place: a semantic version, else the first
 * numbers.
 */
function versionInside(text: string, rewritten: (text: string) => string | undefined): Pick<Value, 'version'> {
  const [semver] = /(?<![0-9.])[0-9]+\.[0-9]+\.[0-9]+(?!\.?[0-9])(?:-[0-9A-Za-z.-]+)?/.exec(text) ?? [];
  const named = semver === undefined ? undefined : parseVersionOf('semver', semver);
  const found = named === undefined ? findNumbers(text) : semver;
  const version = named ?? (found === undefined ? undefined : parseVersionOf('numbers', found));
  if (found === undefined || version === undefined) return {};
  return { version: { version, spell: (other) => rewritten(text.replace(found, other.text)) } };
}

function evaluateMatch(rule: MatchRule, context: MetadataContext, scope: Scope): RuleResult {
  const source = sourceOf(rule, context, scope);
  if ('reason' in source) return source;
  const { text } = source;
  const groups = matchPattern(text, rule.pattern, rule.text);
  if (groups === null) return { reason: `${rule.pattern} does not match "${text}"` };
  const found = groups[rule.group];
  if (found === undefined) return { reason: `${rule.pattern} finds no group ${rule.group} in "${text}"` };
  const version = versionInside(text, (other) => matchPattern(other, rule.pattern, rule.text)?.[rule.group]);
  return { value: { text: found, latest: follows, ...version } };
}

function plain(text: string): RuleResult {
  return { value: { text, latest: { follows: false, reason: 'is no release' } } };
}

/** A git tag that is a version of its own kind, such as `24.04`; what its name says counts where nobody wrote a rule. */
function evaluateTag(rule: RefRule, context: MetadataContext): RuleResult {
  const { name } = context.ref;
  const inside = versionInside(name, (other) => other);
  const isPrerelease = rule.isDefault && (inside.version?.version.isPrerelease === true || isPrereleaseName(name));
  const reason = isPrerelease ? 'is no final release' : isMarked(rule, context) ? marked : undefined;
  return { value: { text: name, latest: reason === undefined ? follows : { follows: false, reason }, ...inside } };
}

function evaluateRef(rule: RefRule, context: MetadataContext): RuleResult {
  const { ref } = context;
  switch (rule.event) {
    case 'branch':
      return ref.kind === 'branch' ? plain(ref.name) : { reason: 'the run is for no branch' };
    case 'pr':
      return ref.kind === 'pull' ? plain(ref.name) : { reason: 'the run is for no pull request' };
    case 'tag':
      return ref.kind === 'tag' ? evaluateTag(rule, context) : { reason: 'the run is for no git tag' };
  }
}

/**
 * @param scope what expressions may name
 * @throws InputError EXPRESSION_INVALID
 */
export function evaluateRule(rule: TagRule, context: MetadataContext, scope: Scope): RuleResult {
  const { eventName, ref, repository, sha } = context;
  switch (rule.type) {
    case 'schedule':
      if (!eventName.includes('schedule')) return { reason: 'the run was started by no schedule' };
      return plain(rule.pattern.render({ ...scope, names: {} }));
    case 'semver':
    case 'pep440':
      return evaluateVersion(rule, context, scope);
    case 'match':
      return evaluateMatch(rule, context, scope);
    case 'edge': {
      const branch = rule.branch || repository.defaultBranch;
      if (ref.kind === 'branch' && ref.name === branch) return plain('edge');
      return { reason: `the run is not for the branch "${branch}"` };
    }
    case 'ref':
      return evaluateRef(rule, context);
    case 'raw':
      return plain(rule.value.render(scope));
    case 'sha':
      if (sha === '') return { reason: 'the commit is unknown' };
      return plain(rule.format === 'long' ? sha : shortSha(context));
  }
}
