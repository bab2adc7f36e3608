/** Whether a registry takes a login: what `docker login` asks of it. */

import { setTimeout } from 'node:timers/promises';
import { type PublishError, RegistryError, withFacts } from '../errors.ts';
import { isTransportFault } from '../http/request-failure.ts';
import type { Registry } from '../image/registry-name.ts';
import type { Session } from './session.ts';

/**
 * Asks for the registry itself (distribution-spec, "Determining Support"), with the login that the client has for it.
 * @param timeout milliseconds of one attempt, from the first byte to the last
 * @returns `undefined` if the registry takes the login; else a sentence that says why this client could not ask. An engine may be set
 *   up to trust a certificate or plain HTTP that this client does not trust.
 * @throws RegistryError LOGIN_REFUSED; REGISTRY_UNREACHABLE, REGISTRY_UNAVAILABLE, REGISTRY_UNTRUSTED, ANSWER_INVALID
 */
export async function checkLogin(session: Session, registry: Registry, timeout: number): Promise<string | undefined> {
  try {
    await session.attempt(`Login to ${registry}`, () => within(timeout, registry, ask(session, registry)));
    return undefined;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (isTransportFault(error.cause)) return error.message;
    const isRefused = ['TOKEN_REJECTED', 'LOGIN_REFUSED', 'REGISTRY_REFUSED'].includes(error.code);
    throw isRefused ? refusedLogin(registry, error) : error;
  }
}

async function ask(session: Session, registry: Registry): Promise<void> {
  const { body } = await session.send({
    method: 'GET',
    repository: { registry, path: '' },
    at: '',
    scopes: [],
    accepts: [200],
    denied: 'LOGIN_REFUSED',
  });
  body.on('error', () => {}).resume();
}

/** A token, which is for all that ask for it, heeds no signal. */
async function within(timeout: number, registry: Registry, answer: Promise<void>): Promise<void> {
  const limit = new AbortController();
  const late = setTimeout(timeout, 'late' as const, { signal: limit.signal }).catch(() => undefined);
  const first = await Promise.race([answer, late]).finally(() => limit.abort());
  if (first === undefined) return;
  throw new RegistryError('REGISTRY_UNREACHABLE', {
    message: `${registry} did not answer the login within ${timeout / 1000} s.`,
    remedy: `Check that ${registry} is the right registry, and that the runner reaches it (proxy, firewall).`,
  });
}

function refusedLogin(registry: Registry, error: RegistryError): PublishError {
  return withFacts(error, {
    code: 'LOGIN_REFUSED',
    message: `${registry} refused the login: ${error.message}`,
    remedy: `Check the user name and the password for ${registry}: in \`registry-auth\`, or in \`username\` and \`token\`. The password may have expired, or belong to another registry.`,
  });
}
