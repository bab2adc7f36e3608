/** Whether a text is or holds a secret. */

import type { Environment } from './environment.ts';

/** A shorter text is in many others: `{`, `true`, a port. */
export const shortestSecret = 6;
/** What is shorter may be a part of a path or a name that is no secret: `runner`. */
const shortestPart = 16;

/** Whether a variable is a secret, or contains one. */
export function isOrHolds(value: string, secret: string): boolean {
  return value.trim() === secret || (secret.length >= shortestPart && value.includes(secret));
}

/**
 * An environment without the variables that are a secret of the build, or contain one. The secret reaches the build by its
 * file alone, and `build-args: NAME` cannot put it into the image.
 */
export function withoutBuildSecrets(env: Environment, secrets: readonly string[]): Environment {
  const sought = secrets.map((secret) => secret.trim()).filter(({ length }) => length >= shortestSecret);
  return Object.fromEntries(
    Object.entries(env).filter(([, value = '']) => !sought.some((secret) => isOrHolds(value, secret))),
  );
}
