/**
 * Labels (of the image config) and annotations (of a manifest or index): the default ones
 * (https://github.com/opencontainers/image-spec/blob/main/annotations.md), and the workflow's own. The value of a label goes by
 * who knows best: the workflow, then the Dockerfile, then the run; but which commit, when and of which repository, the run knows.
 */

import { gatherFaults, InputError } from '../errors.ts';
import type { Annotation } from '../image/annotation.ts';
import type { MetadataContext } from './metadata-context.ts';
import { parseTemplate } from './parse-template.ts';
import { readListEntries } from './records.ts';
import type { Scope, Template } from './template.ts';

export interface Label {
  readonly name: string;
  readonly value: string;
}

/** What an input says: its own entries, and whether the default ones are there beside them. */
export interface Wanted<Entry> {
  readonly own: readonly Entry[];
  readonly hasDefaults: boolean;
}

export interface AnnotationTemplate {
  /** Empty for the levels that hold for all. */
  readonly levels: readonly string[];
  readonly template: Template;
}

const level = String.raw`(?:manifest|index)(?:-descriptor)?(?:\[[^\]]*\])?`;
const levelPattern = new RegExp(`^${level}$`);
const levelledPattern = new RegExp(`^(${level}(?:,${level})*):`);
const unknownLevelPattern = /^([a-z]+(?:-[a-z]+)?(?:\[[^\]]*\])?(?:,[a-z]+(?:-[a-z]+)?(?:\[[^\]]*\])?)*):[^=:/]+=/;

/** The line that turns the default ones off. */
const noDefaults = 'none';

/**
 * @param text `NAME=VALUE` one a line, with expressions; `"NAME=VALUE"` where the value has line breaks; `none` for no default
 *   ones
 * @throws InputError LABEL_INVALID, EXPRESSION_INVALID; all faults together
 */
export function parseLabels(text: string): Wanted<Template> {
  const faults = gatherFaults();
  const entries = readListEntries(text, { name: 'labels', code: 'LABEL_INVALID' });
  const own = entries
    .filter((entry) => entry !== noDefaults)
    .flatMap((entry) => faults.attempt(() => parseTemplate(entry)) ?? []);
  faults.throwIfAny();
  return { own, hasDefaults: !entries.includes(noDefaults) };
}

function invalidLevel(text: string, where: string): InputError {
  return new InputError('ANNOTATION_INVALID', {
    message: `"${text}" in ${where} is not an annotation level.`,
    remedy:
      'Levels: manifest, index, manifest-descriptor, index-descriptor, each also with a platform: manifest[linux/amd64].',
  });
}

/**
 * @param text `DOCKER_METADATA_ANNOTATIONS_LEVELS`: levels between commas; empty for `manifest`
 * @throws InputError ANNOTATION_INVALID
 */
export function parseAnnotationLevels(text: string): readonly string[] {
  const levels = text.split(',').map((each) => each.trim());
  if (text.trim() === '') return ['manifest'];
  const unknown = levels.find((each) => !levelPattern.test(each));
  if (unknown !== undefined) throw invalidLevel(unknown, 'DOCKER_METADATA_ANNOTATIONS_LEVELS');
  return levels;
}

/**
 * @param text `[LEVEL,…:]NAME=VALUE` one a line, with expressions; `none` for no default ones
 * @throws InputError ANNOTATION_INVALID, EXPRESSION_INVALID; all faults together
 */
export function parseAnnotations(text: string): Wanted<AnnotationTemplate> {
  const faults = gatherFaults();
  const entries = readListEntries(text, { name: 'annotations', code: 'ANNOTATION_INVALID' });
  const written = entries.filter((entry) => entry !== noDefaults);
  const own = written.flatMap((entry) => {
    const parsed = faults.attempt(() => {
      const levels = levelledPattern.exec(entry)?.[1];
      if (levels !== undefined) {
        return { levels: levels.split(','), template: parseTemplate(entry.slice(levels.length + 1)) };
      }
      const unknown = unknownLevelPattern.exec(entry)?.[1];
      if (unknown !== undefined) throw invalidLevel(unknown, `"${entry}" of \`annotations\``);
      return { levels: [], template: parseTemplate(entry) };
    });
    return parsed ?? [];
  });
  faults.throwIfAny();
  return { own, hasDefaults: written.length === entries.length };
}

/** What the run knows better than a Dockerfile that was written before it. */
const ofTheRun: readonly string[] = ['source', 'created', 'revision'];

/** GitHub's word for a license that it does not know (https://docs.github.com/en/rest/licenses). */
const noLicense = 'NOASSERTION';

/**
 * Nothing is said of a fact that is unknown; but a run for which no rule gives a tag has an empty version, as with
 * docker/metadata-action.
 */
