/**
 * A bake file as `docker buildx bake --print` shows it (https://docs.docker.com/build/bake/reference/). This action reads what it needs
 * for names, labels and the choice of a builder. Everything else goes back to buildx as it came.
 */

import { InputError } from '../errors.ts';
import { type Platform, parsePlatform } from '../image/platform.ts';
import { isObject, isTextList, type JsonObject, parseJsonObject } from '../text/json.ts';
import { bakedDockerfile } from './context-path.ts';
import { isForEngine, isImageOutput, type Output } from './exporters.ts';
import type { TypedEntry } from './input-lists.ts';

/** One target, with the values that it has in the end. */
export interface BakeTarget {
  readonly name: string;
  /** A folder, or a URL. */
  readonly context: string;
  /** Path of the Dockerfile; empty if the target holds it, or if it is in a context elsewhere. */
  readonly file: string;
  /** The Dockerfile itself, if the target holds it. */
  readonly inlineDockerfile: string | undefined;
  /** Of the Dockerfile; empty for the last one. */
  readonly stage: string;
  readonly platforms: readonly Platform[];
  /** `NAME=value` */
  readonly args: readonly string[];
  /** `NAME=path-or-url`, `NAME=target:OTHER` among them. */
  readonly contexts: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  /** As they are written: `LEVEL:NAME=value`. */
  readonly annotations: readonly string[];
  readonly tags: readonly string[];
  readonly attestations: readonly TypedEntry[];
  readonly cacheFrom: readonly TypedEntry[];
  readonly cacheTo: readonly TypedEntry[];
  readonly outputs: readonly Output[];
  readonly entitlements: readonly string[];
  /** The variables from which secrets are taken. */
  readonly secretVariables: readonly string[];
  /** IDs of SSH agents and keys. */
  readonly ssh: readonly string[];
  /** `build`, or what else is done with the Dockerfile. */
  readonly call: string;
  /** All of it. */
  readonly raw: JsonObject;
}

export interface BakeDefinition {
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Also those that another one links to. */
  readonly targets: ReadonlyMap<string, BakeTarget>;
}

/** buildx escapes what HCL would take for an expression, in these attributes and no others (bake/bake.go, `MarshalJSON`). */
const escapedAttributes = ['annotations', 'dockerfile-inline', 'labels', 'args', 'extra-hosts'];

type Texts = (text: string) => string;

// A dollar sign in a text that `replaceAll` puts in means something.
const unescaped: Texts = (text) => text.replaceAll('$${', () => '${').replaceAll('%%{', '%{');
const escaped: Texts = (text) => text.replaceAll('${', () => '$${').replaceAll('%{', '%%{');

function mapTexts(value: unknown, change: Texts, changesNames: boolean): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change, changesNames));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      changesNames ? change(name) : name,
      mapTexts(each, change, changesNames),
    ]),
  );
}

function unreadable(what: string): InputError {
  return new InputError('BAKE_INVALID', {
    message: `\`docker buildx bake --print\` shows ${what}, which this action cannot read.`,
    remedy:
      'Update this action, or buildx on the runner (`buildx-version`). Or let docker/bake-action load the image, and publish that with `source`.',
  });
}

/** Reads attributes of one target strictly: what has another form than buildx documents is an error. */
class Attributes {
  readonly #name: string;
  readonly #values: JsonObject;

  constructor(name: string, values: JsonObject) {
    this.#name = name;
    this.#values = values;
  }

  #fail(attribute: string): InputError {
    return unreadable(`the attribute "${attribute}" of the target "${this.#name}" in another form than expected`);
  }

  text(attribute: string): string | undefined {
    const value = this.#values[attribute];
    if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
    throw this.#fail(attribute);
  }

  list(attribute: string): readonly string[] {
    const value = this.#list(attribute);
    if (isTextList(value)) return value;
    throw this.#fail(attribute);
  }

  pairs(attribute: string): ReadonlyMap<string, string> {
    return new Map(Object.entries(this.#object(attribute, this.#values[attribute] ?? {})));
  }

  objects(attribute: string): readonly Readonly<Record<string, string>>[] {
    return this.#list(attribute).map((each) => this.#object(attribute, each));
  }

  /** Entries that name their type among their attributes. */
  entries(attribute: string): readonly TypedEntry[] {
    return this.objects(attribute).map(({ type = '', ...others }) => ({ type, attributes: Object.entries(others) }));
  }

  /** Of each object one attribute, whatever else is there. */
  ids(attribute: string, idOf: (entry: JsonObject) => unknown): readonly string[] {
    return this.#list(attribute).flatMap((each) => {
      const id = isObject(each) ? idOf(each) : undefined;
      if (typeof id !== 'string') throw this.#fail(attribute);
      return id === '' ? [] : [id];
    });
  }

  #list(attribute: string): readonly unknown[] {
    const value = this.#values[attribute] ?? [];
    if (Array.isArray(value)) return value;
    throw this.#fail(attribute);
  }

  #object(attribute: string, value: unknown): Readonly<Record<string, string>> {
    if (!isObject(value)) throw this.#fail(attribute);
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, text]) => {
        if (text === null) return [];
        if (typeof text !== 'string') throw this.#fail(attribute);
        return [[name, text] as const];
      }),
    );
  }
}

