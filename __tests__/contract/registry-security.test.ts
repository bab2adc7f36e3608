/** What a hostile or broken registry cannot do to the client: real servers that answer what no registry should. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../src/image/digest.ts';
import { mediaTypes } from '../../src/image/manifest.ts';
import { parseRepository, type Repository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import type { ClientOptions } from '../../src/registry/client.ts';
import { type LocalServer, makeCertificate, startServer, trusting } from '../support/local-server.ts';
import { startMemoryRegistry } from '../support/memory-registry.ts';
import { aBlob, aClient, anImage, pushImage, readAll } from '../support/registry-client.ts';

const v1 = parseTag('v1');
const credential = { username: 'octocat', token: 'secret-token' };
const basic = `Basic ${Buffer.from('octocat:secret-token').toString('base64')}`;
const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest }));

const repositoryOf = ({ registry }: Pick<LocalServer, 'registry'>): Repository => parseRepository(registry, 'octo/app');

/** Asks for Basic first, so that every later request carries the credential. */
const behindBasic = (handler: (request: IncomingMessage, response: ServerResponse) => void) => {
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.headers.authorization === basic) {
      handler(request, response);
      return;
    }
    request.resume();
    response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
  };
};

/** Has no blob yet, so that each is uploaded. */
const withoutBlobs = (handler: (request: IncomingMessage, response: ServerResponse) => void) => {
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method === 'HEAD') response.writeHead(404).end();
    else handler(request, response);
  };
};

const serveManifest = (response: ServerResponse, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { 'content-type': mediaTypes.ociManifest, ...headers }).end(manifest);
};

