/** The way through a proxy: a real one that takes CONNECT, and a TLS registry behind it that has no address here. */

import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createHttp } from '../../src/http/http.ts';
import { mediaTypes } from '../../src/image/manifest.ts';
import { parseRegistry } from '../../src/image/registry-name.ts';
import { parseRepository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import { makeCertificate, startProxy, startServer, trusting } from '../support/local-server.ts';
import { listen, startMemoryRegistry } from '../support/memory-registry.ts';
import { aClient } from '../support/registry-client.ts';

const v1 = parseTag('v1');
const repository = parseRepository(parseRegistry('containers.ghes.test'), 'octo/app');
const certificate = makeCertificate('containers.ghes.test');
const startRegistry = () =>
  startServer((request, response) => {
    response.writeHead(200, { 'content-type': mediaTypes.ociManifest });
    response.end(JSON.stringify({ schemaVersion: 2, host: request.headers.host }));
  }, certificate);

describe('a registry behind a proxy', () => {
  test('it is reached through a tunnel, by its name, and the tunnel is kept for the next request', async () => {
    await using registry = await startRegistry();
    await using proxy = await startProxy(registry.port);
    const client = aClient({ environment: { https_proxy: `http://127.0.0.1:${proxy.port}` } });
    await trusting(certificate, async () => {
      const { bytes } = await client.getManifest(repository, v1);
      expect(JSON.parse(Buffer.from(bytes).toString()).host).toBe('containers.ghes.test');
      await client.getManifest(repository, v1);
    });
    client.close();
    expect(proxy.tunnels).toEqual([{ to: 'containers.ghes.test:443', login: undefined }]);
    expect(registry.requests).toHaveLength(2);
  });

  test('a password of the proxy with a % that stands for itself is taken as it is', async () => {
    await using registry = await startRegistry();
    await using proxy = await startProxy(registry.port);
    const client = aClient({ environment: { HTTPS_PROXY: `http://user:p%ss@127.0.0.1:${proxy.port}` } });
    await trusting(certificate, () => client.getManifest(repository, v1));
    client.close();
    expect(proxy.tunnels.map(({ login }) => login)).toEqual([`Basic ${btoa('user:p%ss')}`]);
  });

  test('a client that is closed does not wait for a proxy that says nothing', async () => {
    await using proxy = await startProxy(0, 0);
    const ending = new AbortController();
    const environment = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
    const client = aClient({ environment, signal: ending.signal, idleTimeout: 600_000, retries: 1 });
    const answer = expect(client.getManifest(repository, v1)).rejects.toThrow('The step was cancelled.');
    while (proxy.tunnels.length === 0) await sleep(10);
    ending.abort(new Error('The step was cancelled.'));
    await answer;
  });

  test('a tunnel that is opened and then silent is given up', async () => {
    const registry = createServer(() => {});
    await using proxy = await startProxy(await listen(registry));
    const environment = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
    const client = aClient({ environment, idleTimeout: 200, retries: 1 });
    await expect(client.getManifest(repository, v1)).rejects.toThrowCode('REGISTRY_UNREACHABLE');
    client.close();
    registry.close();
  });

  test('a registry that speaks plain HTTP is told as such, and not asked again', async () => {
    await using registry = await startServer((_, response) => response.end());
    await using proxy = await startProxy(registry.port);
    const client = aClient({ environment: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } });
    const failure = await client.getManifest(repository, v1).catch((error: unknown) => String(error));
    client.close();
    expect(failure).toMatch(/: it does not speak TLS: wrong version number\.$/);
    expect(client.waits).toEqual([]);
  });

  test('the login of the proxy goes to the proxy alone', async () => {
    await using registry = await startRegistry();
    await using proxy = await startProxy(registry.port);
    const client = aClient({ environment: { HTTPS_PROXY: `http://user:p%40ss@127.0.0.1:${proxy.port}` } });
    await trusting(certificate, () => client.getManifest(repository, v1));
    client.close();
    expect(proxy.tunnels[0]?.login).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    expect(registry.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('a certificate that nothing vouches for is refused inside the tunnel too', async () => {
    await using registry = await startRegistry();
    await using proxy = await startProxy(registry.port);
    const client = aClient({ environment: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } });
    const failure = { code: 'REGISTRY_UNREACHABLE', retryable: false };
    await expect(client.getManifest(repository, v1)).rejects.toMatchObject(failure);
    client.close();
    expect(registry.requests).toEqual([]);
  });

  test('a certificate of another name is refused inside the tunnel', async () => {
    await using registry = await startRegistry();
    await using proxy = await startProxy(registry.port);
    const client = aClient({ environment: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } });
    const other = parseRepository(parseRegistry('ghcr.test'), 'octo/app');
    await trusting(certificate, async () => {
      await expect(client.getManifest(other, v1)).rejects.toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        retryable: false,
      });
    });
    client.close();
  });

  test.each([
    [407, 0],
    [403, 0],
    [503, 1],
  ])('a proxy that refuses with %d is named, without its login, and asked again %d times', async (status, again) => {
    await using proxy = await startProxy(1, status);
    const client = aClient({ environment: { HTTPS_PROXY: `http://user:secret@127.0.0.1:${proxy.port}` }, retries: 2 });
    const failure = await client.getManifest(repository, v1).catch((error: unknown) => String(error));
    client.close();
    expect(failure).toContain(
      `the proxy 127.0.0.1:${proxy.port} refused the way to containers.ghes.test:443 with ${status}`,
    );
    expect(failure).not.toContain('secret');
    expect(client.waits).toHaveLength(again);
  });

  test('a proxy of another kind is told as such', async () => {
    const client = aClient({ environment: { HTTPS_PROXY: 'socks5://user:secret@127.0.0.1:1080' } });
    const failure = await client.getManifest(repository, v1).catch((error: unknown) => String(error));
    client.close();
    expect(failure).toContain('the proxy 127.0.0.1:1080 is one for socks5, and only http and https are spoken');
    expect(client.waits).toEqual([]);
  });

  test.each([
    ['http://127.0.0.1:9', 'the proxy 127.0.0.1:9 cannot be reached: connect ECONNREFUSED'],
    ['no-such-proxy.invalid:3128', 'the proxy no-such-proxy.invalid:3128 cannot be reached: getaddrinfo'],
  ])('a proxy that cannot be reached is named: %s', async (HTTPS_PROXY, words) => {
    const client = aClient({ environment: { HTTPS_PROXY }, retries: 1 });
    const answer = client.getManifest(repository, v1);
    await expect(answer).rejects.toThrowCode('REGISTRY_UNREACHABLE');
    await expect(answer).rejects.toThrow(words);
    client.close();
  });

  test('a registry on this machine, or named by NO_PROXY, is reached directly', async () => {
    await using registry = await startMemoryRegistry();
    await using proxy = await startProxy(1);
    const environment = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: 'no-such-host.invalid' };
    const client = aClient({ environment, retries: 1 });
    expect(await client.ping(registry.registry)).toMatchObject({ isRegistry: true });
    expect(await client.ping(parseRegistry('no-such-host.invalid'))).toMatchObject({ isRegistry: false });
    client.close();
    expect(proxy.tunnels).toEqual([]);
  });
});

