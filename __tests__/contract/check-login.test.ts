/** Whether a registry takes a login: what the client asks, and what it makes of each answer. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { parseRegistry, type Registry } from '../../src/image/registry-name.ts';
import { makeCertificate, startServer } from '../support/local-server.ts';
import { aClient } from '../support/registry-client.ts';

const credential = { username: 'octocat', token: 'secret-token' };
const basic = `Basic ${Buffer.from('octocat:secret-token').toString('base64')}`;

async function check(
  registry: Registry,
  timeout?: number,
): Promise<{ readonly reason: string | undefined; readonly waits: number }> {
  const client = aClient({ credentials: () => credential });
  try {
    return { reason: await client.checkLogin(registry, timeout), waits: client.waits.length };
  } finally {
    client.close();
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const askingForBasic =
  (takes: string): Handler =>
  ({ headers }, response) =>
    void (headers.authorization === takes
      ? response.end()
      : response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end());

/** A registry with a token service at `/token`, which takes one login. */
function askingForToken(takes: string): Handler {
  return ({ headers: { authorization, host = '' }, url = '' }, response) => {
    if (url.startsWith('/token')) {
      if (authorization === takes) response.end(JSON.stringify({ token: 'issued' }));
      else response.writeHead(403).end(JSON.stringify({ errors: [{ code: 'DENIED', message: 'denied' }] }));
    } else if (authorization === 'Bearer issued') response.end();
    else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token",service="s"` }).end();
  };
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
}

describe('a login is taken', () => {
  test('by a registry that asks for it as it is', async () => {
    await using registry = await startServer(askingForBasic(basic));
    expect(await check(registry.registry)).toEqual({ reason: undefined, waits: 0 });
    expect(registry.requests.map(({ line }) => line)).toEqual(['GET /v2/', 'GET /v2/']);
  });

  test('by a token service, which is asked for no repository', async () => {
    await using registry = await startServer(askingForToken(basic));
    expect(await check(registry.registry)).toEqual({ reason: undefined, waits: 0 });
    expect(registry.requests.map(({ line }) => line)).toEqual(['GET /v2/', 'GET /token?service=s', 'GET /v2/']);
  });

  test('by a registry that lets everybody in, and so is not sent any', async () => {
    await using registry = await startServer((_, response) => response.end());
    expect(await check(registry.registry)).toEqual({ reason: undefined, waits: 0 });
    expect(registry.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('and nobody is asked, where there is none', async () => {
    await using registry = await startServer((_, response) => response.end());
    const client = aClient();
    expect(await client.checkLogin(registry.registry)).toBeUndefined();
    client.close();
    expect(registry.requests).toEqual([]);
  });

  test('by a registry that was busy at first', async () => {
    let asked = 0;
    await using registry = await startServer((request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end();
      else askingForBasic(basic)(request, response);
    });
    expect(await check(registry.registry)).toEqual({ reason: undefined, waits: 1 });
  });
});

describe('a login is refused', () => {
  test.each([
    ['as it is', askingForBasic('another'), 401],
    ['by the token service', askingForToken('another'), 403],
    ['with a 403', ((_, response) => response.writeHead(403).end()) satisfies Handler, 403],
    ['at a place without a registry', ((_, response) => response.writeHead(404).end()) satisfies Handler, 404],
  ])('%s', async (_, handler, status) => {
    await using registry = await startServer(handler);
    const failure = check(registry.registry);
    await expect(failure).rejects.toMatchObject({
      code: 'LOGIN_REFUSED',
      status,
      message: expect.stringContaining(`${registry.registry} refused the login: GET http://${registry.registry}/`),
      remedy: expect.stringContaining(`password for ${registry.registry}`),
    });
    await expect(failure).rejects.not.toThrow('secret-token');
  });
});

describe('no answer to the question', () => {
  test('because nobody listens is an error', async () => {
    const server = await startServer(() => {});
    const { registry } = server;
    await server[Symbol.asyncDispose]();
    await expect(check(registry)).rejects.toThrowCode('REGISTRY_UNREACHABLE');
  });

  test.each<[string, Handler]>([
    ['refuses drop by drop', (_, response) => drip(response.writeHead(401))],
    [
      'asks for a token that comes drop by drop',
      ({ url = '', headers: { host = '' } }, response) => {
        if (url.startsWith('/token')) drip(response.writeHead(200));
        else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token"` }).end();
      },
    ],
    ['says nothing', () => {}],
  ])('in time is an error, and is not waited for again: it %s', async (_, handler) => {
    await using registry = await startServer(handler);
    await expect(check(registry.registry, 300)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: `${registry.registry} did not answer the login within 0.3 s.`,
      retryable: false,
    });
  });

  test('because there is no such host is an error', async () => {
    await expect(check(parseRegistry('registry.invalid'))).rejects.toThrowCode('REGISTRY_UNREACHABLE');
  });

  test('but a web page is an error', async () => {
    await using registry = await startServer((_, response) =>
      response.writeHead(404, { 'content-type': 'text/html' }).end('<p>Not here</p>'),
    );
    await expect(check(registry.registry)).rejects.toThrowCode('ANSWER_INVALID');
  });

  test('but a token service without encryption is an error, and gets no login', async () => {
    const challenge = 'Bearer realm="http://tokens.example/token"';
    await using registry = await startServer((_, response) =>
      response.writeHead(401, { 'www-authenticate': challenge }).end(),
    );
    await expect(check(registry.registry)).rejects.toThrowCode('REGISTRY_UNTRUSTED');
  });

  // The engine may know the CA (`/etc/docker/certs.d`), or take the registry without TLS (`insecure-registries`).
  test('because its certificate is not trusted is told, and no error', async () => {
    await using registry = await startServer((_, response) => response.end(), makeCertificate('127.0.0.1'));
    expect(await check(registry.registry)).toEqual({
      reason: expect.stringContaining(`No answer from ${registry.registry}`),
      waits: 0,
    });
    expect(registry.requests).toEqual([]);
  });
});
