/** How the texts of inputs are read. */

/** Reads an input's text; absent and empty are the same, as for the runner. */
export type InputReader<Name extends string> = (name: Name) => string;

/**
 * Reads inputs as the runner hands them over: `INPUT_NAME`, upper-case, with the hyphens kept, and trimmed
 * (@actions/core `getInput`). A variable that is absent or empty means the default: an expression that comes to nothing
 * must not undo it.
 */
export function inputsOfEnvironment<Name extends string>(
  env: Readonly<Record<string, string | undefined>>,
  defaults: Readonly<Record<Name, string>>,
): InputReader<Name> {
  return (name) => {
    const given = env[`INPUT_${name.toUpperCase()}`]?.trim() || defaults[name];
    if (given !== '') return given;
    if (name === 'token') return env.GITHUB_TOKEN ?? '';
    if (name === 'username') return env.GITHUB_ACTOR ?? '';
    return given;
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
