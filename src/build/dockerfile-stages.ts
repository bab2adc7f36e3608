/**
 * A Dockerfile as its stages, read without building (https://docs.docker.com/reference/dockerfile/): which of them a build makes, which
 * images it reads, and on which platforms it runs programs.
 */

export interface Instruction {
  /** In capitals. */
  readonly keyword: string;
  /** What follows, as one line. */
  readonly text: string;
}

export interface Stage {
  /** In small letters; empty where it has none. */
  readonly name: string;
  /** An image or an earlier stage, as it is written. */
  readonly from: string;
  /** `--platform`, as it is written; empty where it is absent. */
  readonly platform: string;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  readonly stages: readonly Stage[];
  /** `ARG NAME=value` before the first stage. */
  readonly defaults: ReadonlyMap<string, string>;
  /** The image of the frontend (`# syntax=`); empty for BuildKit's own. */
  readonly syntax: string;
  readonly escapeMark: '\\' | '`';
}

/** Where a build runs programs. */
export interface RunPlatforms {
  /** Whether on the platforms that are built for; otherwise only the builder's own runs anything. */
  readonly onTarget: boolean;
  /** `os/arch[/variant]` of stages that name one. */
  readonly named: readonly string[];
}

/** @param file its text, perhaps with a mark of the byte order at its head, which editors on Windows write and BuildKit skips */
export function parseDockerfile(file: string): Dockerfile {
  const text = file.replace(/^\uFEFF/, '');
  const escapeMark = /^#[ \t]*escape[ \t]*=[ \t]*`[ \t]*\r?\n/im.test(text.slice(0, 200)) ? '`' : '\\';
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  const defaults = new Map<string, string>();
  for (const instruction of instructionsOf(text, escapeMark)) {
    const [, word = '', rest = ''] = /^([A-Za-z]+)\s+([\s\S]*)$/.exec(instruction) ?? [];
    const keyword = word.toUpperCase();
    if (keyword === 'FROM') stages.push(stageOf(rest));
    else if (stages.length > 0) stages.at(-1)?.instructions.push({ keyword, text: rest });
    else if (keyword === 'ARG') {
      for (const [, name = '', value = ''] of rest.matchAll(/\b(\w+)=("[^"]*"|'[^']*'|\S*)/g)) {
        defaults.set(name, value.replace(/^(["'])(.*)\1$/, '$2'));
      }
    }
  }
  const [, syntax = ''] = /^#[ \t]*syntax[ \t]*=[ \t]*(\S+)/i.exec(text) ?? [];
  return { stages, defaults, syntax, escapeMark };
}

function stageOf(text: string): Stage & { readonly instructions: Instruction[] } {
  const all = text.split(/\s+/).filter((word) => word !== '');
  const words = all.filter((word) => !word.startsWith('--'));
  const platform = all.find((word) => word.startsWith('--platform='))?.slice('--platform='.length) ?? '';
  const name = words[1]?.toUpperCase() === 'AS' ? (words[2] ?? '') : '';
  return { name: name.toLowerCase(), from: words[0] ?? '', platform, instructions: [] };
}

/** Finds a stage as an instruction names it: by its name in any case, or by its number; of several, the last one before a place. */
export type FindStage = (name: string, before: number) => number | undefined;

/** @returns how the stages of a Dockerfile find each other, by their places in the list */
export function stageFinder(stages: readonly Stage[]): FindStage {
  const places = new Map<string, number[]>();
  for (const [place, { name }] of stages.entries()) {
    if (name === '') continue;
    const known = places.get(name);
    if (known === undefined) places.set(name, [place]);
    else known.push(place);
  }
  return (name, before) => {
    const named = lastBelow(places.get(name.toLowerCase()) ?? [], before);
    if (named !== undefined) return named;
    const place = /^[0-9]{1,6}$/.test(name) ? Number(name) : stages.length;
    return place < Math.min(before, stages.length) ? place : undefined;
  };
}

/** The last of ascending numbers that is below a limit. */
function lastBelow(numbers: readonly number[], limit: number): number | undefined {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? limit) < limit) low = middle + 1;
    else high = middle;
  }
  return numbers[low - 1];
}

/** The place of the stage that is built: the one that `target` names or numbers, or the last. */
export function targetStage(stages: readonly Stage[], find: FindStage, target: string): number | undefined {
  if (target !== '') return find(target, stages.length);
  return stages.length === 0 ? undefined : stages.length - 1;
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

/** Values for what an instruction leaves open. */
type Values = ReadonlyMap<string, string>;

/** `NAME=value` of `build-args` before the defaults of the file. */
function valuesOf({ defaults }: Dockerfile, buildArgs: readonly string[]): Values {
  const given = buildArgs.filter((arg) => arg.includes('='));
  const pairs = given.map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)] as const);
  return new Map([...defaults, ...pairs]);
}

