/** Whether a text is or holds a secret. */

import type { Environment } from './environment.ts';

/** A shorter text is in many others: `{`, `true`, a port. */
export const shortestSecret = 6;
/** What is shorter may be a part of a path or a name that is no secret: `runner`. */
export const shortestPart = 16;

/** @returns whether a variable is one of these secrets, or contains one, in whatever form */
export function findsSecrets(secrets: readonly string[]): (value: string) => boolean {
  const known = secrets.map((secret) => ({ secret, forms: secret.length < shortestPart ? [] : formsOf(secret) }));
  return (value) =>
    known.some(({ secret, forms }) => value.trim() === secret || forms.some((form) => value.includes(form)));
}

/**
 * The forms in which another text may hold a secret: as it is, in a URL (RFC 3986 2.1), in JSON (RFC 8259 7), and in
 * base64. The base64 may have anything before and after it, as in the `Authorization` of Basic or the configuration of
 * the CLI.
 */
export function formsOf(secret: string): readonly string[] {
  const wellFormed = secret.toWellFormed();
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [
    ...new Set([secret, encodeURIComponent(wellFormed), encodeURI(wellFormed), inJson, ...base64Parts(wellFormed)]),
  ];
}

/** What base64 has of a text after 0, 1 or 2 bytes more than a multiple of three: the characters that depend on nothing else. */
function base64Parts(text: string): readonly string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
    const coded = bytes.toString('base64').replaceAll('=', '');
    return coded.slice([0, 2, 3][before], bytes.length % 3 === 0 ? undefined : -1);
  });
}

/**
 * An environment without the variables that are a secret of the build, or contain one. The secret reaches the build by its
 * file alone, and `build-args: NAME` cannot put it into the image.
 */
export function withoutBuildSecrets(env: Environment, secrets: readonly string[]): Environment {
  const sought = secrets.map((secret) => secret.trim()).filter(({ length }) => length >= shortestSecret);
  const isSecret = findsSecrets(sought);
  return Object.fromEntries(Object.entries(env).filter(([, value = '']) => !isSecret(value)));
}
