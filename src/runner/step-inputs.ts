/** What the runner hands to a step, through @actions/core: the texts of its inputs, and what `main` kept for `post`. */

import { getInput } from '@actions/core';

export { getState } from '@actions/core';

/** The text of an input, trimmed; empty where it is absent. */
export function readInput(name: string): string {
  return getInput(name);
}
