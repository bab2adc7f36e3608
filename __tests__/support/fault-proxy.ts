/**
 * A proxy in front of a real registry that a test controls: it passes requests on, and does harm where it is told to.
 * It can ask for bearer tokens of its own, so that a registry without a login shows what expired tokens do.
 */

import { randomUUID } from 'node:crypto';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseRegistry, type Registry } from '../../src/image/registry-name.ts';
import { listen } from './memory-registry.ts';
import { readAll } from './registry-client.ts';

/** Where a fault strikes. */
export const faultPoints = ['token', 'blob HEAD', 'POST', 'PUT', 'manifest PUT', 'manifest GET'] as const;
/** Of a push alone. */
export type PushPoint = (typeof faultPoints)[number];
export type FaultPoint = PushPoint | 'blob GET';

export type Fault =
  /** The request passes. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** The connection is cut: when the request's head has come, in the middle of its body (or of the answer's head), or after all of it. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'within' | 'after' }
  /** Half of the real answer. */
  | { readonly kind: 'truncated' }
  /** The registry does what is asked, and the client never hears of it. */
  | { readonly kind: 'lost commit' }
  /** The registry does what is asked; the client hears this instead. */
  | { readonly kind: 'commit answered'; readonly status: number; readonly body: string }
  /** The token that was sent counts no more. */
  | { readonly kind: 'expired token' }
  /** From now on no token counts, and none is given out. */
  | { readonly kind: 'lost login'; readonly status: 401 | 403 };

export interface FaultProxy extends AsyncDisposable {
  readonly registry: Registry;
  /** The next `times` requests at a point meet the fault. */
  inject(point: FaultPoint, fault: Fault, times?: number): void;
  /** How often requests came to a point. */
  count(point: FaultPoint): number;
  /** From now on no token that was given out counts. */
  expireTokens(): void;
  /** Faults that were told of and have not struck. */
  readonly pending: number;
  /** Those that have, in order. */
  readonly struck: readonly Fault[];
  close(): Promise<void>;
}

