/**
 * Reading back what was just written. A registry of several nodes, or behind a cache, may answer for a moment with what it had
 * before its own 201: distribution-spec asks for a manifest to be there after its push, and says nothing of when.
 */

import { backOff, type RetryPorts } from '../http/retry.ts';

/**
 * Asks until the answer is what was written, or the attempts are used up.
 * @param what is looked for, for the log: "ghcr.io/octo/app:1.2"
 * @param ask must give an answer, not an error, for what is not there
 * @returns the last answer, whether it is the one or not: the caller words the error
 */
export type UntilSeen = <Answer>(
  what: string,
  ask: () => Promise<Answer>,
  isSeen: (answer: Answer) => boolean,
) => Promise<Answer>;

export function createUntilSeen(options: RetryPorts & { readonly retries: number }): UntilSeen {
  const { retries, random, sleep, log } = options;
  return async (what, ask, isSeen) => {
    for (let number = 1; ; number++) {
      const answer = await ask();
      if (isSeen(answer) || number >= retries) return answer;
      const wait = backOff(number, random());
      log(
        `The registry does not show ${what} yet (attempt ${number} of ${retries}). Asking again in ${(wait / 1000).toFixed(1)} s.`,
      );
      await sleep(wait);
    }
  };
}
