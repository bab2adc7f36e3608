/**
 * GitHub's cache service, as BuildKit uses it: version 2 of its API (Twirp over HTTP, github.actions.results.api.v1.CacheService)
 * and, behind the signed URLs that it gives, as much of Azure's block blobs as the upload and the download of an entry take
 * (https://learn.microsoft.com/rest/api/storageservices/put-block-list). An entry can be read where the token of the run
 * allows its scope; it is written under the scope that the token may write.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject } from '../../src/text/json.ts';
import { startServer } from './local-server.ts';

export interface ActionsCache extends AsyncDisposable {
  /** The variables that the runner gives an action; a token reads the scopes, and writes the first of them. */
  variables(scopes: readonly string[]): Readonly<Record<string, string>>;
  /** `SCOPE KEY` of each entry. */
  entries(): readonly string[];
  /** What was asked: `CreateCacheEntry SCOPE KEY` and the like. */
  readonly asked: readonly string[];
}

interface Entry {
  readonly scope: string;
  readonly key: string;
  readonly version: string;
  content: Buffer | undefined;
}

const readWrite = 3;
const read = 1;

/** A token as the service signs one: its claim `ac` holds the scopes (actions/toolkit, packages/cache). */
function tokenFor(scopes: readonly string[]): string {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope, index) => ({ Scope: scope, Permission: index === 0 ? readWrite : read }));
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return [
    part({ alg: 'HS256', typ: 'JWT' }),
    part({ ac: JSON.stringify(access), nbf: now - 60, exp: now + 3600 }),
    Buffer.from('nobody checks it here').toString('base64url'),
  ].join('.');
}

function scopesOf(authorization: string | undefined): readonly string[] | undefined {
  const [, claims] = (authorization ?? '').replace(/^Bearer /, '').split('.');
  if (claims === undefined) return undefined;
  const { ac } = Object(JSON.parse(Buffer.from(claims, 'base64url').toString()));
  const access: unknown = JSON.parse(String(ac));
  return Array.isArray(access) ? access.map(({ Scope }) => String(Scope)) : undefined;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function startActionsCache(): Promise<ActionsCache> {
  const entries: Entry[] = [];
  const blocks = new Map<string, Buffer>();
  const asked: string[] = [];
  const answer = (response: ServerResponse, status: number, value: unknown): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

  function call(method: string, scopes: readonly string[], body: Readonly<Record<string, unknown>>): unknown {
    const [key, version] = [String(body.key), String(body.version)];
    asked.push(`${method} ${scopes[0]} ${key}`);
    const isKnown = (entry: Entry): boolean => entry.version === version && entry.content !== undefined;
    if (method === 'CreateCacheEntry') {
      const scope = scopes[0] ?? '';
      if (entries.some((entry) => entry.scope === scope && entry.key === key && isKnown(entry))) return { ok: false };
      entries.push({ scope, key, version, content: undefined });
      return { ok: true, signed_upload_url: `${address}/blobs/${entries.length - 1}?sig=signed` };
    }
    if (method === 'FinalizeCacheEntryUpload') {
      const index = entries.findLastIndex((entry) => entry.key === key && entry.version === version);
      return { ok: entries[index]?.content?.length === Number(body.size_bytes), entry_id: String(index) };
    }
    const keys = [key, ...(Array.isArray(body.restore_keys) ? body.restore_keys.map(String) : [])];
    for (const prefix of keys) {
      for (const scope of scopes) {
        const index = entries.findLastIndex(
          (each) => each.scope === scope && each.key.startsWith(prefix) && isKnown(each),
        );
        const found = entries[index];
        if (found === undefined) continue;
        return { ok: true, signed_download_url: `${address}/blobs/${index}?sig=signed`, matched_key: found.key };
      }
    }
    return { ok: false };
  }

  /** Put Blob, Put Block, Put Block List, Get Blob. */
  async function blob(entry: Entry, id: string, url: URL, request: IncomingMessage, response: ServerResponse) {
    const headers = { 'x-ms-request-id': crypto.randomUUID(), 'x-ms-version': '2024-11-04', etag: '"1"' };
    if (request.method === 'GET' || request.method === 'HEAD') {
      const whole = entry.content ?? Buffer.alloc(0);
      const [, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(String(request.headers['x-ms-range'] ?? '')) ?? [];
      const part = whole.subarray(Number(from), to === '' ? undefined : Number(to) + 1);
      const range = `bytes ${from}-${Number(from) + part.length - 1}/${whole.length}`;
      const status = part.length < whole.length ? 206 : 200;
      response.writeHead(status, { ...headers, 'content-length': part.length, 'content-range': range });
      response.end(part);
      return;
    }
    const body = await bodyOf(request);
    const kind = url.searchParams.get('comp');
    if (kind === 'block') blocks.set(`${id} ${url.searchParams.get('blockid')}`, body);
    else if (kind === 'blocklist') {
      const names = [...body.toString().matchAll(/<Latest>([^<]+)<\/Latest>/g)].map(([, name]) => name);
      entry.content = Buffer.concat(names.map((name) => blocks.get(`${id} ${name}`) ?? Buffer.alloc(0)));
    } else entry.content = body;
    response.writeHead(201, headers).end();
  }

  const server = await startServer(async (request, response) => {
    const url = new URL(request.url ?? '', address);
    const [, part, id = '', method = ''] = url.pathname.split('/');
    if (part === 'blobs') {
      const entry = entries[Number(id)];
      if (entry === undefined || url.searchParams.get('sig') !== 'signed') return void response.writeHead(403).end();
      return void (await blob(entry, id, url, request, response));
    }
    const scopes = scopesOf(request.headers.authorization);
    if (scopes === undefined) return answer(response, 401, { code: 'unauthenticated', msg: 'no token' });
    const body: unknown = JSON.parse((await bodyOf(request)).toString());
    return answer(response, 200, call(method, scopes, isObject(body) ? body : {}));
  });
  const address = `http://127.0.0.1:${server.port}`;
  return {
    asked,
    entries: () => entries.flatMap(({ scope, key, content }) => (content === undefined ? [] : [`${scope} ${key}`])),
    variables: (scopes) => ({
      ACTIONS_RESULTS_URL: `${address}/`,
      ACTIONS_RUNTIME_TOKEN: tokenFor(scopes),
      ACTIONS_CACHE_SERVICE_V2: 'true',
    }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
