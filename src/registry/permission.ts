/** Questions that cost nothing: is this a registry, and may this token push. */

import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { RegistryError } from '../errors.ts';
import { parseChallenges } from '../http/challenge.ts';
import { codeOf, isCertificateFault } from '../http/request-failure.ts';
import type { Registry } from '../image/registry-name.ts';
import type { Repository } from '../image/repository.ts';
import type { Blobs } from './blobs.ts';
import type { Session } from './session.ts';

export type Presence =
  | {
      readonly isRegistry: true;
      readonly origin: URL;
      readonly status: number;
      /** How it wants to be asked. */
      readonly scheme: 'bearer' | 'basic' | 'none';
    }
  /** `error`: there was no answer, or half of one. */
  | { readonly isRegistry: false; readonly reason: string; readonly error?: RegistryError };

/**
 * Asks a host whether it is a registry (distribution-spec, "Determining Support"). Only an answer that looks like one
 * counts, since a wildcard name may lead to a web application. Sends no credential, follows no redirect, tries once.
 */
export async function ping(session: Session, registry: Registry, timeout: number): Promise<Presence> {
  try {
    const origin = await session.origin(registry);
    const { status, headers, body } = await session.http.send({
      method: 'GET',
      url: new URL('/v2/', origin),
      redirects: 'answer',
      signal: AbortSignal.timeout(timeout),
    });
    body.on('error', () => {}).destroy();
    const schemes = parseChallenges(headers['www-authenticate'] ?? '').map(({ scheme }) => scheme);
    const scheme = schemes.find((name) => name === 'bearer') ?? schemes.find((name) => name === 'basic') ?? 'none';
    const isMarked = headers['docker-distribution-api-version'] !== undefined || scheme !== 'none';
    if ((status === 200 || status === 401) && isMarked) return { isRegistry: true, origin, status, scheme };
    const kind = headers['content-type'] === undefined ? '' : ` (${headers['content-type'].split(';')[0]})`;
    return { isRegistry: false, reason: `${registry}/v2/ answers ${status}${kind}, not as a registry does.` };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { isRegistry: false, reason: error.message, error };
  }
}

export type PushPermission =
  | { readonly answer: 'allowed' }
  | {
      readonly answer: 'refused';
      readonly status: number;
      readonly ociCodes: readonly string[];
      readonly message: string;
      readonly error: RegistryError;
    }
  | { readonly answer: 'unknown'; readonly reason: string };

/**
 * Asks the registry whether this login may push to a repository: the token exchange, then an upload that is started
 * and cancelled. A refusal is certain; what cannot be told (no answer, 5xx, 429) is `unknown`. Tries once, so that the
 * answer is there in the time-out.
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
    const { status, ociCodes, message } = error;
    // A success that is none (200 to everything) does not begin an upload either.
    const isRefusal = status >= 200 && status < 500 && !error.retryable;
    if (isRefusal || error.code === 'REGISTRY_UNTRUSTED')
      return { answer: 'refused', status, ociCodes, message, error };
    return { answer: 'unknown', reason: message };
  }
}
