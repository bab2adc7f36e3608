import { createServer, type RequestListener, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { logInByEngine } from '../../../src/engine/engine-login.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const login = { registry: parseRegistry('ghcr.io'), username: 'octocat', password: 'ghs_secret' };
let engine: Server | undefined;

afterEach(() => {
  engine?.closeAllConnections();
  engine?.close();
});

/** An engine that answers every request in one way. @returns its socket, and what it was asked */
async function anEngine(listener: RequestListener): Promise<{ readonly socket: string; readonly asked: string[] }> {
  const socket = join(temporaryFolder(), 'docker.sock');
  const asked: string[] = [];
  engine = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push(`${request.method} ${request.url} ${body}`);
    listener(request, response);
  });
  const server = engine;
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return { socket, asked };
}

const retried: string[] = [];
const ports = {
  retry: <T>(what: string, attempt: () => Promise<T>): Promise<T> => {
    retried.push(what);
    return attempt();
  },
  signal: new AbortController().signal,
};

const says =
  (status: number, message: string): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));

describe('the engine logs in', () => {
  test('by its own request, under the names that Docker has for a registry', async () => {
    const { socket, asked } = await anEngine(says(200, ''));
    await logInByEngine(ports, socket, login);
    await logInByEngine(ports, socket, { ...login, registry: parseRegistry('docker.io') });
    const sent = { username: 'octocat', password: 'ghs_secret' };
    expect(asked).toEqual([
      `POST /auth ${JSON.stringify({ ...sent, serveraddress: 'ghcr.io' })}`,
      `POST /auth ${JSON.stringify({ ...sent, serveraddress: 'https://index.docker.io/v1/' })}`,
    ]);
    expect(retried).toContain('Login of the engine to ghcr.io');
  });

  test.each([404, 405, 501])('or does not know the request, and says so by %d', async (status) => {
    const { socket } = await anEngine(says(status, 'page not found'));
    await expect(logInByEngine(ports, socket, login)).resolves.toBeUndefined();
  });
});

describe('the engine does not get in', () => {
  test.each([
    ['is told so', 401, 'Get "https://ghcr.io/v2/": unauthorized: incorrect username or password'],
    ['is told so without a status', 500, 'Get "https://ghcr.io/v2/": denied: denied'],
  ])('because it %s', async (_, status, message) => {
    const { socket } = await anEngine(says(status, message));
    const failure = logInByEngine(ports, socket, login);
    await expect(failure).rejects.toMatchObject({ code: 'LOGIN_REFUSED', detail: message, retryable: false });
    await expect(failure).rejects.toThrow(`ghcr.io refused the login of the engine: ${message}.`);
    await expect(failure).rejects.not.toThrow('ghs_secret');
  });

  test.each([
    ['a certificate that it does not trust', 'tls: failed to verify certificate: x509: unknown authority', false],
    ['a registry that is busy', 'received unexpected HTTP status: 503 Service Unavailable', true],
    ['a name that nobody knows', 'dial tcp: lookup ghcr.io: no such host', false],
  ])('because of %s', async (_, words, retryable) => {
    const { socket } = await anEngine(says(500, words));
    await expect(logInByEngine(ports, socket, login)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: `ghcr.io did not answer the login of the engine: ${words}.`,
      retryable,
    });
  });

  test('because of words that are no JSON', async () => {
    const { socket } = await anEngine((_, response) => response.writeHead(500).end('<html>'));
    await expect(logInByEngine(ports, socket, login)).rejects.toThrow('the login of the engine: status 500.');
  });

  test('because the step has received a signal', async () => {
    const { socket } = await anEngine(() => {});
    const cancelled = new AbortController();
    const failure = logInByEngine({ ...ports, signal: cancelled.signal }, socket, login);
    setTimeout(() => cancelled.abort(), 50);
    await expect(failure).rejects.toMatchObject({ name: 'AbortError' });
  });
});
