/**
 * The `WWW-Authenticate` header (RFC 9110 11.6.1): what a registry asks for.
 *
 * Grammar (RFC 9110 11.2 to 11.4):
 *
 *     WWW-Authenticate := [challenge] (',' [challenge])*
 *     challenge  := scheme [ 1*SP ( token68 | [parameter] (',' [parameter])* ) ]
 *     parameter  := token BWS '=' BWS ( token | quoted-string )
 */

export interface Challenge {
  /** Lower-case: `bearer`, `basic`, … */
  readonly scheme: string;
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameterPattern = new RegExp(`(${token})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`, 'y');
/** A scheme ends the header, or is followed by a comma or by space and then anything but `=`. */
const schemePattern = new RegExp(`(${token})(?=[ \\t]*(?:,|$)|[ \\t]+[^= \\t])`, 'y');
const token68Pattern = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/**
 * Reads every challenge of a header. What cannot be read ends the reading: the challenges before it stand.
 * @param header the field's value; several fields are joined by `, ` (RFC 9110 5.3)
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(header) ?? undefined;
    if (match !== undefined) position = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(/[ \t,]*/y);
    const parameter = challenges.length > 0 ? take(parameterPattern) : undefined;
    if (parameter !== undefined) {
      const [, name = '', quoted, plain = ''] = parameter;
      const value = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
      challenges.at(-1)?.parameters.set(name.toLowerCase(), value);
      continue;
    }
    const scheme = take(schemePattern)?.[1];
    if (scheme === undefined) return challenges;
    challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    // Only a scheme that takes no named parameters (Negotiate, NTLM) is followed by a token68.
    take(/[ \t]+/y);
    take(token68Pattern);
  }
}
