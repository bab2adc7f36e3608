/**
 * A registry in this process, over node:http (distribution-spec): real sockets, real digests, content in memory. It can
 * ask for a login, and take on the manners of the Docker registry of a GHES.
 */

import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseRegistry, type Registry } from '../../src/image/registry-name.ts';

export interface MemoryRegistryOptions {
  readonly auth?: 'none' | 'basic' | 'bearer';
  /** The one login, and what it may do besides `pull`. Default: octocat / secret-token, everything. */
  readonly login?: { readonly username: string; readonly token: string; readonly actions?: readonly string[] };
  /** Seconds that a bearer token lives. */
  readonly tokenLife?: number;
  /** `docker`: HEAD of a manifest answers 405, the digest header is none, no index, no pull by digest. */
  readonly personality?: 'container' | 'docker';
  readonly referrers?: boolean;
  /** Tags to a page, whatever the client asks for. */
  readonly pageSize?: number;
}

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly authorization: string | undefined;
}

export interface MemoryRegistry extends AsyncDisposable {
  readonly registry: Registry;
  readonly url: URL;
  readonly requests: readonly SeenRequest[];
  /** By repository path. */
  readonly repositories: ReadonlyMap<string, StoredRepository>;
  /** Uploads that were started and neither committed nor cancelled. */
  readonly openUploads: number;
  /** From now on no token that was issued counts. */
  revokeTokens(): void;
  close(): Promise<void>;
}

