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