describe('plain HTTP', () => {
  const options = { userAgent: 'test', idleTimeout: 5_000 };

  test('goes to the proxy as a request for the whole URL, with the login of the proxy', async () => {
    const seen: { readonly line: string; readonly host: string | undefined; readonly login: string | undefined }[] = [];
    await using proxy = await startServer((request, response) => {
      const { host, 'proxy-authorization': login } = request.headers;
      seen.push({ line: `${request.method} ${request.url}`, host, login });
      response.end('hello');
    });
    const http = createHttp({ ...options, environment: { HTTP_PROXY: `http://user:pass@127.0.0.1:${proxy.port}` } });
    const answer = await http.send({ method: 'GET', url: new URL('http://api.ghes.test:8080/meta?a=b') });
    expect((await http.readBytes(answer, 100)).toString()).toBe('hello');
    http.close();
    const login = `Basic ${btoa('user:pass')}`;
    expect(seen).toEqual([{ line: 'GET http://api.ghes.test:8080/meta?a=b', host: 'api.ghes.test:8080', login }]);
  });

  test('goes to no proxy that speaks something else', async () => {
    const http = createHttp({ ...options, environment: { HTTP_PROXY: 'socks5://127.0.0.1:1080' } });
    const answer = http.send({ method: 'GET', url: new URL('http://api.ghes.test/meta') });
    await expect(answer).rejects.toThrowCode('REGISTRY_UNREACHABLE');
    http.close();
  });
});
