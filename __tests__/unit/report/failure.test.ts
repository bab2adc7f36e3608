import { expect, test } from '@jest/globals';
import { InputError, RegistryError } from '../../../src/errors.ts';
import { formatFailure, toPublishError } from '../../../src/report/failure.ts';

test('an error of ours stays as it is', () => {
  const error = new InputError('TAG_INVALID', { message: 'Bad.', remedy: 'Mend it.' });
  expect(toPublishError(error)).toBe(error);
});

test.each([
  ['an error', new TypeError('x is undefined'), 'An unexpected error: x is undefined.'],
  ['an error that ends in a full stop', new Error('It broke.'), 'An unexpected error: It broke.'],
  ['a text', 'boom', 'An unexpected error: boom.'],
  ['nothing', undefined, 'An unexpected error: undefined.'],
])('%s is a defect of ours, with its stack where it has one', (_title, thrown, message) => {
  const error = toPublishError(thrown);
  expect(error).toMatchObject({ code: 'INTERNAL', message });
  expect(error.cause).toBe(thrown);
  expect(error.detail).toBe(thrown instanceof Error ? thrown.stack : '');
});

test('an error without a stack is one, too', () => {
  const error = new Error('x');
  delete error.stack;
  expect(toPublishError(error).detail).toBe('');
});

test('a person reads the code, what failed, what to do, and where more stands', () => {
  const error = new InputError('TAG_INVALID', { message: 'The tag is bad.', remedy: 'Correct `tags`.' });
  expect(formatFailure(error)).toMatch(
    /^TAG_INVALID: The tag is bad\.\nCorrect `tags`\.\nhttps:\/\/\S+TROUBLESHOOTING\.md#tag_invalid$/,
  );
});

test('and, where it is so, that it may pass', () => {
  const facts = { message: 'Busy.', remedy: 'Wait.', retryable: true };
  expect(formatFailure(new RegistryError('REGISTRY_UNAVAILABLE', facts))).toContain(
    'Wait.\nThe failure may pass: run the job again.\n',
  );
});
