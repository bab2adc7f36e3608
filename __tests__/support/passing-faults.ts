/** Faults that pass: the same request, sent again, is answered. */

import type { Fault } from './fault-proxy.ts';

export interface NamedFault {
  readonly title: string;
  readonly fault: Fault;
}

/** An error as registries answer it. */
export function answer(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Fault {
  const body = JSON.stringify({ errors: [{ code, message }] });
  return { kind: 'answer', status, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** Its message has the delay, so one that answers a HEAD loses it with its body. */
export const goDuration = '429 with a Go duration in the message';
export const retryAfter = '429 with Retry-After';

/** @param seconds that a registry which is asked too often wants to be left alone */
export function passingFaults(seconds: number): readonly NamedFault[] {
  return [
    ...[500, 502, 503, 504].map((status) => ({
      title: `${status}`,
      fault: answer(status, 'UNKNOWN', 'upstream failed'),
    })),
    { title: retryAfter, fault: answer(429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': `${seconds}` }) },
    { title: goDuration, fault: answer(429, 'TOOMANYREQUESTS', 'retry-after: 333.939671ms, allowed: 44000/minute') },
    { title: 'reset before the body', fault: { kind: 'reset', when: 'before' } },
    { title: 'reset within the body', fault: { kind: 'reset', when: 'within' } },
    { title: 'reset after the body', fault: { kind: 'reset', when: 'after' } },
    { title: 'truncated answer', fault: { kind: 'truncated' } },
    { title: 'lost commit', fault: { kind: 'lost commit' } },
  ];
}

/** Passes for the action's own client; engines are not asked to bear it. */
export const requestTimeout: NamedFault = { title: '408', fault: answer(408, 'UNKNOWN', 'upstream failed') };

/** No fault of the registry, and mended in the same way. */
export const expiredToken: NamedFault = { title: '401 after the token expired', fault: { kind: 'expired token' } };
