import { describe, expect, test } from '@jest/globals';
import type { CommandResult } from '../../../src/engine/command.ts';
import { logIn } from '../../../src/engine/log-in.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { toolPorts } from '../../support/tool-ports.ts';

const login = { registry: parseRegistry('ghcr.io'), username: 'octocat', password: 'ghs_secret' };

describe.each(['docker', 'podman'] as const)('a login by %s', (program) => {
  function attempt(result: Partial<CommandResult>) {
    const ports = toolPorts(() => result);
    return logIn(program === 'podman' ? { ...ports, authFile: '/private/auth.json' } : ports, login);
  }

  test.each([
    [
      'in the words of the CLI',
      'Error response from daemon: Get "https://ghcr.io/v2/": denied: denied\n',
      'refused the login: Error response from daemon: Get "https://ghcr.io/v2/": denied: denied.',
      false,
    ],
    ['without a word', '', `refused the login: ${program} login ended with exit code 1.`, false],
    [
      'by a registry that is busy, and may take it later',
      'Error response from daemon: 503 Service Unavailable',
      '503 Service Unavailable.',
      true,
    ],
  ])('that was refused %s', async (_title, stderr, message, retryable) => {
    const failure = attempt({ exitCode: 1, stderr });
    await expect(failure).rejects.toThrowCode('LOGIN_REFUSED');
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toMatchObject({ retryable, detail: stderr });
    await expect(failure).rejects.not.toThrow('ghs_secret');
  });

  test.each([
    `Error: Get "https://ghcr.io/v2/": dial tcp 10.0.0.1:443: connect: connection refused`,
    `Error: pinging container registry ghcr.io: Get "https://ghcr.io/v2/": dial tcp: network is unreachable`,
    `${program} login did not end within 30 s`,
  ])('to which nobody answered is no refusal (%s)', async (stderr) => {
    await expect(attempt({ exitCode: 1, stderr })).rejects.toThrowCode('REGISTRY_UNREACHABLE');
  });
});

test.each([
  ['docker', {}],
  ['podman', { authFile: '/private/auth.json' }],
])('%s has 30 s for a login', async (_program, options) => {
  const timeouts: unknown[] = [];
  const ports = toolPorts(() => ({}));
  const run: typeof ports.run = async (argv, given) => {
    timeouts.push(given.timeout);
    return ports.run(argv, given);
  };
  await logIn({ ...ports, run, ...options }, login);
  expect(timeouts).toEqual([30_000]);
});
