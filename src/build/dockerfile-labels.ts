/**
 * The labels that a Dockerfile gives its image (https://docs.docker.com/reference/dockerfile/#label), read without building.
 * Labels of a base image do not count: they describe the base image.
 */

/** Name → value; `undefined` for a value with variables, which only the build knows. */
export type DockerfileLabels = ReadonlyMap<string, string | undefined>;

interface Stage {
  readonly name: string;
  readonly from: string;
  readonly labels: Map<string, string | undefined>;
}

/**
 * @param dockerfile its text
 * @param target name or number of the stage that is built, in any case; empty for the last one
 * @returns the labels of that stage and of the stages it starts from; none for a stage that is not there
 */
export function dockerfileLabels(dockerfile: string, target: string): DockerfileLabels {
  const stages: Stage[] = [];
  const escapeMark = /^#[ \t]*escape[ \t]*=[ \t]*`[ \t]*\r?\n/im.test(dockerfile.slice(0, 200)) ? '`' : '\\';
  for (const instruction of instructionsOf(dockerfile, escapeMark)) {
    const [, keyword = '', rest = ''] = /^([A-Za-z]+)\s+([\s\S]*)$/.exec(instruction) ?? [];
    const stage = stages.at(-1);
    if (keyword.toUpperCase() === 'FROM') stages.push(stageOf(rest));
    else if (keyword.toUpperCase() === 'LABEL' && stage !== undefined) {
      for (const [name, value] of labelsOf(rest, escapeMark)) stage.labels.set(name, value);
    }
  }
  const labels = new Map<string, string | undefined>();
  const seen = new Set<Stage>();
  for (
    let stage = target === '' ? stages.at(-1) : stageNamed(stages, target);
    stage !== undefined && !seen.has(stage);
    stage = stageNamed(stages.slice(0, stages.indexOf(stage)), stage.from)
  ) {
    seen.add(stage);
    for (const [name, value] of stage.labels) if (!labels.has(name)) labels.set(name, value);
  }
  return labels;
}

function stageOf(text: string): Stage {
  const words = text.split(/\s+/).filter((word) => word !== '' && !word.startsWith('--'));
  const name = words[1]?.toUpperCase() === 'AS' ? (words[2] ?? '') : '';
  return { name: name.toLowerCase(), from: words[0] ?? '', labels: new Map() };
}

function stageNamed(stages: readonly Stage[], name: string): Stage | undefined {
  return stages.findLast((stage) => stage.name !== '' && stage.name === name.toLowerCase()) ?? numbered(stages, name);
}

function numbered(stages: readonly Stage[], name: string): Stage | undefined {
  return /^[0-9]{1,6}$/.test(name) ? stages[Number(name)] : undefined;
}

/** The instructions, each as one line, without comments and without the lines of here-documents. */
function instructionsOf(dockerfile: string, escapeMark: string): readonly string[] {
  const instructions: string[] = [];
  let open = '';
  const ends: string[] = [];
  for (const line of dockerfile.split(/\r?\n/)) {
    const [end] = ends;
    if (end !== undefined) {
      if (line === end || line.replace(/^\t+/, '') === end) ends.shift();
      continue;
    }
    const trimmed = line.trim();
    if (trimmed.startsWith('#') || (trimmed === '' && open !== '')) continue;
    if (trimmed.endsWith(escapeMark)) {
      open += trimmed.slice(0, -1);
      continue;
    }
    const instruction = open + trimmed;
    open = '';
    if (instruction === '') continue;
    instructions.push(instruction);
    if (/^(?:RUN|COPY|ADD)\s/i.test(instruction)) ends.push(...hereDocuments(instruction));
  }
  if (open !== '') instructions.push(open);
  return instructions;
}

/** The words that end the here-documents of an instruction. */
function hereDocuments(instruction: string): readonly string[] {
  return [...instruction.matchAll(/(?<!<)<<-?(["']?)([A-Za-z_][A-Za-z0-9_]*)\1/g)].map(([, , word = '']) => word);
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
