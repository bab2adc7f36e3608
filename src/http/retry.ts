/**
 * Retries: which failure is transient, how long to wait, and the loop that does it. The decision is a pure function;
 * clock, chance and log come in as ports.
 */

import { PublishError } from '../errors.ts';

/** What a loop of attempts needs of the world. */
export interface RetryPorts {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Told of each attempt that is made again, in one line. */
  readonly log: (line: string) => void;
}

export type Verdict =
  | { readonly transient: false }
  /** `delay` is the least wait in milliseconds that the other side asked for. */
  | { readonly transient: true; readonly reason: string; readonly delay?: number };

export interface RetryOptions extends RetryPorts {
  /** What is tried, for the log: "push of ghcr.io/octo/app". */
  readonly what: string;
  /** Attempts in all; 1 (or less) tries once. */
  readonly retries: number;
  /** Decides about the failure of an attempt, whose number counts from 1. Default: `judgeError`. */
  readonly judge?: (error: unknown, number: number) => Verdict;
}

const firstBackOff = 1_000;
const longestBackOff = 30_000;
/** A registry that asks for more than this will not be waited for: the job fails now rather than at its time-out. */
const longestDelay = 120_000;

/**
 * How long to wait before the next attempt: exponential back-off with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), on top of what the other side asked for.
 * @param attempt the attempt that just failed, from 1
 */
export function backOff(attempt: number, random: number, delay = 0): number {
  return Math.round(delay + random * Math.min(longestBackOff, firstBackOff * 2 ** (attempt - 1)));
}

/**
 * Runs `attempt` until it succeeds, fails for good, or `retries` attempts are made.
 * @param attempt given its number, from 1
 * @throws what the last attempt threw
 */
export async function retry<T>(attempt: (number: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const judge = options.judge ?? judgeError;
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      const verdict = judge(error, number);
      if (!verdict.transient || number >= options.retries || (verdict.delay ?? 0) > longestDelay) throw error;
      const wait = backOff(number, options.random(), verdict.delay);
      options.log(
        `${options.what} failed (attempt ${number} of ${options.retries}): ${verdict.reason} Trying again in ${(wait / 1000).toFixed(1)} s.`,
      );
      await options.sleep(wait);
    }
  }
}

/** Statuses that say "not now" (RFC 9110 15.5.9, 15.6; RFC 6585 4). */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || status === 500 || (status >= 502 && status <= 504);
}

/** Judges an error of this action by what it says of itself (`retryable`, and `delay` where it has one). */
export function judgeError(error: unknown): Verdict {
  if (!(error instanceof PublishError) || !error.retryable) return { transient: false };
  const { message, delay } = error;
  return { transient: true, reason: message, ...(delay === undefined ? {} : { delay }) };
}

/**
 * The wait that an answer asks for, wherever it stands: the `Retry-After` header, or the registry's message.
 * @returns milliseconds, or `undefined` if the answer names no delay
 */
export function delayOfAnswer(retryAfter: string | undefined, text: string, now: number): number | undefined {
  return (retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, now)) ?? delayInText(text, now);
}

export function delayInText(text: string, now: number): number | undefined {
  const stated = text.match(/retry-after["']?\s*[:=]\s*["']?([0-9][^,;"'}\n]*)/i)?.[1];
  return stated === undefined ? undefined : parseRetryAfter(stated, now);
}

/** More than a day is a day: nobody waits for either. In milliseconds. */
const longestRequest = 86_400_000;

/**
 * A delay: whole seconds or an HTTP date (RFC 9110 10.2.3), or a Go duration, as ghcr.io writes it
 * (`retry-after: 333.939671ms`).
 * @returns milliseconds, rounded up, a day at most; `undefined` for anything else
 */
export function parseRetryAfter(text: string, now: number): number | undefined {
  const trimmed = text.trim();
  if (/^[0-9]+$/.test(trimmed)) return Math.min(Number(trimmed) * 1000, longestRequest);
  const duration = parseGoDuration(trimmed);
  if (duration !== undefined) return Math.min(Math.ceil(duration), longestRequest);
  const date = /[a-z]{3}/i.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, date - now), longestRequest);
}

const unitMilliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * `1h2m3.5s` (https://pkg.go.dev/time#ParseDuration), read from the start of a text.
 * @returns milliseconds, or `undefined` where no duration stands
 */
function parseGoDuration(text: string): number | undefined {
  const whole = text.match(/^(?:[0-9]+(?:\.[0-9]*)?(?:ns|us|µs|μs|ms|s|m|h))+/u)?.[0];
  if (whole === undefined) return undefined;
  let sum = 0;
  for (const [, number = '', unit = ''] of whole.matchAll(/(?<![0-9.])([0-9.]+)(ns|us|µs|μs|ms|s|m|h)/gu)) {
    sum += Number(number) * (unitMilliseconds[unit] ?? 0);
  }
  return sum;
}
