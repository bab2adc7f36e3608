import { describe, expect, test } from '@jest/globals';
import { BuildError, PermissionError, ToolError } from '../../../src/errors.ts';
import { judgeCommand } from '../../../src/step/retry-ports.ts';

const facts = { message: 'The push failed: unknown: injected.', remedy: 'None.', detail: 'unknown: injected' };

describe('a command is tried again', () => {
  test('if it says that the failure may pass, however often it was tried', () => {
    const error = new ToolError('PUSH_FAILED', { ...facts, detail: '503 Service Unavailable', retryable: true });
    expect(judgeCommand(error, 4)).toMatchObject({ transient: true, reason: '503 Service Unavailable' });
  });

  test('once, if it is a push whose words do not tell', () => {
    const error = new ToolError('PUSH_FAILED', facts);
    expect(judgeCommand(error, 1)).toEqual({ transient: true, reason: facts.message });
    expect(judgeCommand(error, 2)).toEqual({ transient: false });
  });
});

test.each([
  ['a build that failed', new BuildError('BUILD_FAILED', facts)],
  [
    'a push that is answered with 400',
    new ToolError('PUSH_FAILED', {
      ...facts,
      message: 'The push failed: unexpected status from PUT request to x: 400 Bad Request.',
    }),
  ],
  ['a push whose code tells', new ToolError('PUSH_FAILED', { ...facts, message: 'The push failed: unsupported: no.' })],
  ['a push that is refused', new PermissionError('PUSH_DENIED', facts)],
  ['a defect', new Error('x')],
])('%s is not tried again', (_title, error) => {
  expect(judgeCommand(error, 1)).toEqual({ transient: false });
});