async function withClient<T>(
  options: Partial<ClientOptions>,
  use: (client: ReturnType<typeof aClient>) => Promise<T>,
): Promise<T> {
  const client = aClient(options);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

describe('the credential', () => {
  test('a redirect to another host does not receive the credential', async () => {
    await using other = await startServer((_, response) => serveManifest(response));
    await using registry = await startServer(
      behindBasic((_, response) => response.writeHead(307, { location: `http://127.0.0.1:${other.port}/blob` }).end()),
    );
    await withClient({ credentials: () => credential }, async (client) => {
      await client.getManifest(repositoryOf(registry), v1);
    });
    expect(registry.requests.map(({ authorization }) => authorization)).toEqual([undefined, basic]);
    expect(other.requests).toEqual([{ line: 'GET /blob', authorization: undefined }]);
  });

  test('a redirect that leads back does not receive the credential again', async () => {
    let back = '';
    await using other = await startServer((_, response) => response.writeHead(302, { location: back }).end());
    await using registry = await startServer((request, response) => {
      if (request.url === '/private') return serveManifest(response);
      return behindBasic((_, answer) => answer.writeHead(302, { location: `http://127.0.0.1:${other.port}/` }).end())(
        request,
        response,
      );
    });
    back = `http://127.0.0.1:${registry.port}/private`;
    await withClient({ credentials: () => credential }, async (client) => {
      await client.getManifest(repositoryOf(registry), v1);
    });
    expect(registry.requests.at(-1)).toEqual({ line: 'GET /private', authorization: undefined });
  });

  test('a redirect on the same host keeps the credential', async () => {
    await using registry = await startServer(
      behindBasic((request, response) => {
        if (request.url === '/there') serveManifest(response);
        else response.writeHead(308, { location: '/there' }).end();
      }),
    );
    await withClient({ credentials: () => credential }, async (client) => {
      await client.getManifest(repositoryOf(registry), v1);
    });
    expect(registry.requests.at(-1)).toEqual({ line: 'GET /there', authorization: basic });
  });

  test('an upload that goes on at another host does not take the credential there', async () => {
    await using other = await startServer((request, response) => {
      request.resume().on('end', () => response.writeHead(201).end());
    });
    await using registry = await startServer(
      behindBasic(
        withoutBlobs((request, response) => {
          request.resume();
          response.writeHead(202, { location: `http://127.0.0.1:${other.port}/upload?signature=a%2Fb` }).end();
        }),
      ),
    );
    const blob = aBlob('content');
    await withClient({ credentials: () => credential }, (client) =>
      client.pushBlob(repositoryOf(registry), blob, blob.open),
    );
    const digest = encodeURIComponent(blob.digest);
    expect(other.requests).toEqual([
      { line: `PUT /upload?signature=a%2Fb&digest=${digest}`, authorization: undefined },
    ]);
  });

  test('a login for one registry is not sent to another', async () => {
    await using mine = await startMemoryRegistry({ auth: 'bearer' });
    await using other = await startMemoryRegistry({ auth: 'bearer' });
    await withClient({ credentials: (asked) => (asked === mine.registry ? credential : undefined) }, async (client) => {
      expect(await client.mayPush(repositoryOf(mine))).toEqual({ answer: 'allowed' });
      expect(await client.mayPush(repositoryOf(other))).toMatchObject({ answer: 'refused' });
    });
    expect(mine.requests.some(({ authorization }) => authorization === basic)).toBe(true);
    expect(other.requests.some(({ authorization }) => authorization === basic)).toBe(false);
  });

  test('a token endpoint that redirects elsewhere does not take the credential there', async () => {
    await using other = await startServer((_, response) => response.end('{"token":"stolen"}'));
    await using registry = await startServer((request, response) => {
      if (request.url?.startsWith('/token'))
        response.writeHead(302, { location: `http://127.0.0.1:${other.port}/` }).end();
      else if (request.headers.authorization === 'Bearer stolen') serveManifest(response);
      else {
        const realm = `Bearer realm="http://127.0.0.1:${registry.port}/token"`;
        response.writeHead(401, { 'www-authenticate': realm }).end();
      }
    });
    await withClient({ credentials: () => credential }, (client) => client.getManifest(repositoryOf(registry), v1));
    expect(registry.requests.find(({ line }) => line.startsWith('GET /token'))?.authorization).toBe(basic);
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('an identity token is exchanged at the token endpoint, in no address, and follows no redirect', async () => {
    const identity = { username: '<token>', token: 'identity-token', isIdentity: true };
    let asked = '';
    let isMoved = false;
    await using other = await startServer((_, response) => response.end('{"access_token":"stolen"}'));
    await using registry = await startServer((request, response) => {
      const realm = `Bearer realm="http://127.0.0.1:${registry.port}/token?tenant=a",service="s"`;
      if (request.headers.authorization === 'Bearer good') serveManifest(response);
      else if (!request.url?.startsWith('/token')) response.writeHead(401, { 'www-authenticate': realm }).end();
      else if (isMoved) response.writeHead(307, { location: `http://127.0.0.1:${other.port}/` }).end();
      else {
        request.on('data', (chunk: Buffer) => {
          asked += chunk;
        });
        request.on('end', () => response.end('{"access_token":"good","expires_in":300}'));
      }
    });
    await withClient({ credentials: () => identity }, (client) => client.getManifest(repositoryOf(registry), v1));
    expect(registry.requests[1]).toEqual({ line: 'POST /token?tenant=a', authorization: undefined });
    expect(Object.fromEntries(new URLSearchParams(asked))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'identity-token',
      client_id: 'publish-docker-package',
      service: 's',
      scope: 'repository:octo/app:pull',
    });
    isMoved = true;
    await withClient({ credentials: () => identity }, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({ status: 307 });
    });
    expect(other.requests).toEqual([]);
  });

  test('an identity token is no password: a registry that asks for one does not get it', async () => {
    await using registry = await startServer(behindBasic((_, response) => serveManifest(response)));
    const identity = { ...credential, isIdentity: true };
    await withClient({ credentials: () => identity }, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toThrowCode('TOKEN_REJECTED');
    });
    expect(registry.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('a realm that is not encrypted gets no token request', async () => {
    await using registry = await startServer((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Bearer realm="http://auth.example.test/token"' }).end(),
    );
    await withClient({ credentials: () => credential }, async (client) => {
      const answer = await client.mayPush(repositoryOf(registry));
      expect(answer).toMatchObject({ answer: 'refused', error: { code: 'REGISTRY_UNTRUSTED' } });
    });
  });

  test('a token that would break out of its header is no token', async () => {
    await using registry = await startServer((request, response) => {
      if (request.url?.startsWith('/token')) response.end(JSON.stringify({ token: 'a\r\nx-injected: 1' }));
      else {
        const realm = `Bearer realm="http://127.0.0.1:${registry.port}/token"`;
        response.writeHead(401, { 'www-authenticate': realm }).end();
      }
    });
    await withClient({}, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
    });
  });

  test('no error and no log line holds the credential or the query of an upload', async () => {
    await using registry = await startServer(
      behindBasic((request, response) => {
        request.resume();
        if (request.method === 'POST') response.writeHead(202, { location: '/upload?_state=upload-secret' }).end();
        else if (request.method === 'HEAD') response.writeHead(404).end();
        else response.writeHead(503).end();
      }),
    );
    const blob = aBlob('content');
    await withClient({ credentials: () => credential }, async (client) => {
      const failure: unknown = await client.pushBlob(repositoryOf(registry), blob, blob.open).catch((error) => error);
      const told = JSON.stringify([failure, String(failure), client.lines]);
      expect(told).toContain('503');
      for (const secret of ['secret-token', basic, 'upload-secret']) expect(told).not.toContain(secret);
    });
  });
});

describe('scopes', () => {
  const scopesOf = (requests: readonly { readonly target: string }[]): readonly (readonly string[])[] =>
    requests
      .filter(({ target }) => target.startsWith('/token'))
      .map(({ target }) => new URLSearchParams(target.split('?')[1]).getAll('scope'));

  test('each repository has a token of its own, and it is asked for once', async () => {
    await using registry = await startMemoryRegistry({ auth: 'bearer' });
    await withClient({ credentials: () => credential }, async (client) => {
      for (const path of ['octo/one', 'octo/two', 'octo/one'])
        await client.mayPush(parseRepository(registry.registry, path));
    });
    const pushes = scopesOf(registry.requests).filter(([scope]) => scope?.endsWith(':pull,push'));
    expect(pushes).toEqual([['repository:octo/one:pull,push'], ['repository:octo/two:pull,push']]);
  });

  test('many requests at once share one token request', async () => {
    await using registry = await startMemoryRegistry({ auth: 'bearer' });
    const repository = parseRepository(registry.registry, 'octo/app');
    const image = anImage('shared');
    await withClient({ credentials: () => credential }, async (client) => {
      await pushImage(client, repository, image);
      const before = scopesOf(registry.requests).length;
      await Promise.all(Array.from({ length: 20 }, () => client.getManifest(repository, image.manifest.digest)));
      expect(scopesOf(registry.requests).slice(before)).toEqual([['repository:octo/app:pull']]);
    });
  });

  test('a mount across owners never names both in one token request, and falls back to an upload', async () => {
    await using registry = await startMemoryRegistry({ auth: 'bearer' });
    const source = parseRepository(registry.registry, 'hubot/base');
    const target = parseRepository(registry.registry, 'octo/app');
    const blob = aBlob('shared layer');
    await withClient({ credentials: () => credential }, async (client) => {
      await client.pushBlob(source, blob, blob.open);
      expect(await client.pushBlob(target, blob, blob.open, source)).toBe('uploaded');
    });
    expect(scopesOf(registry.requests).filter((scopes) => scopes.length > 1)).toEqual([]);
  });

  test('a manifest goes with the right to push where the registry knows none to delete', async () => {
    await using registry = await startServer((request, response) => {
      const { authorization } = request.headers;
      const scope = new URLSearchParams(request.url?.split('?')[1]).get('scope') ?? '';
      if (scope.includes('delete')) response.writeHead(400).end('{"errors":[{"code":"INVALID_REQUEST"}]}');
      else if (scope !== '') response.end(JSON.stringify({ token: 'pushes', access_token: '' }));
      else if (authorization === 'Bearer pushes') response.writeHead(202).end();
      else {
        const realm = `Bearer realm="http://127.0.0.1:${registry.port}/token"`;
        response.writeHead(401, { 'www-authenticate': realm }).end();
      }
    });
    await withClient({ credentials: () => credential }, async (client) => {
      expect(await client.deleteManifest(repositoryOf(registry), digestOf(manifest))).toBe(true);
    });
  });

  test('a token that ran out is renewed before it is used', async () => {
    await using registry = await startMemoryRegistry({ auth: 'bearer', tokenLife: 60 });
    let now = 1_000_000;
    await withClient({ credentials: () => credential, now: () => now }, async (client) => {
      await client.listTags(repositoryOf(registry));
      now += 54_000;
      await client.listTags(repositoryOf(registry));
      expect(scopesOf(registry.requests)).toHaveLength(1);
      now += 2_000;
      await client.listTags(repositoryOf(registry));
      expect(scopesOf(registry.requests)).toHaveLength(2);
    });
  });

  test('a token that was revoked is renewed once, without a wait', async () => {
    await using registry = await startMemoryRegistry({ auth: 'bearer' });
    await withClient({ credentials: () => credential }, async (client) => {
      await client.listTags(repositoryOf(registry));
      registry.revokeTokens();
      expect(await client.listTags(repositoryOf(registry))).toEqual([]);
      expect(client.waits).toEqual([]);
    });
    expect(scopesOf(registry.requests)).toHaveLength(2);
  });

  test('a token that may only read is a denial of the push', async () => {
    const login = { ...credential, actions: [] };
    await using registry = await startMemoryRegistry({ auth: 'bearer', login });
    await withClient({ credentials: () => credential }, async (client) => {
      expect(await client.mayPush(repositoryOf(registry))).toMatchObject({
        answer: 'refused',
        error: { code: 'PUSH_DENIED', status: 401 },
      });
    });
  });

  /** As Harbor and Gitea do: whoever logs in gets a token, and is refused without a word of its rights. */
  const issuingToAny = () =>
    startServer((request, response) => {
      request.resume();
      if (request.url?.startsWith('/token')) response.end('{"token":"issued"}');
      else {
        const realm = `Bearer realm="http://${request.headers.host}/token"`;
        response.writeHead(401, { 'www-authenticate': realm }).end();
      }
    });

  test.each([
    ['of a registry that took the login is a denial of the push', { credential }, 'PUSH_DENIED'],
    ['without a login is one of the login', { credential: undefined }, 'TOKEN_REJECTED'],
    [
      'of a registry of GitHub, whose tokens prove nothing, is one of the login',
      { credential: { ...credential, realmDomain: '127.0.0.1' } },
      'TOKEN_REJECTED',
    ],
  ])('a 401 %s', async (_, { credential: login }, code) => {
    await using registry = await issuingToAny();
    await withClient({ credentials: () => login }, async (client) => {
      const answer = await client.mayPush(repositoryOf(registry));
      expect(answer).toMatchObject({ answer: 'refused', error: { code, status: 401 } });
    });
  });

  test('a wrong token is refused at the token endpoint', async () => {
    await using registry = await startMemoryRegistry({ auth: 'bearer' });
    await withClient({ credentials: () => ({ username: 'octocat', token: 'wrong' }) }, async (client) => {
      const answer = await client.mayPush(repositoryOf(registry));
      expect(answer).toMatchObject({
        answer: 'refused',
        error: { code: 'TOKEN_REJECTED', status: 403, ociCodes: ['DENIED'] },
      });
    });
  });

  test('asking for permission leaves no upload behind', async () => {
    await using registry = await startMemoryRegistry({ auth: 'bearer' });
    await withClient({ credentials: () => credential }, async (client) => {
      expect(await client.mayPush(repositoryOf(registry))).toEqual({ answer: 'allowed' });
      await client.settle();
    });
    expect(registry.requests.some(({ method }) => method === 'POST')).toBe(true);
    expect(registry.openUploads).toBe(0);
  });
});

describe('an answer that is none', () => {
  test('an endless body is cut off', async () => {
    await using registry = await startServer((_, response) => {
      response.writeHead(200, { 'content-type': mediaTypes.ociManifest });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20)));
      };
      response.on('drain', more);
      more();
    });
    await withClient({}, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
      await expect(client.listTags(repositoryOf(registry))).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
    });
  });

  test('an endless error is cut off, and the status counts', async () => {
    await using registry = await startServer((_, response) => {
      response.writeHead(403, { 'content-type': 'text/plain' });
      const more = (): void => {
        while (!response.destroyed && response.write('no '.repeat(20_000)));
      };
      response.on('drain', more);
      more();
    });
    await withClient({}, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({
        code: 'PULL_DENIED',
        status: 403,
      });
    });
  });

  test('an endless head is cut off, and not tried again', async () => {
    await using registry = await startServer((_, response) => {
      response
        .writeHead(200, Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'x'.repeat(500)])))
        .end();
    });
    await withClient({}, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
      });
      expect(client.waits).toEqual([]);
    });
  });

  test('a body that drips on and on is given up', async () => {
    await using registry = await startServer((_, response) => {
      response.writeHead(200, { 'content-type': mediaTypes.ociManifest });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    await withClient({ deadline: 150, retries: 1 }, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
      });
    });
  });

  test.each([
    ['a head that drips on and on', 'HTTP/1.1 200 OK\r\nx-drip: ', 'x'],
    ['an answer that is announced again and again', '', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ])('%s is given up', async (_, begin, more) => {
    await using registry = await startServer(({ socket }) => {
      socket.on('error', () => {}).write(begin);
      const timer = setInterval(() => socket.write(more), 20);
      socket.on('close', () => clearInterval(timer));
    });
    await withClient({ deadline: 300, retries: 1 }, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        message: expect.stringContaining('the answer did not begin in time'),
      });
      const blob = aBlob('content');
      await expect(client.pushBlob(repositoryOf(registry), blob, blob.open)).rejects.toThrowCode(
        'REGISTRY_UNREACHABLE',
      );
    });
  });

  test('a blob that comes, or goes, drop by drop is given up', async () => {
    await using registry = await startServer(
      withoutBlobs((request, response) => {
        if (request.method === 'POST') response.writeHead(202, { location: '/upload' }).end();
        if (request.method !== 'GET') return;
        const timer = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(timer));
      }),
    );
    const blob = aBlob(Buffer.alloc(1_001));
    async function* drops(): AsyncGenerator<Buffer> {
      for (let sent = 0; sent < blob.size; sent++) yield await setTimeout(20, Buffer.alloc(1));
    }
    await withClient({ deadline: 300, retries: 1 }, async (client) => {
      const failure = { code: 'REGISTRY_UNREACHABLE', retryable: true };
      await expect(readAll(await client.getBlob(repositoryOf(registry), blob))).rejects.toMatchObject(failure);
      await expect(client.pushBlob(repositoryOf(registry), blob, drops)).rejects.toMatchObject({
        ...failure,
        message: expect.stringMatching(/aborted due to timeout|less than 10000 bytes a second/),
      });
    });
  });

  test('a blob of terabytes that comes drop by drop is given up, however long it would take', async () => {
    await using registry = await startServer((_, response) => {
      response.writeHead(200, { 'content-length': 1e13 });
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const blob = { digest: aBlob('').digest, size: 1e13 };
    await withClient({ deadline: 300, retries: 1 }, async (client) => {
      await expect(readAll(await client.getBlob(repositoryOf(registry), blob))).rejects.toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        message: expect.stringContaining('less than 10000 bytes a second came through'),
      });
    });
  });

  test('a blob whose reader waits for something else is not given up', async () => {
    await using registry = await startServer((_, response) => response.end(Buffer.alloc(4_000_000)));
    const blob = aBlob(Buffer.alloc(4_000_000));
    await withClient({ deadline: 100, retries: 1 }, async (client) => {
      let size = 0;
      for await (const piece of await client.getBlob(repositoryOf(registry), blob)) {
        if (size === 0) await setTimeout(500);
        size += piece.length;
      }
      expect(size).toBe(4_000_000);
    });
  });

  test('an answer that is announced without end is given up at once', async () => {
    await using registry = await startServer(({ socket }) => {
      socket.on('error', () => {}).write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(200));
    });
    await withClient({ retries: 1 }, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        message: expect.stringContaining('announced again and again'),
      });
    });
  });

  test('a manifest is stored, although the answer to it never ends', async () => {
    const image = anImage('endless');
    await using registry = await startServer((request, response) => {
      request.resume();
      if (request.method !== 'PUT') return void response.writeHead(200).end();
      response.writeHead(201, { 'docker-content-digest': image.manifest.digest });
      const timer = setInterval(() => response.write('x'.repeat(50_000)), 5);
      response.on('close', () => clearInterval(timer));
    });
    await withClient({ retries: 1 }, async (client) => {
      expect(await client.putManifest(repositoryOf(registry), image.manifest, v1)).toMatchObject({
        digest: image.manifest.digest,
      });
    });
  });

  test('a registry that would compress its answers is asked not to', async () => {
    await using registry = await startServer(({ headers }, response) => {
      const isCompressed = headers['accept-encoding'] !== 'identity';
      response.writeHead(200, isCompressed ? { 'content-encoding': 'gzip' } : {});
      response.end(isCompressed ? gzipSync('{"tags":["1"]}') : '{"tags":["1"]}');
    });
    await withClient({}, async (client) => expect(await client.listTags(repositoryOf(registry))).toEqual(['1']));
  });

  test('a body that came leaves no deadline behind that would keep the job waiting', async () => {
    await using registry = await startServer((_, response) => serveManifest(response));
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await withClient({}, async (client) => {
      await client.getManifest(repositoryOf(registry), v1);
      const before = timers();
      for (let i = 0; i < 10; i++) await client.getManifest(repositoryOf(registry), v1);
      expect(timers() - before).toBeLessThan(5);
    });
  });

  test('a connection that stands still is given up, and tried again', async () => {
    await using registry = await startServer(() => {});
    await withClient({ idleTimeout: 100, retries: 2 }, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        retryable: true,
      });
      expect(client.waits).toHaveLength(1);
    });
  });

  test('redirects in a circle end', async () => {
    await using registry = await startServer((request, response) =>
      response.writeHead(302, { location: request.url }).end(),
    );
    await withClient({}, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
    });
    expect(registry.requests).toHaveLength(6);
  });

  test('a page for people is no manifest and no list of tags', async () => {
    await using registry = await startServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>');
    });
    await withClient({}, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
      await expect(client.listTags(repositoryOf(registry))).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
      expect(await client.ping(registry.registry)).toEqual({
        isRegistry: false,
        reason: `${registry.registry}/v2/ answers 200 (text/html), not as a registry does.`,
      });
    });
  });

  test.each([
    ['a redirect to a login page', 302, { location: '/login' }],
    ['a 404 of a web application', 404, {}],
    ['a 401 without a challenge', 401, {}],
    ['a 403 with a marker', 403, { 'docker-distribution-api-version': 'registry/2.0' }],
  ])('%s is no registry', async (_, status, headers) => {
    await using server = await startServer((_, response) => response.writeHead(status, headers).end());
    await withClient({}, async (client) =>
      expect(await client.ping(server.registry)).toMatchObject({ isRegistry: false }),
    );
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ['200 with the distribution header', 200, { 'docker-distribution-api-version': 'registry/2.0' }],
    ['401 with Bearer', 401, { 'www-authenticate': 'Bearer realm="https://ghcr.io/token"' }],
    ['401 with Basic', 401, { 'www-authenticate': 'Basic realm="GitHub Package Registry"' }],
  ])('%s is a registry', async (_, status, headers) => {
    await using server = await startServer((_, response) => response.writeHead(status, headers).end());
    await withClient({ credentials: () => credential }, async (client) => {
      expect(await client.ping(server.registry)).toEqual({ isRegistry: true });
    });
    expect(server.requests).toEqual([{ line: 'GET /v2/', authorization: undefined }]);
  });

  test('a host that does not answer in time is no registry', async () => {
    await using server = await startServer(() => {});
    await withClient({}, async (client) => {
      expect(await client.ping(server.registry, 200)).toMatchObject({ isRegistry: false });
    });
  });

  test('a page of tags that names itself as the next ends the list', async () => {
    await using registry = await startServer((request, response) => {
      response.writeHead(200, { link: `<${request.url}>; rel="next"` }).end('{"tags":["1","not a tag!",7]}');
    });
    await withClient({}, async (client) => expect(await client.listTags(repositoryOf(registry))).toEqual(['1', '7']));
    expect(registry.requests).toHaveLength(2);
  });

  test('a page without tags is not the last where it names a next one', async () => {
    const pages = ['{"tags":["1"]}', '{"tags":null}', '{"tags":["2"]}'];
    await using registry = await startServer((request, response) => {
      const page = Number(new URLSearchParams(request.url?.split('?')[1]).get('page') ?? 0);
      const link = page < 2 ? { link: `<?page=${page + 1}>; rel="next"` } : {};
      response.writeHead(200, link).end(pages[page]);
    });
    await withClient({}, async (client) => expect(await client.listTags(repositoryOf(registry))).toEqual(['1', '2']));
  });

  test('a next page that the registry places at another scheme and host is asked for at its own', async () => {
    await using registry = await startServer((request, response) => {
      const isFirst = request.url?.endsWith('?n=1000');
      const link = { link: '<http://registry.internal:8081/v2/octo/app/tags/list?last=1>; rel="next"' };
      response.writeHead(200, isFirst ? link : {}).end(isFirst ? '{"tags":["1"]}' : '{"tags":["2"]}');
    });
    await withClient({}, async (client) => expect(await client.listTags(repositoryOf(registry))).toEqual(['1', '2']));
    expect(registry.requests.at(-1)?.line).toBe('GET /v2/octo/app/tags/list?last=1');
  });

  test('tags that are elsewhere are asked for there', async () => {
    await using registry = await startServer((request, response) => {
      if (request.url?.startsWith('/eu/')) response.writeHead(200).end('{"tags":["1"]}');
      else response.writeHead(307, { location: `/eu${request.url}` }).end();
    });
    await withClient({}, async (client) => expect(await client.listTags(repositoryOf(registry))).toEqual(['1']));
  });

  test('a list of tags that has no end is given up before it fills the memory', async () => {
    let page = 0;
    const filling = Array.from({ length: 10_000 }, (_, index) => `${'x'.repeat(100)}-${index}`);
    await using registry = await startServer((_, response) => {
      const tags = filling.map((tag) => `${tag}-${page}`);
      response.writeHead(200, { link: `<?page=${++page}>; rel="next"` }).end(JSON.stringify({ tags }));
    });
    await withClient({}, async (client) => {
      await expect(client.listTags(repositoryOf(registry))).rejects.toThrowCode('ANSWER_INVALID');
    });
    expect(page).toBeLessThan(100);
  });

  test('tags come from all pages', async () => {
    await using registry = await startMemoryRegistry({ pageSize: 2 });
    const image = anImage('paged');
    const tags = ['1', '2', '3', '4', '5'];
    await withClient({}, async (client) => {
      await pushImage(client, repositoryOf(registry), image);
      for (const tag of tags) await client.putManifest(repositoryOf(registry), image.manifest, parseTag(tag));
      expect(await client.listTags(repositoryOf(registry))).toEqual(tags);
    });
    expect(registry.requests.filter(({ target }) => target.includes('/tags/list'))).toHaveLength(3);
  });

  test.each([
    ['404', 404, {}, ''],
    ['a redirect to a page for people', 303, { location: 'https://github.com/octo' }, ''],
    ['HTML', 200, { 'content-type': 'text/html' }, '<html></html>'],
    ['an empty list', 200, { 'content-type': mediaTypes.ociIndex }, '{"manifests":[]}'],
  ])('a referrers API that answers with %s is asked through the tag instead', async (_, status, headers, body) => {
    const subject = digestOf(manifest);
    const referrer = { mediaType: mediaTypes.ociManifest, digest: digestOf(Buffer.from('x')), size: 1 };
    await using registry = await startServer((request, response) => {
      if (request.url?.includes('/referrers/')) response.writeHead(status, headers).end(body);
      else if (!request.url?.endsWith(`/manifests/sha256-${subject.slice(7)}`)) response.writeHead(404).end();
      else
        response
          .writeHead(200, { 'content-type': mediaTypes.ociIndex })
          .end(JSON.stringify({ manifests: [referrer, {}] }));
    });
    await withClient({}, async (client) => {
      expect(await client.listReferrers(repositoryOf(registry), subject)).toEqual([referrer]);
    });
  });
});

