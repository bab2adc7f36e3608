import { describe, expect, test } from '@jest/globals';
import { withNewToken } from '../../../src/engine/renewed-token.ts';
import { PermissionError, ToolError } from '../../../src/errors.ts';
import { failing } from '../../support/attempts.ts';

describe('a push whose token is refused in the middle', () => {
  const refused = (message = 'The registry refused the push: unauthorized.') =>
    new PermissionError('PUSH_DENIED', { message, remedy: '' });

  async function push(errors: readonly Error[], isTaken = true) {
    const lines: string[] = [];
    const { attempt, calls } = failing(...errors);
    const ports = { log: (line: string) => void lines.push(line), isTaken: async () => isTaken };
    const ended = await withNewToken('Push', () => attempt(1), ports)().catch((error: unknown) => error);
    return { ended, calls: calls(), lines };
  }

  test('is made once more where the login is still taken, and the log says so', async () => {
    expect(await push([refused()])).toEqual({
      ended: 'attempt 1',
      calls: 2,
      lines: [
        'Push failed: The registry refused the push: unauthorized. The login is still taken: trying once more, with a new token.',
      ],
    });
  });

  test('is made once more where the token was not to be had', async () => {
    const message = 'The push failed: failed to fetch oauth token: unknown: upstream failed.';
    const failure = new ToolError('PUSH_FAILED', { message, remedy: '' });
    expect(await push([failure])).toMatchObject({ ended: 'attempt 1', calls: 2 });
    expect(await push([failure], false)).toMatchObject({ ended: failure, calls: 1 });
  });

  test('is made no third time', async () => {
    const last = refused();
    expect(await push([refused(), last, refused()])).toMatchObject({ ended: last, calls: 2 });
  });

  test('is not made again where the login is refused, too', async () => {
    const error = refused();
    expect(await push([error], false)).toEqual({ ended: error, calls: 1, lines: [] });
  });

  test.each([
    ['a right is missing', refused('The registry refused the push: denied.')],
    ['it was the login', new PermissionError('LOGIN_REFUSED', { message: 'unauthorized', remedy: '' })],
    ['it was something else', new ToolError('PUSH_FAILED', { message: 'connection reset by peer', remedy: '' })],
  ])('is not made again where %s', async (_title, error) => {
    expect(await push([error])).toEqual({ ended: error, calls: 1, lines: [] });
  });
});
