/** The variables of a process. */

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A variable that people write in either case, such as `https_proxy`; lower case goes first, as in curl.
 * @param name in upper case
 * @returns empty if it is not set
 */
export function inEitherCase(environment: Environment, name: string): string {
  return environment[name.toLowerCase()] || environment[name] || '';
}

/**
 * A variable by its name, in whatever case Windows has it: there PATH is usually `Path`, and a copy of `process.env` knows only
 * that spelling (https://nodejs.org/api/process.html#processenv).
 */
export function variableOf(environment: Environment, name: string, platform: NodeJS.Platform): string | undefined {
  const exact = environment[name];
  if (exact !== undefined || platform !== 'win32') return exact;
  const upper = name.toUpperCase();
  return Object.entries(environment).find(([each]) => each.toUpperCase() === upper)?.[1];
}

/**
 * The home folder that programs in Go go by (https://pkg.go.dev/os#UserHomeDir). On Windows HOME, which Git Bash sets there, means
 * nothing to them.
 * @returns empty if the variable is not set
 */
export function homeOf(environment: Environment, platform: NodeJS.Platform): string {
  return variableOf(environment, platform === 'win32' ? 'USERPROFILE' : 'HOME', platform) ?? '';
}
