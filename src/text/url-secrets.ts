/**
 * Credentials in a URL (RFC 3986 3.2.1): `https://user:password@host`, or a token in place of the user. An author may write
 * them into a context, a proxy or a builder; whoever reads the log or the plan is not to have them.
 */

/** What follows the scheme. It ends where a string of JSON or a field of CSV does. */
const userinfo = /(?<=[a-z0-9+.-]:\/\/)([^\s/?#@:,"\\<>]*)(?::([^\s/?#@"\\<>]*))?@/gi;

/** What is shorter is the name of a user (`git`, `octocat`, `x-access-token`), which is no secret. */
const shortestToken = 16;

/** What a part of a URL encodes; a lone `%` means itself, as for curl. */
export function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Each password and token, as it stands there and as it is meant. */
export function urlSecrets(text: string): readonly string[] {
  const found = [...text.matchAll(userinfo)].flatMap(([, user = '', password = '']) =>
    user.length < shortestToken ? [password] : [user, password],
  );
  return [...new Set(found.flatMap((secret) => [secret, decodePart(secret)]))].filter((secret) => secret !== '');
}

/** The text with *** in their place. */
export function withoutUrlSecrets(text: string): string {
  return text.replaceAll(userinfo, (_, user: string, password: string | undefined) => {
    const who = user.length < shortestToken ? user : '***';
    return `${who}${password === undefined ? '' : ':***'}@`;
  });
}
