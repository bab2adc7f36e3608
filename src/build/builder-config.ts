/**
 * The configuration of BuildKit's daemon (https://github.com/moby/buildkit/blob/master/docs/buildkitd.toml.md): what the input
 * `builder-config` gives, and how it lies over another one. Only a step that makes a builder loads a TOML parser.
 */

import { parse, stringify, TomlError } from 'smol-toml';
import { InputError } from '../errors.ts';
import { isObject, type JsonObject } from '../text/json.ts';

/** Whether the input is the configuration itself; otherwise it is the path of a file. */
export function isInlineConfig(text: string): boolean {
  return /[\n=]|^\s*\[/.test(text);
}

/**
 * @param text TOML
 * @param from where the text is, as a clause: "The input `builder-config`"
 * @throws InputError INPUT_INVALID with the line
 */
export function parseBuilderConfig(text: string, from: string): JsonObject {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [what = ''] = cause.message.split('\n');
    throw new InputError('INPUT_INVALID', {
      message: `${from} is no TOML: ${what.replace(/^Invalid TOML document: /, '')} in line ${cause.line}.`,
      remedy: 'Write it as a buildkitd.toml (https://docs.docker.com/build/buildkit/configure/).',
      cause,
    });
  }
}

/** The second over the first: tables are merged, and any other value takes the place of what was there. */
export function mergeConfig(under: JsonObject, over: JsonObject): JsonObject {
  const merged = Object.entries(over).map(([name, value]) => {
    const own = Object.hasOwn(under, name) ? under[name] : undefined;
    return [name, isObject(own) && isObject(value) ? mergeConfig(own, value) : value] as const;
  });
  return { ...under, ...Object.fromEntries(merged) };
}

/** As TOML; empty for an empty one. */
export function formatBuilderConfig(config: JsonObject): string {
  return Object.keys(config).length === 0 ? '' : stringify(config);
}
