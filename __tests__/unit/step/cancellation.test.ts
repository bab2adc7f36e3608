import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import { PublishError } from '../../../src/errors.ts';
import { exitCodeOf, onTermination } from '../../../src/step/cancellation.ts';

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s cancels the step, which ends as a shell would report it', (name, exitCode) => {
  const process = new EventEmitter();
  const termination = onTermination(process);
  expect(termination.aborted).toBe(false);
  expect(exitCodeOf(termination)).toBe(1);
  process.emit(name);
  expect(termination.aborted).toBe(true);
  expect(termination.reason).toBeInstanceOf(PublishError);
  expect(termination.reason).toMatchObject({ code: 'CANCELLED', message: `The step was cancelled (${name}).` });
  expect(exitCodeOf(termination)).toBe(exitCode);
});

test('Ctrl+Break, by which a runner on Windows says that it will not wait longer, cancels the step too', () => {
  const process = new EventEmitter();
  const termination = onTermination(process);
  process.emit('SIGBREAK');
  expect(termination.reason).toMatchObject({ code: 'CANCELLED', message: 'The step was cancelled (SIGBREAK).' });
});

test('the first signal counts, and none after it ends the process before it has cleaned up', () => {
  const process = new EventEmitter();
  const termination = onTermination(process);
  process.emit('SIGINT');
  process.emit('SIGTERM');
  expect(exitCodeOf(termination)).toBe(130);
  process.emit('SIGINT');
  expect(exitCodeOf(termination)).toBe(130);
  // Without a listener the system would end it.
  expect(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'].map((name) => process.listenerCount(name))).toEqual([1, 1, 1, 1]);
});
