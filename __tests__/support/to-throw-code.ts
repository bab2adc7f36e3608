/**
 * `expect(…).toThrowCode('TAG_INVALID')`: what was thrown is one of our errors and has that code. Several codes are those of
 * faults that were reported together, in their order.
 */

import { expect } from '@jest/globals';
import { type ErrorCode, InputFaults, PublishError } from '../../src/errors.ts';

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> {
    /** Of a function that throws, or, after `rejects`, of what a promise was rejected with. */
    toThrowCode(...codes: readonly [ErrorCode, ...ErrorCode[]]): R;
  }
}

/** What a call threw, or `undefined`. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return error;
  }
}

function codesOf(error: unknown): readonly ErrorCode[] {
  if (error instanceof InputFaults) return error.faults.map(({ code }) => code);
  return error instanceof PublishError ? [error.code] : [];
}

expect.extend({
  toThrowCode(received: unknown, ...codes: readonly ErrorCode[]) {
    const error = typeof received === 'function' ? thrownBy(() => received()) : received;
    const found = codesOf(error);
    return {
      pass: this.equals(found, codes),
      message: () => {
        const got = error === undefined ? 'nothing was thrown' : `got ${found.join(', ') || 'another error'}: ${error}`;
        return `${this.utils.matcherHint('toThrowCode')}\n\nexpected ${this.isNot ? 'anything but ' : ''}${codes.join(', ')}; ${got}`;
      },
    };
  },
});
