/**
 * A proxy in front of a registry, which lets a test act behind a client's back, just before a request is passed on, or
 * answer in the registry's place.
 */

import {
  createServer,
  request as forward,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';

export interface MeddlingRegistry extends Disposable {
  /** `host:port`, as in a reference. */
  readonly address: string;
}

/** What the client hears instead of the registry. */
export interface Refusal {
  readonly status: number;
  /** Of the body's `errors` (distribution-spec, "Error Codes"), or the page of a proxy that knows no registry. */
  readonly error: Readonly<Record<string, unknown>> | { readonly html: string };
}

function bodyOf({ error }: Refusal): readonly [type: string, text: string] {
  if (typeof error.html === 'string') return ['text/html', error.html];
  return ['application/json', JSON.stringify({ errors: [error] })];
}

/**
 * @param upstream `host:port` of the real registry
 * @param meddle called with each request, as `METHOD /path`, and its headers; the request is passed on unless it is refused
 */
export async function startMeddlingRegistry(
  upstream: string,
  meddle: (request: string, headers: IncomingHttpHeaders) => Promise<Refusal | undefined> | Refusal | undefined,
): Promise<MeddlingRegistry> {
  function passOn(incoming: IncomingMessage): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      // The Host header stays, so that the addresses which the registry gives out lead here again.
      const { method = 'GET', url = '/', headers } = incoming;
      const request = forward(new URL(url, `http://${upstream}`), { method, headers, agent: false });
      request.on('response', resolve).on('error', reject);
      incoming.pipe(request);
    });
  }
  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const refusal = await meddle(`${incoming.method} ${incoming.url}`, incoming.headers);
    if (refusal !== undefined) {
      incoming.resume();
      const [type, text] = bodyOf(refusal);
      outgoing.writeHead(refusal.status, { 'content-type': type });
      outgoing.end(text);
      return;
    }
    const answer = await passOn(incoming);
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  }
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    address: `localhost:${typeof address === 'object' && address !== null ? address.port : 0}`,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
