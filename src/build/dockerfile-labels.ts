/**
 * The labels that a Dockerfile gives its image (https://docs.docker.com/reference/dockerfile/#label), read without building.
 * Labels of a base image do not count: they describe the base image.
 */

import { type Dockerfile, stageFinder, targetStage } from './dockerfile-stages.ts';

/** Name → value; `undefined` for a value with variables, which only the build knows. */
export type DockerfileLabels = ReadonlyMap<string, string | undefined>;

/** @returns the labels of the stage that is built and of the stages it starts from; none for a stage that is not there */
export function dockerfileLabels({ stages, escapeMark }: Dockerfile, target: string): DockerfileLabels {
  const labels = new Map<string, string | undefined>();
  const find = stageFinder(stages);
  for (let place = targetStage(stages, find, target); place !== undefined; ) {
    const stage = stages[place];
    if (stage === undefined) break;
    place = find(stage.from, place);
    const given = stage.instructions.filter(({ keyword }) => keyword === 'LABEL');
    // In one stage the last label of a name counts.
    const own = new Map(given.flatMap(({ text }) => labelsOf(text, escapeMark)));
    for (const [name, value] of own) if (!labels.has(name)) labels.set(name, value);
  }
  return labels;
}

/** `NAME=value NAME="a value"`, or in the old form `NAME value`. */
function labelsOf(text: string, escapeMark: string): readonly (readonly [string, string | undefined])[] {
  const words = wordsOf(text, escapeMark);
  const [first = ''] = words;
  const isOldForm = !first.includes('=');
  const pairs = isOldForm
    ? [[first, text.trim().slice(first.length).trim()] as const]
    : words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
  return pairs.flatMap(([name, value]) => {
    const plainName = unquoted(name, escapeMark);
    if (plainName === '' || plainName.includes('$')) return [];
    return [[plainName, /\$/.test(value) ? undefined : unquoted(value, escapeMark)] as const];
  });
}

/** Words between blanks that are neither quoted nor escaped, each as it is written. */
function wordsOf(text: string, escapeMark: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === escapeMark && quote !== "'") {
      word += character + text.charAt(index + 1);
      index += 1;
    } else if (quote === '' && /\s/.test(character)) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      if (character === quote) quote = '';
      else if (quote === '' && (character === '"' || character === "'")) quote = character;
      word += character;
    }
  }
  return word === '' ? words : [...words, word];
}

function unquoted(text: string, escapeMark: string): string {
  let plain = '';
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === escapeMark && quote !== "'" && index + 1 < text.length) {
      const next = text.charAt(index + 1);
      plain += quote === '"' && !['"', escapeMark, '$'].includes(next) ? character + next : next;
      index += 1;
    } else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else plain += character;
  }
  return plain;
}