describe('content that is not what it says', () => {
  test('a manifest whose bytes are not its digest is refused', async () => {
    await using registry = await startServer((_, response) => serveManifest(response));
    const asked = digestOf(Buffer.from('something else'));
    await withClient({}, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), asked)).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
      });
    });
  });

  test('a manifest whose digest header says something else is refused', async () => {
    const named = digestOf(Buffer.from('something else'));
    await using registry = await startServer((_, response) =>
      serveManifest(response, { 'docker-content-digest': named }),
    );
    await withClient({}, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    });
  });

  test('a registry that stores another manifest than was sent is found out', async () => {
    const named = digestOf(Buffer.from('something else'));
    await using registry = await startServer((request, response) => {
      request.resume().on('end', () => response.writeHead(201, { 'docker-content-digest': named }).end());
    });
    await withClient({}, async (client) => {
      const put = client.putManifest(
        repositoryOf(registry),
        { bytes: manifest, mediaType: mediaTypes.ociManifest },
        v1,
      );
      await expect(put).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    });
  });

  test.each([
    ['other bytes', 'CONTENT'],
    ['fewer bytes', 'conten'],
    ['more bytes', 'content and more'],
  ])('a blob of %s than its descriptor says fails at the end of the stream', async (_, body) => {
    await using registry = await startServer((_, response) => response.end(body));
    await withClient({}, async (client) => {
      const stream = await client.getBlob(repositoryOf(registry), aBlob('content'));
      await expect(readAll(stream)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    });
  });

  test('a blob that breaks off fails as a connection does', async () => {
    await using registry = await startServer((_, response) => {
      response.writeHead(200, { 'content-length': 7 });
      response.write('cont', () => response.destroy());
    });
    await withClient({}, async (client) => {
      const stream = await client.getBlob(repositoryOf(registry), aBlob('content'));
      await expect(readAll(stream)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', retryable: true });
    });
  });
});

