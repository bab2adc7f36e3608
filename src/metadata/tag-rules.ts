/**
 * Tag rules: the lines of the `tags` input, in the syntax of docker/metadata-action (docs/tags.md).
 */

import { gatherFaults, InputError, withFacts } from '../errors.ts';
import { parseRepositoryName } from '../image/reference.ts';
import { isSameRepository, type Repository } from '../image/repository.ts';
import { differsByOneEdit } from '../text/one-edit.ts';
import { parseTemplate } from './parse-template.ts';
import { type Attribute, fieldsOf, formatRecord, readRecords, splitAttribute } from './records.ts';
import type { Template } from './template.ts';
import type { VersionScheme } from './version.ts';

/** What every rule has. */
interface Common {
  /** The rule as written. */
  readonly text: string;
  /** Whether `tags` is empty, and nobody wrote the rule. */
  readonly isDefault: boolean;
  readonly enable: Template;
  /** Rules of higher priority come first; the first one that gives a tag names the version. */
  readonly priority: number;
  /** Its own prefix and suffix, which replace those of `flavor`, even when empty. */
  readonly prefix: Template | undefined;
  readonly suffix: Template | undefined;
  /** What may be a mistake in it and is no error, as sentences. */
  readonly notes: readonly string[];
}

/** What rules have that look into the git tag, or into a `value` in its place. */
interface Source {
  readonly value: Template | undefined;
  /** What the git tag must start with and the rule does not see: `api-` in a repository of several packages. */
  readonly strip: string;
}

type ScheduleRule = Common & { readonly type: 'schedule'; readonly pattern: Template };
export type VersionRule = Common &
  Source & { readonly type: VersionScheme; readonly pattern: Template; readonly match: RegExp | undefined };
export type MatchRule = Common & Source & { readonly type: 'match'; readonly pattern: RegExp; readonly group: number };
/** The branch is empty for the default branch. */
type EdgeRule = Common & { readonly type: 'edge'; readonly branch: string };
export type RefRule = Common & { readonly type: 'ref'; readonly event: 'branch' | 'tag' | 'pr' };
type RawRule = Common & {
  readonly type: 'raw';
  readonly value: Template;
  /** Whether it is a plain tag without expressions: a name that someone chose. */
  readonly isLiteral: boolean;
  /** The one repository that the tag is for: the line is a whole reference. */
  readonly repository?: Repository;
};
type ShaRule = Common & { readonly type: 'sha'; readonly format: 'short' | 'long' };

export type TagRule = ScheduleRule | VersionRule | MatchRule | EdgeRule | RefRule | RawRule | ShaRule;

const input = { name: 'tags', code: 'TAG_RULE_INVALID' } as const;

/**
 * The rules of an empty `tags`. A version `0.x` has no `0`, because nothing is stable between its
 * minor releases (https://semver.org/#spec-item-4).
 */
export const defaultRules = `
type=schedule
type=semver,pattern={{version}}
type=semver,pattern={{major}}.{{minor}}
type=semver,pattern={{#if major}}{{major}}{{/if}}
type=ref,event=branch
type=ref,event=tag,enable={{is_not_semver}}
type=ref,event=pr
`;

/** What the expressions of the default rules give: a step without `tags` need not load what reads any others. */
const ofDefaultRules: Readonly<Record<string, Template['render']>> = {
  '{{version}}': ({ names: { version } }) => String(version),
  '{{major}}.{{minor}}': ({ names: { major, minor } }) => `${major}.${minor}`,
  '{{#if major}}{{major}}{{/if}}': ({ names: { major } }) => (major ? String(major) : ''),
  '{{is_not_semver}}': ({ names }) => String(names.is_not_semver),
};

function templateOfDefaultRule(text: string): Template {
  return { text, render: ofDefaultRules[text] ?? (() => text) };
}

/** The attributes of every type of rule. */
export const commonAttributes = ['enable', 'priority', 'prefix', 'suffix'] as const;

/** The types of rules: the priority of each, unless said, and the attributes that only some have. */
export const ruleTypes = {
  schedule: { priority: 1000, attributes: ['pattern'] },
  semver: { priority: 900, attributes: ['pattern', 'value', 'match', 'strip'] },
  pep440: { priority: 900, attributes: ['pattern', 'value', 'match', 'strip'] },
  match: { priority: 800, attributes: ['pattern', 'group', 'value', 'strip'] },
  edge: { priority: 700, attributes: ['branch'] },
  ref: { priority: 600, attributes: ['event'] },
  raw: { priority: 200, attributes: ['value'] },
  sha: { priority: 100, attributes: ['format'] },
} as const satisfies Record<string, { priority: number; attributes: readonly string[] }>;