export async function startFaultProxy(
  upstream: URL,
  {
    asksForToken = false,
    identity,
  }: {
    readonly asksForToken?: boolean;
    /** The identity token that alone gets a token; without one everybody does. */
    readonly identity?: string;
  } = {},
): Promise<FaultProxy> {
  const plans = new Map<FaultPoint, Fault[]>();
  const counts = new Map<FaultPoint, number>();
  const struck: Fault[] = [];
  const tokens = new Set<string>();
  /** With which status logins are refused, once they are lost. */
  let refusal: number | undefined;

  function challenge(host: string | undefined): Record<string, string> {
    return asksForToken
      ? { 'www-authenticate': `Bearer realm="http://${host}/token",service="proxy",scope="repository:user/image:pull"` }
      : {};
  }

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { headers } = incoming;
    const isToken = incoming.url?.startsWith('/token') ?? false;
    const bearer = headers.authorization?.replace(/^Bearer /, '') ?? '';
    const isKnown = isToken || !asksForToken || tokens.has(bearer);
    const point = pointOf(incoming);
    // A request that is only there to learn the challenge is not one that a fault is meant for.
    const planned = point !== undefined && isKnown ? plans.get(point)?.shift() : undefined;
    const fault = planned?.kind === 'none' ? undefined : planned;
    if (fault !== undefined) struck.push(fault);
    if (point !== undefined && isKnown) counts.set(point, (counts.get(point) ?? 0) + 1);

    if (fault?.kind === 'reset') {
      if (fault.when === 'before') incoming.socket.destroy();
      if (fault.when === 'within') await cutWithin(incoming, outgoing);
      if (fault.when === 'after') {
        for await (const _ of incoming);
        incoming.socket.destroy();
      }
      return;
    }
    if (fault?.kind === 'lost login') {
      refusal = fault.status;
      tokens.clear();
    }
    if (fault?.kind === 'expired token' || fault?.kind === 'lost login' || !isKnown) {
      tokens.delete(bearer);
      incoming.resume();
      outgoing.writeHead(401, { 'content-type': 'application/json', ...challenge(headers.host) });
      outgoing.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }));
      return;
    }
    if (fault?.kind === 'answer') {
      incoming.resume();
      outgoing.writeHead(fault.status, fault.headers);
      outgoing.end(incoming.method === 'HEAD' ? undefined : fault.body);
      return;
    }
    if (isToken && refusal !== undefined) {
      outgoing.writeHead(refusal, { 'content-type': 'application/json' });
      outgoing.end(
        JSON.stringify({ errors: [{ code: refusal === 401 ? 'UNAUTHORIZED' : 'DENIED', message: 'denied' }] }),
      );
      return;
    }
    if (isToken && asksForToken) {
      const form = new URLSearchParams((await readAll(incoming)).toString());
      if (identity !== undefined && form.get('refresh_token') !== identity) {
        outgoing.writeHead(401, { 'content-type': 'application/json' });
        outgoing.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'no identity token' }] }));
        return;
      }
      const token = randomUUID();
      tokens.add(token);
      // As `token` to those who GET, as `access_token` to those who POST.
      const body = JSON.stringify({ token, access_token: token, expires_in: 300 });
      const isWhole = fault === undefined;
      outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      if (isWhole) outgoing.end(body);
      else outgoing.write(body.slice(0, fault.kind === 'truncated' ? 9 : 0), () => incoming.socket.destroy());
      return;
    }
    passOn(incoming, outgoing, fault);
  }

  function passOn(incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): void {
    const { authorization, ...headers } = incoming.headers;
    const request = forward(new URL(incoming.url ?? '/', upstream), {
      method: incoming.method ?? 'GET',
      headers: asksForToken || authorization === undefined ? headers : { ...headers, authorization },
      agent: false,
    });
    request.on('error', () => incoming.socket.destroy());
    incoming.on('close', () => incoming.complete || request.destroy());
    incoming.pipe(request);
    request.on('response', async (answer) => {
      if (fault?.kind === 'lost commit' || fault?.kind === 'commit answered') {
        for await (const _ of answer);
        if (fault.kind === 'lost commit') incoming.socket.destroy();
        else outgoing.writeHead(fault.status, { 'content-type': 'application/json' }).end(fault.body);
        return;
      }
      if (fault?.kind === 'truncated') {
        const chunks: Buffer[] = [];
        for await (const chunk of answer) chunks.push(chunk);
        const body = Buffer.concat(chunks);
        if (body.length > 0) {
          outgoing.writeHead(answer.statusCode ?? 0, { ...answer.headers, 'content-length': body.length });
          outgoing.write(body.subarray(0, body.length / 2), () => incoming.socket.destroy());
        } else incoming.socket.end('HTTP/1.1 2');
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
      answer.on('error', () => incoming.socket.destroy());
    });
  }

  const server = createServer((incoming, outgoing) => {
    incoming.on('error', () => {});
    handle(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  const port = await listen(server);
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    registry: parseRegistry(`127.0.0.1:${port}`),
    inject(point, fault, times = 1) {
      plans.set(point, [...(plans.get(point) ?? []), ...Array.from({ length: times }, () => fault)]);
    },
    expireTokens: () => tokens.clear(),
    count: (point) => counts.get(point) ?? 0,
    struck,
    get pending() {
      return [...plans.values()].reduce((sum, plan) => sum + plan.length, 0);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Cuts in the middle of the request's body; where it has none, in the middle of the answer's head. */
async function cutWithin(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  if (Number(incoming.headers['content-length'] ?? 0) > 0) {
    incoming.once('data', () => incoming.socket.destroy());
    return;
  }
  incoming.socket.write('HTTP/1.1 200 OK\r\ncontent-le', () => outgoing.destroy());
}

function pointOf({ method, url = '' }: IncomingMessage): FaultPoint | undefined {
  if (url.startsWith('/token')) return 'token';
  if (/\/blobs\/uploads\//.test(url)) return method === 'POST' ? 'POST' : method === 'PUT' ? 'PUT' : undefined;
  if (/\/blobs\//.test(url)) return method === 'HEAD' ? 'blob HEAD' : 'blob GET';
  if (!/\/manifests\//.test(url)) return undefined;
  return method === 'PUT' ? 'manifest PUT' : method === 'GET' ? 'manifest GET' : undefined;
}
