import { describe, expect, test } from '@jest/globals';
import { InputError, RegistryError } from '../../../src/errors.ts';
import {
  backOff,
  delayOfAnswer,
  isTransientStatus,
  judgeError,
  parseRetryAfter,
  type RetryOptions,
  retry,
} from '../../../src/http/retry.ts';
import { failing } from '../../support/attempts.ts';

const now = Date.parse('2026-01-02T03:04:05Z');

function someOptions(overrides: Partial<RetryOptions> = {}): RetryOptions & { waits: number[]; lines: string[] } {
  const waits: number[] = [];
  const lines: string[] = [];
  return {
    what: 'The push',
    retries: 4,
    now: () => now,
    random: () => 0.5,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
    },
    log: (line) => {
      lines.push(line);
    },
    waits,
    lines,
    ...overrides,
  };
}

const unavailable = (delay?: number): RegistryError =>
  new RegistryError('REGISTRY_UNAVAILABLE', {
    message: 'It answered 503.',
    remedy: '',
    retryable: true,
    ...(delay === undefined ? {} : { delay }),
  });

describe('trying again', () => {
  test('what succeeds is done once and waits for nothing', async () => {
    const options = someOptions();
    await expect(retry(failing().attempt, options)).resolves.toBe('attempt 1');
    expect([options.waits, options.lines]).toEqual([[], []]);
  });

  test('a transient failure is tried again with growing waits, each said in the log', async () => {
    const options = someOptions();
    const { attempt } = failing(unavailable(), unavailable(), unavailable());
    await expect(retry(attempt, options)).resolves.toBe('attempt 4');
    expect(options.waits).toEqual([500, 1000, 2000]);
    expect(options.lines[0]).toBe('The push failed (attempt 1 of 4): It answered 503. Trying again in 0.5 s.');
    expect(options.lines).toHaveLength(3);
  });

  test('as many attempts are made as `retries` says, then the last failure goes up', async () => {
    const options = someOptions({ retries: 2 });
    const last = unavailable();
    const { attempt, calls } = failing(unavailable(), last, unavailable());
    await expect(retry(attempt, options)).rejects.toBe(last);
    expect(calls()).toBe(2);
  });

  test.each([1, 0])('with `retries` %d it is tried once', async (retries) => {
    const { attempt, calls } = failing(unavailable());
    await expect(retry(attempt, someOptions({ retries }))).rejects.toThrow('503');
    expect(calls()).toBe(1);
  });

  test('a lasting failure goes up at once', async () => {
    const options = someOptions();
    const error = new RegistryError('PUSH_DENIED', { message: 'No.', remedy: '' });
    await expect(retry(failing(error).attempt, options)).rejects.toBe(error);
    expect(options.waits).toEqual([]);
  });

  test('the delay that the registry asks for is kept, and the jitter comes on top', async () => {
    const options = someOptions();
    await retry(failing(unavailable(7_000)).attempt, options);
    expect(options.waits).toEqual([7_500]);
  });

  test('a registry that asks for more than two minutes is not waited for', async () => {
    const options = someOptions();
    await expect(retry(failing(unavailable(3_600_000)).attempt, options)).rejects.toThrow('503');
    expect(options.waits).toEqual([]);
  });

  test('another judge decides where one is given', async () => {
    const options = someOptions({ judge: () => ({ transient: true, reason: 'Why not.' }) });
    await expect(retry(failing(new Error('anything')).attempt, options)).resolves.toBe('attempt 2');
  });

  test('the back-off lies between nothing and twice the one before, and never above 30 s', () => {
    expect([1, 2, 3, 4, 5, 6, 20].map((attempt) => backOff(attempt, 0.999_999_9))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ]);
    expect(backOff(3, 0)).toBe(0);
  });
});

describe('what is transient', () => {
  test('408, 429, 500, 502, 503 and 504 are; no other status is', () => {
    const transient = Array.from({ length: 600 }, (_, status) => status).filter(isTransientStatus);
    expect(transient).toEqual([408, 429, 500, 502, 503, 504]);
  });

  test('an error of ours is what it says of itself', () => {
    expect(judgeError(unavailable(20))).toEqual({ transient: true, reason: 'It answered 503.', delay: 20 });
    expect(
      judgeError(new RegistryError('REGISTRY_UNREACHABLE', { message: 'Gone.', remedy: '', retryable: true })),
    ).toEqual({
      transient: true,
      reason: 'Gone.',
    });
    expect(judgeError(new InputError('TAG_INVALID', { message: '', remedy: '' }))).toEqual({ transient: false });
    expect(judgeError(new Error('defect'))).toEqual({ transient: false });
    expect(judgeError('text')).toEqual({ transient: false });
  });
});

describe('the delay of an answer', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5_000],
    ['333.939671ms', 334],
    ['1.16676ms, allowed: 44000/minute', 2],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['500us', 1],
    ['500µs', 1],
    ['2.5s', 2_500],
    ['Fri, 02 Jan 2026 03:04:15 GMT', 10_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ])('"%s" is %d ms', (text, milliseconds) => {
    expect(parseRetryAfter(text, now)).toBe(milliseconds);
  });

  test.each(['9'.repeat(400), '6282914455', 'Fri, 31 Dec 2227 00:00:00 GMT', `${'9'.repeat(400)}h`])(
    'more than a day is a day ("%s")',
    (text) => {
      expect(parseRetryAfter(text, now)).toBe(86_400_000);
    },
  );

  test.each(['', 'soon', '-1', '5 parsecs', 'NaN'])('"%s" is none', (text) => {
    expect(parseRetryAfter(text, now)).toBeUndefined();
  });

  test('the header comes before the message', () => {
    expect(delayOfAnswer('3', 'retry-after: 9s', now)).toBe(3_000);
    expect(delayOfAnswer(undefined, 'TOOMANYREQUESTS: retry-after: 333.939671ms', now)).toBe(334);
    expect(delayOfAnswer('soon', '{"retry-after": "2"}', now)).toBe(2_000);
    expect(delayOfAnswer(undefined, 'rate limit exceeded', now)).toBeUndefined();
  });
});
