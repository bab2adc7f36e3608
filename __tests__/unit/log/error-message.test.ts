import { expect, test } from '@jest/globals';
import { InputError, RegistryError, ToolError } from '../../../src/errors.ts';
import { formatFailure, toPublishError } from '../../../src/log/error-message.ts';

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

test.each([
  ['ENOSPC', 'write', undefined],
  ['EACCES', 'mkdir', '/tmp/x'],
  ['EROFS', 'open', '/tmp/x'],
  ['ENOTDIR', 'lstat', '/tmp/x'],
  ['ENOENT', 'mkdir', '/proc/x'],
  ['EMFILE', 'open', '/tmp/x'],
  ['ENAMETOOLONG', 'mkdir', '/tmp/x'],
])('what the file system refuses with %s is for whoever keeps the runner', (code, syscall, path) => {
  const thrown = Object.assign(new Error(`${code}: refused, ${syscall}`), { code, syscall, ...(path && { path }) });
  const error = toPublishError(thrown);
  expect(error).toBeInstanceOf(ToolError);
  expect(error).toMatchObject({ code: 'FILE_REFUSED', message: expect.stringContaining(`${code}: refused`) });
  expect(error.remedy).not.toContain('issue');
});

test.each([
  ['of a socket', { code: 'EACCES', syscall: 'connect', path: '/var/run/docker.sock' }],
  ['of a process', { code: 'EACCES', syscall: 'spawn' }],
  ['that a file is not there, which it is for us to expect', { code: 'ENOENT', syscall: 'open', path: '/tmp/x' }],
])('an answer %s is not the file system’s refusal', (_title, facts) => {
  expect(toPublishError(Object.assign(new Error('x'), facts))).toMatchObject({ code: 'INTERNAL' });
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
    'Wait.\nThe failure may be temporary: run the job again.\n',
  );
});