function parseTarget(name: string, printed: unknown): BakeTarget {
  // Such a name is an option, or part of a path, without further care (bake/bake.go, `targetNamePattern`).
  if (!isObject(printed) || !/^[A-Za-z0-9_-]+$/.test(name)) throw unreadable(`a target "${name}"`);
  const raw = Object.fromEntries(
    Object.entries(printed).map(([attribute, value]) => [
      attribute,
      escapedAttributes.includes(attribute) ? mapTexts(value, unescaped, false) : value,
    ]),
  );
  const attributes = new Attributes(name, raw);
  const context = (attributes.text('context') ?? '.').replace(/^cwd:\/\//, '');
  const inlineDockerfile = attributes.text('dockerfile-inline');
  return {
    name,
    context,
    file: inlineDockerfile === undefined ? bakedDockerfile(context, attributes.text('dockerfile') ?? 'Dockerfile') : '',
    inlineDockerfile,
    stage: attributes.text('target') ?? '',
    platforms: attributes.list('platforms').map(parsePlatform),
    args: [...attributes.pairs('args')].map(([each, value]) => `${each}=${value}`),
    contexts: [...attributes.pairs('contexts')].map(([each, value]) => `${each}=${value}`),
    labels: attributes.pairs('labels'),
    annotations: attributes.list('annotations'),
    tags: attributes.list('tags').filter((tag) => tag !== ''),
    attestations: attributes.entries('attest').flatMap(enabled),
    cacheFrom: attributes.entries('cache-from'),
    cacheTo: attributes.entries('cache-to'),
    outputs: attributes.entries('output'),
    entitlements: attributes.list('entitlements'),
    // Without a file and a variable, buildx looks for a variable that has the name of the ID.
    secretVariables: attributes.ids('secret', ({ id, env, src }) => env ?? (src === undefined ? id : '')),
    ssh: attributes.ids('ssh', ({ id }) => id ?? 'default'),
    call: attributes.text('call') || 'build',
    raw,
  };
}

/** @returns none for an attestation that is switched off */
function enabled({ type, attributes }: TypedEntry): readonly TypedEntry[] {
  const isOff = attributes.some(([name, value]) => name === 'disabled' && /^(?:1|t|true)$/i.test(value));
  return isOff ? [] : [{ type, attributes: attributes.filter(([name]) => name !== 'disabled') }];
}

/**
 * @param text what buildx 0.23 or newer printed
 * @throws InputError BAKE_INVALID, PLATFORM_INVALID
 */
export function parseBakeDefinition(text: string): BakeDefinition {
  const document = parseJsonObject(text);
  if (!isObject(document?.target)) throw unreadable('no object with "target"');
  const { group = {}, target } = document;
  if (!isObject(group)) throw unreadable('"group" in another form than expected');
  const groups = Object.entries(group).map(([name, each]) => {
    const members: unknown = isObject(each) ? each.targets : undefined;
    if (!isTextList(members)) throw unreadable(`the group "${name}" without a list of targets`);
    return [name, members] as const;
  });
  const targets = Object.entries(target).map(([name, each]) => [name, parseTarget(name, each)] as const);
  return { groups: new Map(groups), targets: new Map(targets) };
}

/**
 * The targets of a step, with those of groups, each once. Targets that another one only links to are not among them.
 * @param asked what the input names: targets and groups, or patterns; none for the group `default`
 */
export function targetsAsked({ groups, targets }: BakeDefinition, asked: readonly string[]): readonly BakeTarget[] {
  const found = new Map<string, BakeTarget>();
  const seen = new Set<string>();
  const add = (name: string): void => {
    const target = targets.get(name);
    const members = groups.get(name);
    if (members === undefined) {
      if (target !== undefined) found.set(name, target);
    } else if (!seen.has(name)) {
      seen.add(name);
      members.forEach(add);
    } else if (target !== undefined) found.set(name, target);
  };
  // A compose file may have dots in names, which buildx replaces; of a pattern, buildx lists what it found as the group `default`.
  const names = asked.map((name) => name.replaceAll('.', '_'));
  const isKnown = names.every((name) => groups.has(name) || targets.has(name));
  for (const name of names.length > 0 && isKnown ? names : ['default']) add(name);
  return [...found.values()];
}

/** Whether a target makes an image: as for `bake --push`, one whose outputs are files alone, or nothing, does not. */
export function makesImage({ outputs }: Pick<BakeTarget, 'outputs'>): boolean {
  return outputs.length === 0 || outputs.some((output) => isImageOutput(output) || isForEngine(output));
}

/** The name in `LEVEL,…:NAME=value`. */
export function annotationName(text: string): string {
  const levels = text.slice(0, text.indexOf(':') + 1);
  const isLevelled = /^(?:index|manifest)/.test(levels) && !levels.includes('=');
  const [name = ''] = text.slice(isLevelled ? levels.length : 0).split('=', 1);
  return name;
}

/** Targets as a bake file in which nothing is an expression. */
export function formatBakeFile(targets: ReadonlyMap<string, JsonObject>): string {
  return JSON.stringify({ target: mapTexts(Object.fromEntries(targets), escaped, true) });
}
