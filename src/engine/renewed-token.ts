/** One more attempt where the token of a registry expired under the engine. */

import { PublishError } from '../errors.ts';
import { means } from './tool-output.ts';

/**
 * Repeats a push once, at once, if the registry refused its token in the middle or issued none, and still takes the
 * login. Each command gets a token of its own, as our client does after a 401.
 * @param isTaken whether the registry still agrees to the push
 */
export function withNewToken<T>(
  what: string,
  attempt: () => Promise<T>,
  { log, isTaken }: { readonly log: (line: string) => void; readonly isTaken: () => Promise<boolean> },
): () => Promise<T> {
  let isRenewed = false;
  return async () => {
    try {
      return await attempt();
    } catch (error) {
      const isPush = error instanceof PublishError && (error.code === 'PUSH_DENIED' || error.code === 'PUSH_FAILED');
      if (isRenewed || !isPush || !means(error.message, 'expired') || !(await isTaken())) throw error;
      isRenewed = true;
      log(`${what} failed: ${error.message} The login is still taken: trying once more, with a new token.`);
      return await attempt();
    }
  };
}
