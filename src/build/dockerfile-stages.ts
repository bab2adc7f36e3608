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

/** @param text of the file */
export function parseDockerfile(text: string): Dockerfile {
  const escapeMark = /^#[ \t]*escape[ \t]*=[ \t]*`[ \t]*\r?\n/im.test(text.slice(0, 200)) ? '`' : '\\';
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  const defaults = new Map<string, string>();
  for (const instruction of instructionsOf(text, escapeMark)) {
    const [, word = '', rest = ''] = /^([A-Za-z]+)\s+([\s\S]*)$/.exec(instruction) ?? [];
    const keyword = word.toUpperCase();
    if (keyword === 'FROM') stages.push(stageOf(rest));
    else if (stages.length > 0) stages.at(-1)?.instructions.push({ keyword, text: rest });
    else if (keyword === 'ARG') {
      for (const [, name = '', value = ''] of rest.matchAll(/(?<!\w)(\w+)=("[^"]*"|'[^']*'|\S*)/g)) {
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

/** The stage that is built: the one that `target` names or numbers, or the last. */
export function targetStage(stages: readonly Stage[], target: string): Stage | undefined {
  return target === '' ? stages.at(-1) : stageNamed(stages, target);
}

/** @param name of a stage in any case, or its number */
export function stageNamed(stages: readonly Stage[], name: string): Stage | undefined {
  const named = stages.findLast((stage) => stage.name !== '' && stage.name === name.toLowerCase());
  return named ?? (/^[0-9]{1,6}$/.test(name) ? stages[Number(name)] : undefined);
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

/** What is built for the target: its stages, and the images that they read. */
function walk(
  dockerfile: Dockerfile,
  target: string,
  values: Values,
): { readonly stages: ReadonlySet<Stage>; readonly images: ReadonlySet<string> } {
  const { stages } = dockerfile;
  const reached = new Set<Stage>();
  const images = new Set<string>();
  const visit = (stage: Stage): void => {
    if (reached.has(stage)) return;
    reached.add(stage);
    const earlier = stages.slice(0, stages.indexOf(stage));
    for (const written of [stage.from, ...stage.instructions.flatMap(sourcesOf)]) {
      const name = expand(written, values);
      const other = stageNamed(earlier, name);
      if (other !== undefined) visit(other);
      else if (name !== '' && name !== 'scratch') images.add(name);
    }
  };
  const first = targetStage(stages, target);
  if (first !== undefined) visit(first);
  return { stages: reached, images };
}

/** @returns the images that a build of the target reads, as the Dockerfile and `build-args` name them */
export function imagesOf(dockerfile: Dockerfile, target: string, buildArgs: readonly string[]): readonly string[] {
  const { images } = walk(dockerfile, target, valuesOf(dockerfile, buildArgs));
  return [...(dockerfile.syntax === '' ? [] : [dockerfile.syntax]), ...images];
}

/** On which platforms a build of the target runs programs (`RUN`). */
export function runPlatforms(dockerfile: Dockerfile, target: string, buildArgs: readonly string[]): RunPlatforms {
  const { stages } = dockerfile;
  const values = valuesOf(dockerfile, buildArgs);
  /** A stage that begins with another one has its platform. */
  const platformOf = (stage: Stage): string => {
    const base = stageNamed(stages.slice(0, stages.indexOf(stage)), expand(stage.from, values));
    return base === undefined ? stage.platform : platformOf(base);
  };
  const running = [...walk(dockerfile, target, values).stages].filter(({ instructions }) =>
    instructions.some(({ keyword }) => keyword === 'RUN'),
  );
  const written = running.map(platformOf);
  const isTarget = (platform: string): boolean => platform === '' || /TARGETPLATFORM/.test(platform);
  const others = written.filter((platform) => !isTarget(platform) && !/BUILDPLATFORM/.test(platform));
  return { onTarget: written.some(isTarget), named: [...new Set(others.map((each) => expand(each, values)))] };
}
