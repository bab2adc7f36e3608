/** How the texts of inputs are read. */

import type { Environment } from '../text/environment.ts';

/** Reads an input's text; absent and empty are the same, as for the runner. */
export type InputReader<Name extends string> = (name: Name) => string;

/**
 * Reads inputs as the runner hands them over. One that is absent or empty means the default: an expression that comes to
 * nothing must not undo it.
 * @param given the text that the runner has for a name, trimmed; empty where it has none
 * @param env for what a terminal has in place of the defaults of `token` and `username`
 */
export function inputsWithDefaults<Name extends string>(
  given: (name: Name) => string,
  env: Environment,
  defaults: Readonly<Record<Name, string>>,
): InputReader<Name> {
  return (name) => {
    // Whether it publishes must not hang on an expression that has no value in one leg of a matrix.
    if (name === 'stage' && defaults[name] === 'false' && env.INPUT_STAGE === '') return '';
    const text = given(name) || defaults[name];
    if (text !== '') return text;
    if (name === 'token') return env.GITHUB_TOKEN ?? '';
    if (name === 'username') return env.GITHUB_ACTOR ?? '';
    return text;
  };
}

/** The texts of all inputs. */
export function textsOf<Name extends string>(
  read: InputReader<Name>,
  defaults: Readonly<Record<Name, string>>,
): readonly string[] {
  const texts: string[] = [];
  for (const name in defaults) texts.push(read(name));
  return texts;
}
