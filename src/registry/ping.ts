/** Asks a host whether it is a registry (distribution-spec, "Determining Support"). */

import { RegistryError } from '../errors.ts';
import { parseChallenges } from '../http/challenge.ts';
import type { Registry } from '../image/registry-name.ts';
import type { Session } from './session.ts';

export type Presence =
  | { readonly isRegistry: true }
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
    const asksForLogin = schemes.some((name) => name === 'bearer' || name === 'basic');
    const isMarked = headers['docker-distribution-api-version'] !== undefined || asksForLogin;
    if ((status === 200 || status === 401) && isMarked) return { isRegistry: true };
    const kind = headers['content-type'] === undefined ? '' : ` (${headers['content-type'].split(';')[0]})`;
    return { isRegistry: false, reason: `${registry}/v2/ answers ${status}${kind}, not as a registry does.` };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { isRegistry: false, reason: error.message, error };
  }
}
