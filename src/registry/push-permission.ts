/** Questions that cost nothing: is this a registry, and may this token push. */

import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { RegistryError } from '../errors.ts';
import { codeOf, isCertificateFault } from '../http/request-failure.ts';
import type { Repository } from '../image/repository.ts';
import type { Blobs } from './blobs.ts';

export type PushPermission =
  | { readonly answer: 'allowed' }
  | { readonly answer: 'refused'; readonly error: RegistryError }
  | { readonly answer: 'unknown'; readonly reason: string };

/**
 * Asks the registry whether this login may push to a repository: the token exchange, then an upload that is started and
 * cancelled. A refusal is certain; without a clear answer (no answer, 5xx, 429) it is `unknown`. Tries once, so that
 * the answer is there in the time-out.
 * @param background told of the cancellation, whose outcome is nobody's concern: nothing has to wait for it
 * @throws RegistryError REGISTRY_UNREACHABLE for a certificate that is not trusted, ANSWER_INVALID for a host that is no
 *   registry
 */
export async function mayPush(
  blobs: Pick<Blobs, 'startUpload' | 'cancelUpload'>,
  repository: Repository,
  timeout: number,
  background: (work: Promise<void>) => void,
): Promise<PushPermission> {
  const signal = AbortSignal.timeout(timeout);
  // A request heeds the signal; a token, which is for all that ask for it, does not.
  const end = once(signal, 'abort').then(() => undefined);
  try {
    const location = await Promise.race([blobs.startUpload(repository, signal), end]);
    if (location === undefined) {
      return { answer: 'unknown', reason: `${repository.registry} did not answer within ${timeout / 1000} s.` };
    }
    // What comes next has the connection first.
    const cancelled = setImmediate().then(() => blobs.cancelUpload(repository, location, signal));
    background(Promise.race([cancelled, end]));
    return { answer: 'allowed' };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    // Neither a certificate that is not trusted nor a web page in the registry's place will be better after the build.
    if (error.code === 'ANSWER_INVALID' || isCertificateFault(codeOf(error.cause))) throw error;
    // A host that answers 200 to everything does not begin an upload either.
    const isRefusal = error.status >= 200 && error.status < 500 && !error.retryable;
    return isRefusal || error.code === 'REGISTRY_UNTRUSTED'
      ? { answer: 'refused', error }
      : { answer: 'unknown', reason: error.message };
  }
}