/** `$NAME`, `${NAME}`, `${NAME:-other}` and `${NAME:+other}`, where a default may have variables, too. */
function expand(text: string, values: Values): string {
  const form = /\$(?:\{(\w+)(?::([-+])([^{}]*))?\}|(\w+))/g;
  const fill = (each: string): string =>
    each.replaceAll(form, (_, braced: string | undefined, mark: string | undefined, other = '', plain = '') => {
      const value = values.get(braced ?? plain) ?? '';
      if (mark === '+') return value === '' ? '' : other;
      return value === '' ? other : value;
    });
  return fill(fill(text));
}

/** Names that an instruction reads beside its own stage: `COPY --from=`, `RUN --mount=…,from=`. */
function sourcesOf({ keyword, text }: Instruction): readonly string[] {
  if (keyword === 'COPY') return [...text.matchAll(/(?:^|\s)--from=(\S+)/g)].map(([, name = '']) => name);
  if (keyword !== 'RUN') return [];
  const mounts = [...text.matchAll(/(?:^|\s)--mount=(\S+)/g)].map(([, mount = '']) => mount);
  return mounts.flatMap((mount) => /(?:^|,)from=([^,]+)/.exec(mount)?.[1] ?? []);
}

/** What is built for the target: the places of its stages, and the images that they read. */
function walk(
  { stages }: Dockerfile,
  find: FindStage,
  target: string,
  values: Values,
): { readonly places: ReadonlySet<number>; readonly images: ReadonlySet<string> } {
  const first = targetStage(stages, find, target);
  const places = new Set<number>(first === undefined ? [] : [first]);
  const images = new Set<string>();
  // A set gives what is added while it is walked through, too.
  for (const place of places) {
    const { from = '', instructions = [] } = stages[place] ?? {};
    for (const written of [from, ...instructions.flatMap(sourcesOf)]) {
      const name = expand(written, values);
      const other = find(name, place);
      if (other !== undefined) places.add(other);
      else if (name !== '' && name !== 'scratch') images.add(name);
    }
  }
  return { places, images };
}

/** @returns the image that the target begins with; `undefined` for none (`scratch`), or if the Dockerfile does not tell it */
export function baseOf(dockerfile: Dockerfile, target: string, buildArgs: readonly string[]): string | undefined {
  const { stages } = dockerfile;
  const values = valuesOf(dockerfile, buildArgs);
  const find = stageFinder(stages);
  let place = targetStage(stages, find, target);
  while (place !== undefined) {
    const name = expand(stages[place]?.from ?? '', values);
    const other = find(name, place);
    if (other === undefined) return name === '' || name === 'scratch' || name.includes('$') ? undefined : name;
    place = other;
  }
  return undefined;
}

/** @returns the images that a build of the target reads, as the Dockerfile and `build-args` name them */
export function imagesOf(dockerfile: Dockerfile, target: string, buildArgs: readonly string[]): readonly string[] {
  const find = stageFinder(dockerfile.stages);
  const { images } = walk(dockerfile, find, target, valuesOf(dockerfile, buildArgs));
  return [...(dockerfile.syntax === '' ? [] : [dockerfile.syntax]), ...images];
}

/** On which platforms a build of the target runs programs (`RUN`). */
export function runPlatforms(dockerfile: Dockerfile, target: string, buildArgs: readonly string[]): RunPlatforms {
  const { stages } = dockerfile;
  const find = stageFinder(stages);
  const values = valuesOf(dockerfile, buildArgs);
  const platforms: string[] = [];
  for (const [place, { from, platform }] of stages.entries()) {
    const base = find(expand(from, values), place);
    // A stage that begins with another one has its platform.
    platforms.push((base === undefined ? platform : platforms[base]) ?? '');
  }
  const running = [...walk(dockerfile, find, target, values).places].filter((place) =>
    stages[place]?.instructions.some(({ keyword }) => keyword === 'RUN'),
  );
  const written = running.map((place) => platforms[place] ?? '');
  const isTarget = (platform: string): boolean => platform === '' || /TARGETPLATFORM/.test(platform);
  const others = written.filter((platform) => !isTarget(platform) && !/BUILDPLATFORM/.test(platform));
  return { onTarget: written.some(isTarget), named: [...new Set(others.map((each) => expand(each, values)))] };
}