function defaultLabels(context: MetadataContext, version: string): readonly Label[] {
  const { repository } = context;
  const values = {
    title: repository.name,
    description: repository.description,
    url: repository.url,
    source: repository.url,
    version,
    created: context.now.toISOString(),
    revision: context.sha,
    licenses: repository.license === noLicense ? '' : repository.license,
  };
  return Object.entries(values)
    .filter(([name, value]) => value !== '' || name === 'version')
    .map(([name, value]) => ({ name: `org.opencontainers.image.${name}`, value }));
}

/** @returns the default labels that the Dockerfile does not give */
function labelsBeside({ dockerfileLabels }: MetadataContext, defaults: readonly Label[]): readonly Label[] {
  return defaults.filter(({ name }) => isOfTheRun(name) || !dockerfileLabels.has(name));
}

/** @returns the default annotations, with the values that the Dockerfile gives as labels, as far as those are known */
function annotationsLike({ dockerfileLabels }: MetadataContext, defaults: readonly Label[]): readonly Label[] {
  return defaults.flatMap((label) => {
    if (isOfTheRun(label.name) || !dockerfileLabels.has(label.name)) return [label];
    const value = dockerfileLabels.get(label.name) ?? '';
    return value === '' ? [] : [{ name: label.name, value }];
  });
}

function isOfTheRun(name: string): boolean {
  return ofTheRun.some((each) => name === `org.opencontainers.image.${each}`);
}

/** @returns `undefined`, with a warning, for text that is no `NAME=VALUE` */
function parseLabel(text: string, warn: Scope['warn']): Label | undefined {
  const equals = text.indexOf('=');
  if (equals > 0) return { name: text.slice(0, equals), value: text.slice(equals + 1) };
  warn(`"${text}" is left out of the labels and annotations: expected NAME=VALUE.`);
  return undefined;
}

/**
 * Compares names in English order, whatever the machine's locale. Names of small letters, digits, "." and "-", as nearly all are,
 * have that order by their characters, too; making a collator takes 10 ms of each step.
 */
export function comparerOf(names: readonly string[]): (left: string, right: string) => number {
  if (names.every((name) => /^[a-z0-9.-]+$/.test(name)))
    return (left, right) => (left < right ? -1 : left > right ? 1 : 0);
  return new Intl.Collator('en').compare;
}

/** The later of two labels with one name holds. */
function mergeLabels(labels: readonly Label[]): readonly Label[] {
  const compare = comparerOf(labels.map(({ name }) => name));
  return [...new Map(labels.map((label) => [label.name, label])).values()].toSorted((left, right) =>
    compare(left.name, right.name),
  );
}

/**
 * The labels of an image, sorted by name; the workflow's own go before the default ones.
 * @throws InputError EXPRESSION_INVALID
 */
export function describeLabels(
  { own: templates, hasDefaults }: Wanted<Template>,
  context: MetadataContext,
  version: string,
  scope: Scope,
): readonly Label[] {
  const own = templates.flatMap((template) => parseLabel(template.render(scope), scope.warn) ?? []);
  const defaults = hasDefaults ? labelsBeside(context, defaultLabels(context, version)) : [];
  return mergeLabels([...defaults, ...own]);
}

/**
 * The annotations of an image, level by level, each sorted by name.
 * @throws InputError EXPRESSION_INVALID
 */
export function describeAnnotations(
  { own: templates, hasDefaults }: Wanted<AnnotationTemplate>,
  context: MetadataContext,
  version: string,
  scope: Scope,
): readonly Annotation[] {
  const own = templates.flatMap(({ levels, template }) => {
    const label = parseLabel(template.render(scope), scope.warn);
    return label === undefined ? [] : [{ levels: levels.length > 0 ? levels : context.annotationLevels, label }];
  });
  const allLevels = new Set([...(hasDefaults ? context.annotationLevels : []), ...own.flatMap(({ levels }) => levels)]);
  return [...allLevels].flatMap((each) => {
    const isUsual = hasDefaults && context.annotationLevels.includes(each);
    const defaults = isUsual ? annotationsLike(context, defaultLabels(context, version)) : [];
    const labels = own.filter(({ levels }) => levels.includes(each)).map(({ label }) => label);
    return mergeLabels([...defaults, ...labels]).map((label) => ({ level: each, ...label }));
  });
}

/**
 * `NAME=VALUE` as the `labels` inputs of the docker/* actions read it: one line, or in quotes where the value has line
 * breaks.
 */
export function formatLabel({ name, value }: Label): string {
  const text = `${name}=${value}`;
  return /[\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `LEVEL:NAME=VALUE`, as the `annotations` input of docker/build-push-action reads it. */
export function formatAnnotation(annotation: Annotation): string {
  return formatLabel({ name: `${annotation.level}:${annotation.name}`, value: annotation.value });
}