export interface StoredRepository {
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, { readonly mediaType: string; readonly bytes: Buffer }>;
  readonly tags: Map<string, string>;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

export async function startMemoryRegistry(options: MemoryRegistryOptions = {}): Promise<MemoryRegistry> {
  const { auth = 'none', personality = 'container', referrers = false, pageSize = 1000, tokenLife = 300 } = options;
  const login = { username: 'octocat', token: 'secret-token', actions: ['push', 'delete'], ...options.login };
  const repositories = new Map<string, StoredRepository>();
  const uploads = new Map<string, string>();
  const tokens = new Map<string, { readonly scopes: readonly string[]; readonly expires: number }>();
  const requests: SeenRequest[] = [];

  const basic = `Basic ${Buffer.from(`${login.username}:${login.token}`).toString('base64')}`;
  const repository = (name: string): StoredRepository => {
    const known = repositories.get(name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
    repositories.set(name, known);
    return known;
  };

  function issueToken(request: IncomingMessage, url: URL, response: ServerResponse): void {
    const { authorization } = request.headers;
    if (authorization !== undefined && authorization !== basic) {
      throw new Refusal(403, 'DENIED', 'denied');
    }
    const scopes = url.searchParams.getAll('scope').map((scope) => {
      const [type = '', name = '', actions = ''] = scope.split(':');
      const granted = actions
        .split(',')
        .filter((action) => action === 'pull' || (authorization === basic && login.actions.includes(action)));
      return `${type}:${name}:${granted.join(',')}`;
    });
    const token = randomUUID();
    tokens.set(token, { scopes, expires: Date.now() + tokenLife * 1000 });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token, expires_in: tokenLife }));
  }

  function authorize(request: IncomingMessage, needed: readonly string[]): void {
    const { authorization, host } = request.headers;
    if (auth === 'none') return;
    if (auth === 'basic') {
      if (authorization === basic) return;
      throw new Refusal(401, 'UNAUTHORIZED', 'authentication required', {
        'www-authenticate': 'Basic realm="GitHub Package Registry"',
      });
    }
    const token = tokens.get(authorization?.replace(/^Bearer /, '') ?? '');
    const isValid = token !== undefined && token.expires > Date.now();
    const has = (scope: string): boolean => {
      const [, name = '', action = ''] = scope.split(':');
      return (token?.scopes ?? []).some((held) => {
        const [, heldName, heldActions = ''] = held.split(':');
        return heldName === name && heldActions.split(',').includes(action);
      });
    };
    if (isValid && needed.every(has)) return;
    const error = authorization === undefined ? '' : `,error="${isValid ? 'insufficient_scope' : 'invalid_token'}"`;
    // As ghcr.io does: the scope of the challenge is a placeholder.
    throw new Refusal(401, 'UNAUTHORIZED', 'authentication required', {
      'www-authenticate': `Bearer realm="http://${host}/token",service="memory",scope="repository:user/image:pull"${error}`,
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const url = new URL(request.url ?? '/', `http://${headers.host}`);
    requests.push({ method, target: `${url.pathname}${url.search}`, authorization: headers.authorization });
    if (url.pathname === '/token' && auth === 'bearer') return issueToken(request, url, response);
    const send = (status: number, fields: Record<string, string | number>, body?: Buffer): void => {
      response.writeHead(status, { 'docker-distribution-api-version': 'registry/2.0', ...fields });
      response.end(method === 'HEAD' ? undefined : body);
    };
    if (url.pathname === '/v2/') {
      authorize(request, []);
      return send(200, { 'content-type': 'application/json' }, Buffer.from('{}'));
    }
    const [, name = '', kind = '', rest = ''] =
      url.pathname.match(/^\/v2\/(.+?)\/(manifests|blobs\/uploads|blobs|tags|referrers)\/(.*)$/) ?? [];
    if (name === '') throw new Refusal(404, 'NAME_UNKNOWN', 'no such route');
    const action = method === 'GET' || method === 'HEAD' ? 'pull' : method === 'DELETE' ? 'delete' : 'push';
    const from = url.searchParams.get('from');
    const needed = [`repository:${name}:${action}`, ...(from === null ? [] : [`repository:${from}:pull`])];
    authorize(request, needed);
    if (personality === 'docker' && name.split('/').length !== 3) {
      throw new Refusal(
        404,
        'NAME_UNKNOWN',
        'docker image push is only supported with a tag of the format :owner/:repo_name/:image_name.',
      );
    }
    const store = repositories.get(name);

    if (kind === 'tags') {
      if (store === undefined) throw new Refusal(404, 'NAME_UNKNOWN', 'repository name not known to registry');
      const all = [...store.tags.keys()].sort();
      const start = all.indexOf(url.searchParams.get('last') ?? '') + 1;
      const size = Math.min(pageSize, Number(url.searchParams.get('n') ?? pageSize));
      const page = all.slice(start, start + size);
      const link =
        start + size < all.length ? { link: `</v2/${name}/tags/list?n=${size}&last=${page.at(-1)}>; rel="next"` } : {};
      return send(
        200,
        { 'content-type': 'application/json', ...link },
        Buffer.from(JSON.stringify({ name, tags: page })),
      );
    }

    if (kind === 'referrers') {
      if (!referrers) throw new Refusal(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
      const manifests = [...(store?.manifests ?? [])].flatMap(([digest, { mediaType, bytes }]) => {
        const manifest: { subject?: { digest: string }; artifactType?: string } = JSON.parse(bytes.toString());
        if (manifest.subject?.digest !== rest) return [];
        return [{ mediaType, digest, size: bytes.length, artifactType: manifest.artifactType }];
      });
      const index = { schemaVersion: 2, mediaType: indexTypes[0], manifests };
      return send(200, { 'content-type': String(indexTypes[0]) }, Buffer.from(JSON.stringify(index)));
    }

    if (kind === 'manifests') {
      const isDigest = rest.startsWith('sha256:');
      if (method === 'PUT') {
        const bytes = await readAll(request);
        const mediaType = headers['content-type'] ?? '';
        const digest = sha256(bytes);
        if (isDigest && rest !== digest) throw new Refusal(400, 'DIGEST_INVALID', 'provided digest did not match');
        if (personality === 'docker' && indexTypes.includes(mediaType)) {
          throw new Refusal(400, 'MANIFEST_INVALID', 'manifest lists are not supported');
        }
        const manifest: Record<string, unknown> = JSON.parse(bytes.toString());
        const target = repository(name);
        for (const held of contentOf(manifest)) {
          if (!target.blobs.has(held) && !target.manifests.has(held)) {
            throw new Refusal(400, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry');
          }
        }
        target.manifests.set(digest, { mediaType, bytes });
        if (!isDigest) target.tags.set(rest, digest);
        const { subject } = manifest;
        const listed = referrers && typeof subject === 'object' && subject !== null && 'digest' in subject;
        const fields = listed ? { 'oci-subject': String(subject.digest) } : {};
        return send(201, {
          location: `/v2/${name}/manifests/${digest}`,
          'docker-content-digest': shown(digest),
          ...fields,
        });
      }
      const digest = isDigest ? (personality === 'docker' ? '' : rest) : (store?.tags.get(rest) ?? '');
      const manifest = store?.manifests.get(digest);
      if (manifest === undefined) throw new Refusal(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
      if (method === 'DELETE') {
        if (!isDigest) store?.tags.delete(rest);
        else {
          store?.manifests.delete(digest);
          for (const [tag, held] of store?.tags ?? []) if (held === digest) store?.tags.delete(tag);
        }
        return send(202, {});
      }
      if (method === 'HEAD' && personality === 'docker') throw new Refusal(405, 'UNSUPPORTED', 'method not allowed');
      if (!(headers.accept ?? '').includes(manifest.mediaType)) {
        throw new Refusal(404, 'MANIFEST_UNKNOWN', 'OCI index found, but Accept header does not support OCI indexes');
      }
      const fields = { 'content-type': manifest.mediaType, 'content-length': manifest.bytes.length };
      return send(200, { ...fields, 'docker-content-digest': shown(digest) }, manifest.bytes);
    }

    if (kind === 'blobs/uploads') {
      if (method === 'POST') {
        const mount = url.searchParams.get('mount');
        const mounted = mount === null || from === null ? undefined : repositories.get(from)?.blobs.get(mount);
        if (mounted !== undefined && mount !== null) {
          repository(name).blobs.set(mount, mounted);
          return send(201, { location: `/v2/${name}/blobs/${mount}`, 'docker-content-digest': mount });
        }
        const id = randomUUID();
        uploads.set(id, name);
        return send(202, { location: `/v2/${name}/blobs/uploads/${id}?_state=a%20b`, range: '0-0' });
      }
      if (uploads.get(rest) !== name) throw new Refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
      if (method === 'DELETE') {
        uploads.delete(rest);
        return send(204, {});
      }
      const bytes = await readAll(request);
      const digest = url.searchParams.get('digest') ?? '';
      if (method !== 'PUT' || sha256(bytes) !== digest)
        throw new Refusal(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
      uploads.delete(rest);
      repository(name).blobs.set(digest, bytes);
      return send(201, { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest });
    }

    const blob = store?.blobs.get(rest);
    if (blob === undefined) throw new Refusal(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    send(
      200,
      { 'content-type': 'application/octet-stream', 'content-length': blob.length, 'docker-content-digest': rest },
      blob,
    );
  }

  /** The Docker registry names digests in a form that is none. */
  const shown = (digest: string): string => (personality === 'docker' ? digest.replace('sha256:', 'sha256-') : digest);

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      request.resume();
      if (response.headersSent || request.socket.destroyed) return response.destroy();
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'UNKNOWN', String(error));
      const body = JSON.stringify({ errors: [{ code: refusal.code, message: refusal.message }] });
      response.writeHead(refusal.status, { 'content-type': 'application/json', ...refusal.headers });
      return response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  const port = await listen(server);
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    registry: parseRegistry(`127.0.0.1:${port}`),
    url: new URL(`http://127.0.0.1:${port}/`),
    requests,
    repositories,
    get openUploads() {
      return uploads.size;
    },
    revokeTokens: () => tokens.clear(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Starts a server on a free port of the loopback. */
export async function listen(server: {
  listen(port: number, host: string, ready: () => void): unknown;
  address(): AddressInfo | string | null;
}): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The digests that a manifest or index needs. */
function contentOf(manifest: Record<string, unknown>): readonly string[] {
  return [manifest.config, manifest.layers, manifest.manifests].flat().flatMap((descriptor) => {
    const isDescriptor = typeof descriptor === 'object' && descriptor !== null && 'digest' in descriptor;
    return isDescriptor ? [String(descriptor.digest)] : [];
  });
}
