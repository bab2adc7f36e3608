/**
 * What an image is called on one run: its version, tags, labels and annotations, each decision with its reason
 * (docs/tags.md). Pure: every fact comes in as a value.
 */

import { gather, gatherFaults, InputError } from '../errors.ts';
import type { Annotation } from '../image/annotation.ts';
import { formatRepository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import { evaluateRule, type Value } from './evaluate-rule.ts';
import type { Affix, Flavor } from './flavor.ts';
import { type AnnotationTemplate, describeAnnotations, describeLabels, type Label, type Wanted } from './labels.ts';
import { type MetadataContext, scopeOf } from './metadata-context.ts';
import type { TagRule } from './tag-rules.ts';
import { type Affixes, cleanText, fitTag, parseWrittenTag } from './tag-text.ts';
import type { Scope, Template } from './template.ts';
import { nextPatch } from './version.ts';
import { higherVersions, type NamedVersion } from './version-family.ts';

/** What the workflow asks for. */
export interface Naming {
  readonly rules: readonly TagRule[];
  readonly flavor: Flavor;
  readonly labels: Wanted<Template>;
  readonly annotations: Wanted<AnnotationTemplate>;
}

export interface DescribedTag {
  readonly tag: Tag;
  /** The rule that gave it, as written. */
  readonly rule: string;
  readonly priority: number;
  /** `fixed` names one publish; `floating` moves with each release of its line; `latest` with each release. */
  readonly kind: 'fixed' | 'floating' | 'latest';
  /** The one repository that it is for, as `registry/path`; absent for a tag of all. */
  readonly repository?: string;
}

/** A tag that stays where it is, because it would move backwards. */
interface HeldTag extends DescribedTag {
  readonly reason: string;
}

export interface ImageDescription {
  /** The first tag that a rule gave, published or held; empty where no rule gave one. */
  readonly version: string;
  /** Without duplicates; the main one first. `latest` is last, unless a rule of its own gives it. */
  readonly tags: readonly DescribedTag[];
  readonly held: readonly HeldTag[];
  /** The rules that gave no tag of their own, as written, and why. */
  readonly notFired: readonly { readonly rule: string; readonly reason: string }[];
  /** Whether `latest` is among the tags, and why. */
  readonly latest: { readonly isTaken: boolean; readonly reason: string };
  readonly labels: readonly Label[];
  readonly annotations: readonly Annotation[];
  /** What is odd, but no error. */
  readonly warnings: readonly string[];
}

/** A tag that a rule gives, before it is known whether it may move. */
interface Candidate {
  readonly rule: TagRule;
  readonly tag: Tag;
  readonly value: Value;
  readonly affixes: Affixes;
}

function render(affix: Affix | undefined, scope: Scope): string {
  return affix?.template.render(scope) ?? '';
}

function candidateOf(
  rule: TagRule,
  flavor: Flavor,
  context: MetadataContext,
  scope: Scope,
): Candidate | { readonly reason: string } {
  const enable = rule.enable.render(scope);
  if (enable !== 'true' && enable !== 'false') {
    throw new InputError('TAG_RULE_INVALID', {
      message: `"${rule.text}" in \`tags\` is invalid: enable gives "${enable}", not true or false.`,
      remedy: 'Use an expression such as enable={{is_default_branch}}.',
    });
  }
  if (enable === 'false') {
    return { reason: rule.enable.text === 'false' ? 'enable is false' : `enable=${rule.enable.text} is false` };
  }
  const outcome = evaluateRule(rule, context, scope);
  if ('reason' in outcome) return outcome;
  const { value } = outcome;
  // A whole reference is the name that someone wants.
  const affixes =
    rule.type === 'raw' && rule.repository !== undefined
      ? { prefix: '', suffix: '' }
      : {
          prefix: rule.prefix?.render(scope) ?? render(flavor.prefix, scope),
          suffix: rule.suffix?.render(scope) ?? render(flavor.suffix, scope),
        };
  const written = `${affixes.prefix}${value.text}${affixes.suffix}`;
  if (written === '') return { reason: 'its value is empty on this run' };
  const tag = rule.type === 'raw' && rule.isLiteral ? parseWrittenTag(written) : fitTag(value.text, affixes);
  if (cleanText(written).length > tag.length && tag.length === 128) {
    scope.warn(`"${written}" is too long for a tag; it was cut to "${tag}".`);
  }
  return { rule, tag, value, affixes };
}

/** The one repository that a rule is for; `undefined` for a rule of all. */
function nameOf(rule: TagRule): string | undefined {
  return rule.type === 'raw' && rule.repository !== undefined ? formatRepository(rule.repository) : undefined;
}

/** Whether a later release of the same line would take the tag. */
function isFloating({ value: { text, version } }: Candidate): boolean {
  const next = version === undefined ? undefined : nextPatch(version.version);
  return next !== undefined && version?.version.isFinal === true && version.spell(next) === text;
}

function formatHolder({ tag, version }: NamedVersion, published: string): string {
  const name = tag === version.text ? tag : `${tag} (${version.text})`;
  return `the registry has ${name}, which is higher than ${published}`;
}

/** Why `latest` stays where it is. */
interface Holder {
  readonly isCertain: boolean;
  readonly reason: string;
}

/**
 * Judges which tags would move backwards, by the tags that the registry has. Only tags of the same family count; where
 * the registry was not asked, or nothing names a version, everything moves.
 */
class Backwards {
  readonly #existing: readonly string[];
  readonly #candidates: readonly Candidate[];
  readonly #families = new Map<string, readonly NamedVersion[]>();

  constructor(candidates: readonly Candidate[], existing: readonly string[] | undefined) {
    this.#candidates = candidates;
    this.#existing = existing ?? [];
  }

  /** A registry may have many thousand tags, and the tags of a run are mostly of one family: each is read once. */
  #higher(value: Value, affixes: Affixes): readonly NamedVersion[] {
    if (value.version === undefined) return [];
    const { version } = value.version;
    const family = JSON.stringify([affixes, version.scheme, version.text]);
    const known = this.#families.get(family);
    if (known !== undefined) return known;
    const spellings = this.#candidates.flatMap((each) =>
      each.value.version?.version.scheme === version.scheme &&
      each.affixes.prefix === affixes.prefix &&
      each.affixes.suffix === affixes.suffix
        ? [each.value.version.spell]
        : [],
    );
    const higher = higherVersions(this.#existing, affixes, version, spellings);
    this.#families.set(family, higher);
    return higher;
  }

  /** Why a tag of a rule stays: a higher version that has taken it. */
  ofTag({ tag, value, affixes }: Candidate): string | undefined {
    const { version } = value;
    if (version === undefined) return undefined;
    const holder = this.#higher(value, affixes).find((each) => {
      const other = version.spell(each.version);
      return other !== undefined && other !== '' && fitTag(other, affixes) === tag;
    });
    return holder === undefined ? undefined : formatHolder(holder, version.version.text);
  }

  /**
   * Why `latest` stays: any higher version, of the published tags' family or of its own; or nothing that could be compared.
   * @returns `isCertain`: whether a higher version is there
   */
  ofLatest(latestAffixes: Affixes, latestTag: Tag): Holder | undefined {
    const main = this.#candidates.find(({ value }) => value.version !== undefined);
    if (main?.value.version === undefined) {
      if (!this.#existing.includes(latestTag)) return undefined;
      const name = this.#candidates[0]?.tag ?? '';
      const reason = `${name} is no version, so nothing tells whether it is newer than what ${latestTag} is; \`latest=true\` in \`flavor\` moves it all the same`;
      return { isCertain: false, reason };
    }
    const holder = [main.affixes, latestAffixes].flatMap((affixes) => this.#higher(main.value, affixes))[0];
    if (holder === undefined) return undefined;
    return { isCertain: true, reason: formatHolder(holder, main.value.version.version.text) };
  }
}

/**
 * @param naming what the workflow asks for
 * @param context what is so on this run
 * @throws InputError TAG_INVALID, TAG_RULE_INVALID, EXPRESSION_INVALID; all faults together
 */
export function describeImage(naming: Naming, context: MetadataContext): ImageDescription {
  const { flavor } = naming;
  const warnings = new Set<string>(naming.rules.flatMap(({ notes }) => notes));
  const scope = scopeOf(context, (warning) => warnings.add(warning));
  const faults = gatherFaults();

  const candidates: Candidate[] = [];
  const notFired: { rule: string; reason: string }[] = [];
  for (const rule of naming.rules.toSorted((left, right) => right.priority - left.priority)) {
    const result = faults.attempt(() => candidateOf(rule, flavor, context, scope));
    if (result === undefined) continue;
    if ('reason' in result) {
      notFired.push({ rule: rule.text, reason: result.reason });
      continue;
    }
    const earlier = candidates.find(
      (each) => each.tag === result.tag && [undefined, nameOf(result.rule)].includes(nameOf(each.rule)),
    );
    if (earlier === undefined) candidates.push(result);
    else notFired.push({ rule: rule.text, reason: `"${earlier.rule.text}" gives ${result.tag} already` });
  }

  const latestAffixes = {
    prefix: flavor.prefix?.isOnLatest === true ? render(flavor.prefix, scope) : '',
    suffix: flavor.suffix?.isOnLatest === true ? render(flavor.suffix, scope) : '',
  };
  const latestTag = fitTag('latest', latestAffixes);

  const backwards = new Backwards(candidates, context.existingTags);
  const tags: DescribedTag[] = [];
  const held: HeldTag[] = [];
  for (const candidate of candidates) {
    const { tag, rule } = candidate;
    const kind = tag === latestTag ? 'latest' : isFloating(candidate) ? 'floating' : 'fixed';
    const repository = nameOf(rule);
    const described = {
      tag,
      rule: rule.text,
      priority: rule.priority,
      kind,
      ...(repository && { repository }),
    } as const;
    const reason = backwards.ofTag(candidate);
    if (reason === undefined) tags.push(described);
    else held.push({ ...described, reason });
  }

  const [first] = candidates;
  const latest = decideLatest(first, flavor, backwards.ofLatest(latestAffixes, latestTag));
  if (first !== undefined && latest.isWanted && !candidates.some(({ tag }) => tag === latestTag)) {
    const rule = flavor.latest === 'auto' ? first.rule.text : `latest=${flavor.latest}`;
    const described = { tag: latestTag, rule, priority: first.rule.priority, kind: 'latest' } as const;
    if (latest.isHeld) held.push({ ...described, reason: latest.reason });
    else tags.push(described);
  }

  const version = first?.tag ?? '';
  const { labels, annotations } = faults.settle(() =>
    gather({
      labels: () => describeLabels(naming.labels, context, version, scope),
      annotations: () => describeAnnotations(naming.annotations, context, version, scope),
    }),
  );
  if (first === undefined) {
    const reasons = notFired.map(({ rule, reason }) => `"${rule}": ${reason}`);
    warnings.add(`No rule of \`tags\` gives a tag on this run: ${reasons.join('; ')}.`);
  }
  return {
    version,
    tags,
    held,
    notFired,
    latest: { isTaken: tags.some(({ kind }) => kind === 'latest'), reason: latest.reason },
    labels,
    annotations,
    warnings: [...warnings],
  };
}

/** `latest` is decided by the first tag alone, as docker/metadata-action does it. */
function decideLatest(
  first: Candidate | undefined,
  flavor: Flavor,
  holder: Holder | undefined,
): { readonly isWanted: boolean; readonly isHeld: boolean; readonly reason: string } {
  const no = { isWanted: false, isHeld: false };
  if (first === undefined) return { ...no, reason: 'no rule gives a tag' };
  if (flavor.latest === 'false') return { ...no, reason: 'flavor says latest=false' };
  if (flavor.latest === 'auto' && !first.value.latest.follows) {
    return { ...no, reason: `the first tag, ${first.tag}, ${first.value.latest.reason}` };
  }
  if (holder?.isCertain === true || (holder !== undefined && flavor.latest === 'auto')) {
    return { isWanted: true, isHeld: true, reason: holder.reason };
  }
  const reason = flavor.latest === 'true' ? 'flavor says latest=true' : `the first tag, ${first.tag}, is a release`;
  return { isWanted: true, isHeld: false, reason };
}