type Type = keyof typeof ruleTypes;

function isType(text: string): text is Type {
  return Object.hasOwn(ruleTypes, text);
}

function invalid(text: string, fault: string, remedy: string): InputError {
  return new InputError('TAG_RULE_INVALID', { message: `"${text}" in \`tags\` is invalid: ${fault}.`, remedy });
}

/** The attributes of one rule, with the faults that reading them can have. */
class Attributes {
  readonly #text: string;
  readonly #values: ReadonlyMap<string, string>;
  readonly #parse: (text: string) => Template;

  constructor(text: string, values: ReadonlyMap<string, string>, parse: (text: string) => Template) {
    this.#text = text;
    this.#values = values;
    this.#parse = parse;
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  required(name: string, example: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw invalid(this.#text, `it has no ${name}`, `Add one, such as ${name}=${example}.`);
    return value;
  }

  requiredTemplate(name: string, example: string): Template {
    return this.#parse(this.required(name, example));
  }

  template(name: string): Template | undefined {
    const value = this.#values.get(name);
    return value === undefined ? undefined : this.#parse(value);
  }

  oneOf<const Value extends string>(name: string, value: string, values: readonly Value[]): Value {
    const found = values.find((each) => each === value);
    if (found === undefined) {
      throw invalid(this.#text, `${name} is "${value}"`, `Expected ${name}=${values.join(`, ${name}=`)}.`);
    }
    return found;
  }

  number(name: string, pattern: RegExp): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    if (!pattern.test(value)) {
      throw invalid(this.#text, `${name} is "${value}", no number`, `Expected a number, such as ${name}=1.`);
    }
    return Number(value);
  }

  regExp(name: string, source: string, flags: string): RegExp {
    try {
      return new RegExp(source, flags);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw invalid(
        this.#text,
        `${name} is no regular expression: ${reason}`,
        'Quote an attribute that holds a comma, with its name: type=match,"pattern=\\d{1,3}".',
      );
    }
  }
}

interface WrittenRule {
  readonly text: string;
  readonly fields: readonly Attribute[];
}

/** A line is one rule; one that has values alone is a list of plain tags, as docker/build-push-action has them. */
function rulesOf(record: readonly string[]): readonly WrittenRule[] {
  const fields = fieldsOf(record, input).map(splitAttribute);
  if (fields.length === 1 || fields.some(({ name }) => name !== undefined)) {
    return [{ text: formatRecord(record), fields }];
  }
  return fields.flatMap((field) => (field.value === '' ? [] : [{ text: field.value, fields: [field] }]));
}

/**
 * A quantifier such as `{1,3}`, or a set of characters, that the commas of the rule have cut. What is cut off would be taken for
 * the value of the rule.
 */
function refuseCutPattern(text: string, fields: readonly Attribute[]): void {
  const count = (of: string, character: string): number => of.split(character).length - 1;
  const cut = fields.find(({ name, value }, index) => {
    if ((name !== 'pattern' && name !== 'match') || fields[index + 1]?.name !== undefined) return false;
    return (
      index + 1 < fields.length && (count(value, '{') > count(value, '}') || count(value, '[') > count(value, ']'))
    );
  });
  if (cut === undefined) return;
  throw invalid(
    text,
    `its ${cut.name} ends at the comma after "${cut.value}"`,
    'Put an attribute that has a comma in quotation marks, with its name: type=match,"pattern=\\d{1,3}".',
  );
}

/** Attributes that docker/metadata-action ignores, too. */
function noteUnknown(text: string, type: Type, names: readonly string[], known: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    if (known.includes(name)) return [];
    const meant = known.find((each) => differsByOneEdit(each, name));
    const instead = meant === undefined ? `It has: ${known.join(', ')}.` : `If it is a typing error, write "${meant}".`;
    return [`In \`tags\`, "${text}" has "${name}", which a rule of type ${type} does not read. ${instead}`];
  });
}

/**
 * Whether a plain line is a whole reference, as docker/build-push-action takes them: a "/" is in no tag. A name of which nothing
 * tells that it is one, such as `feature/x`, is left to the error of a tag.
 */
function isWholeReference(text: string): boolean {
  return /^[^\s/:]+(?:\/[^\s/:@]+)*\/[^\s/:@]+[:@]/.test(text) || /^(?=localhost\/|[^\s/]*[.:])[^\s/]+\/\S/.test(text);
}

/** `NAME[:TAG]`; the name is lower-cased, because it is often made from that of a repository of GitHub. The tag may be an expression. */
function readReference(text: string): { readonly repository: Repository; readonly tag: string } {
  if (text.includes('@'))
    throw invalid(text, 'it names a digest', 'Write NAME:TAG: the digest is what a build comes to.');
  const { name = text, tag = 'latest' } = /^(?<name>[^\s/]+\/[^:]+):(?<tag>.+)$/.exec(text)?.groups ?? {};
  try {
    return { repository: parseRepositoryName(name.toLowerCase()), tag };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw withFacts(error, {
      remedy: 'Correct this name in `tags`: [REGISTRY/]OWNER/IMAGE:TAG, such as ghcr.io/octo-org/app:1.0.',
    });
  }
}

function parseRule({ text, fields }: WrittenRule, isDefault: boolean): TagRule {
  refuseCutPattern(text, fields);
  const values = new Map(fields.map(({ name, value }) => [name ?? 'value', value]));
  const isPlain = !values.has('type');
  const type = values.get('type') ?? 'raw';
  values.delete('type');
  if (!isType(type)) {
    throw invalid(text, `its type is "${type}"`, `Known types: ${Object.keys(ruleTypes).join(', ')}.`);
  }
  const known: readonly string[] = [...ruleTypes[type].attributes, ...commonAttributes];
  const attributes = new Attributes(text, values, isDefault ? templateOfDefaultRule : parseTemplate);
  const common: Common = {
    text,
    isDefault,
    enable: attributes.template('enable') ?? parseTemplate('true'),
    priority: attributes.number('priority', /^[+-]?[0-9]+(?:\.[0-9]+)?$/) ?? ruleTypes[type].priority,
    prefix: attributes.template('prefix'),
    suffix: attributes.template('suffix'),
    notes: noteUnknown(text, type, [...values.keys()], known),
  };
  const source = (): Source => ({
    // An empty value counts as absent: the rule reads the git tag.
    value: attributes.text('value') === '' ? undefined : attributes.template('value'),
    strip: attributes.text('strip') ?? '',
  });
  switch (type) {
    case 'schedule':
      return { ...common, type, pattern: attributes.template('pattern') ?? parseTemplate('nightly') };
    case 'semver':
    case 'pep440': {
      const pattern = attributes.requiredTemplate('pattern', '{{version}}');
      const match = attributes.text('match') ?? '';
      return {
        ...common,
        ...source(),
        type,
        pattern,
        match: match === '' ? undefined : attributes.regExp('match', match, ''),
      };
    }
    case 'match': {
      const pattern = attributes.required('pattern', 'v(.*)');
      const [, body = pattern, flags = ''] = /^\/(.+)\/([^/\r\n]*)$/.exec(pattern) ?? [];
      const group = attributes.number('group', /^[0-9]+$/) ?? 0;
      return { ...common, ...source(), type, pattern: attributes.regExp('pattern', body, flags), group };
    }
    case 'edge':
      return { ...common, type, branch: attributes.text('branch') ?? '' };
    case 'ref': {
      const event = attributes.oneOf('event', attributes.required('event', 'branch'), ['branch', 'tag', 'pr']);
      return { ...common, type, event, prefix: common.prefix ?? (event === 'pr' ? parseTemplate('pr-') : undefined) };
    }
    case 'raw': {
      const written = attributes.required('value', 'mytag');
      const reference = isPlain && isWholeReference(written) ? readReference(written) : undefined;
      const value = parseTemplate(reference?.tag ?? written);
      const isLiteral = isPlain && !value.text.includes('{{');
      return { ...common, type, value, isLiteral, ...(reference && { repository: reference.repository }) };
    }
    case 'sha': {
      const format = attributes.oneOf('format', attributes.text('format') ?? 'short', ['short', 'long']);
      return { ...common, type, format, prefix: common.prefix ?? parseTemplate('sha-') };
    }
  }
}

/**
 * @param text one rule a line, `type=TYPE,NAME=VALUE,…` or a plain tag; empty for the default rules
 * @returns the rules in the order in which they were written
 * @throws InputError TAG_RULE_INVALID, EXPRESSION_INVALID; all faults together
 */
export function parseTagRules(text: string): readonly TagRule[] {
  const faults = gatherFaults();
  const written = readRecords(text, input);
  const records = written.length > 0 ? written : readRecords(defaultRules, input);
  const lines = records.flatMap((record) => faults.attempt(() => rulesOf(record)) ?? []);
  const rules = lines.flatMap((line) => faults.attempt(() => parseRule(line, written.length === 0)) ?? []);
  faults.throwIfAny();
  return rules;
}

/** The repositories that whole references in `tags` name, each once, in order. */
export function repositoriesIn(rules: readonly TagRule[]): readonly Repository[] {
  const named = rules.flatMap((rule) => (rule.type === 'raw' && rule.repository ? [rule.repository] : []));
  return named.filter((each, index) => named.findIndex((other) => isSameRepository(each, other)) === index);
}