describe('an upload', () => {
  test('an answer before the body has ended ends the upload and its connection', async () => {
    const ended = Promise.withResolvers<boolean>();
    await using registry = await startServer(
      withoutBlobs((request, response) => {
        if (request.method === 'POST') response.writeHead(202, { location: '/upload' }).end();
        else {
          request.socket.on('close', () => ended.resolve(request.complete));
          response.writeHead(413).end('{"errors":[{"code":"SIZE_INVALID","message":"too large"}]}');
        }
      }),
    );
    const size = 200 * 1024 * 1024;
    let read = 0;
    const source = (): Readable =>
      Readable.from(
        (function* () {
          for (; read < size; read += 65_536) yield Buffer.alloc(65_536);
        })(),
        { objectMode: false },
      );
    await withClient({}, async (client) => {
      const upload = client.pushBlob(repositoryOf(registry), { digest: digestOf(Buffer.from('')), size }, source);
      await expect(upload).rejects.toMatchObject({ status: 413, ociCodes: ['SIZE_INVALID'] });
      // The client still lives: the connection does not wait for its end.
      expect(await ended.promise).toBe(false);
    });
    expect(read).toBeLessThan(size / 2);
  });

  test('the source is opened anew for each attempt, and in a new session', async () => {
    let puts = 0;
    await using registry = await startServer((request, response) => {
      request.resume().on('end', () => {
        if (request.method === 'HEAD') response.writeHead(404).end();
        else if (request.method === 'POST') response.writeHead(202, { location: `/upload/${puts}` }).end();
        else response.writeHead(puts++ === 0 ? 503 : 201).end();
      });
    });
    let opened = 0;
    const blob = aBlob('content');
    const source = (): Readable => {
      opened++;
      return blob.open();
    };
    await withClient({}, (client) => client.pushBlob(repositoryOf(registry), blob, source));
    expect(opened).toBe(2);
    const steps = registry.requests.map(({ line }) => line.replace(/\?.*| \/v2.*/, ''));
    expect(steps).toEqual(['HEAD', 'POST', 'PUT /upload/0', 'HEAD', 'POST', 'PUT /upload/1']);
  });

  test('it is one PUT with its length, never chunks', async () => {
    const seen: (string | undefined)[] = [];
    await using registry = await startServer(
      withoutBlobs((request, response) => {
        if (request.method === 'PUT')
          seen.push(request.headers['content-length'], request.headers['transfer-encoding']);
        request
          .resume()
          .on('end', () => response.writeHead(request.method === 'POST' ? 202 : 201, { location: '/upload' }).end());
      }),
    );
    const blob = aBlob(Buffer.alloc(1_000_000));
    await withClient({}, (client) => client.pushBlob(repositoryOf(registry), blob, blob.open));
    expect(seen).toEqual(['1000000', undefined]);
    expect(registry.requests.map(({ line }) => line.split(' ')[0])).toEqual(['HEAD', 'POST', 'PUT']);
  });

  test('a 307 of an upload is followed with the body', async () => {
    let received = 0;
    await using registry = await startServer(
      withoutBlobs((request, response) => {
        request.on('data', (chunk: Buffer) => {
          if (request.url?.startsWith('/there')) received += chunk.length;
        });
        request.on('end', () => {
          if (request.method === 'POST') response.writeHead(202, { location: '/upload' }).end();
          else if (request.url?.startsWith('/upload')) response.writeHead(307, { location: '/there' }).end();
          else response.writeHead(201).end();
        });
      }),
    );
    const blob = aBlob(Buffer.alloc(100_000));
    await withClient({}, (client) => client.pushBlob(repositoryOf(registry), blob, blob.open));
    expect(received).toBe(100_000);
  });

  test.each([
    ['without a Location', {}, 'ANSWER_INVALID'],
    ['that goes on in the clear', { location: 'http://registry.test/upload' }, 'REGISTRY_UNTRUSTED'],
    ['that goes on in another protocol', { location: 'ftp://127.0.0.1/upload' }, 'REGISTRY_UNTRUSTED'],
  ])('an upload %s is given up', async (_, headers, code) => {
    await using registry = await startServer(
      withoutBlobs((request, response) => {
        request.resume();
        response.writeHead(202, headers).end();
      }),
    );
    const blob = aBlob('content');
    await withClient({}, async (client) => {
      await expect(client.pushBlob(repositoryOf(registry), blob, blob.open)).rejects.toMatchObject({ code });
    });
  });

  test('a registry that cannot be asked leaves the permission unknown', async () => {
    await using registry = await startServer((request, response) => {
      request.resume();
      response.writeHead(503).end();
    });
    await withClient({}, async (client) => {
      expect(await client.mayPush(repositoryOf(registry))).toMatchObject({ answer: 'unknown' });
      expect(client.waits).toEqual([]);
    });
    expect(registry.requests).toHaveLength(1);
  });

  test('a host that answers 200 to everything is refused before the build', async () => {
    await using registry = await startServer((request, response) => {
      request.resume();
      response.writeHead(200).end('OK');
    });
    await withClient({}, async (client) => {
      expect(await client.mayPush(repositoryOf(registry))).toMatchObject({ answer: 'refused', error: { status: 200 } });
    });
  });

  test('a client that was closed cuts what is on its way and sends nothing more', async () => {
    await using registry = await startServer(() => {});
    const client = aClient({ retries: 1 });
    const asked = client.getManifest(repositoryOf(registry), v1);
    while (registry.requests.length === 0) await setTimeout(10);
    client.close();
    await expect(asked).rejects.toThrow('the client is closed');
    await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toThrow('the client is closed');
    expect(registry.requests).toHaveLength(1);
  });

  test.each([
    ['before its answer begins', (_response: ServerResponse) => {}],
    [
      'in the middle of its answer',
      (response: ServerResponse) => response.writeHead(200, { 'content-type': mediaTypes.ociManifest }).write('{'),
    ],
  ])('a request that a signal cuts %s fails with the reason of the signal', async (_title, answer) => {
    await using registry = await startServer((_request, response) => answer(response));
    const ending = new AbortController();
    const reason = new Error('The step was cancelled.');
    const client = aClient({ retries: 3, signal: ending.signal });
    const asked = client.getManifest(repositoryOf(registry), v1);
    while (registry.requests.length === 0) await setTimeout(10);
    await setTimeout(50);
    ending.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toBe(reason);
    expect(registry.requests).toHaveLength(1);
  });

  test('a client that was closed has no opinion about what it had asked', async () => {
    await using registry = await startServer(() => {});
    const client = aClient({ retries: 1 });
    const asked = client.mayPush(repositoryOf(registry));
    while (registry.requests.length === 0) await setTimeout(10);
    client.close();
    await expect(asked).rejects.toThrow('the client is closed');
  });

  test('a registry that is silent leaves the permission unknown in the time-out', async () => {
    await using registry = await startServer(() => {});
    await withClient({}, async (client) => {
      expect(await client.mayPush(repositoryOf(registry), 200)).toMatchObject({ answer: 'unknown' });
    });
  });

  test('a token endpoint that is silent leaves the permission unknown in the time-out', async () => {
    await using registry = await startServer((request, response) => {
      if (request.url?.startsWith('/token')) return;
      const realm = `Bearer realm="http://127.0.0.1:${registry.port}/token"`;
      response.writeHead(401, { 'www-authenticate': realm }).end();
    });
    await withClient({}, async (client) => {
      expect(await client.mayPush(repositoryOf(registry), 200)).toMatchObject({ answer: 'unknown' });
    });
  });

  test('the reason of a refused HEAD is learnt from a GET', async () => {
    await using registry = await startServer((request, response) => {
      response.writeHead(403);
      response.end(
        request.method === 'HEAD'
          ? undefined
          : '{"errors":[{"code":"DENIED","message":"permission_denied: read_package"}]}',
      );
    });
    await withClient({}, async (client) => {
      const failure = { code: 'PULL_DENIED', ociCodes: ['DENIED'], message: expect.stringContaining('read_package') };
      await expect(client.headManifest(repositoryOf(registry), v1)).rejects.toMatchObject(failure);
      await expect(client.headBlob(repositoryOf(registry), digestOf(manifest))).rejects.toMatchObject(failure);
    });
  });
});

describe('TLS', () => {
  test('a redirect from TLS to plain HTTP is refused', async () => {
    const certificate = makeCertificate('127.0.0.1');
    await using registry = await startServer(
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      certificate,
    );
    await trusting(certificate, () =>
      withClient({}, async (client) => {
        await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({
          code: 'REGISTRY_UNTRUSTED',
        });
      }),
    );
  });

  test('a certificate that nothing vouches for is no reason to fall back to plain HTTP, nor to try again', async () => {
    await using registry = await startServer((_, response) => serveManifest(response), makeCertificate('127.0.0.1'));
    await withClient({ credentials: () => credential }, async (client) => {
      await expect(client.getManifest(repositoryOf(registry), v1)).rejects.toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        retryable: false,
        remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
      });
      expect(client.waits).toEqual([]);
    });
    expect(registry.requests).toEqual([]);
  });
});
