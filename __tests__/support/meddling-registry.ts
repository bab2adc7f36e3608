/** A proxy in front of a registry, which lets a test act behind a client's back: just before a request is passed on. */

import { createServer, request as forward, type IncomingMessage } from 'node:http';

export interface MeddlingRegistry extends Disposable {
  /** `host:port`, as in a reference. */
  readonly address: string;
}

/**
 * @param upstream `host:port` of the real registry
 * @param meddle called with each request, as `METHOD /path`, and its Authorization, before it is passed on
 */
export async function startMeddlingRegistry(
  upstream: string,
  meddle: (request: string, authorization: string | undefined) => Promise<void> | void,
): Promise<MeddlingRegistry> {
  async function passOn(incoming: IncomingMessage): Promise<IncomingMessage> {
    await meddle(`${incoming.method} ${incoming.url}`, incoming.headers.authorization);
    return new Promise((resolve, reject) => {
      // The Host header stays, so that the addresses which the registry gives out lead here again.
      const { method = 'GET', url = '/', headers } = incoming;
      const request = forward(new URL(url, `http://${upstream}`), { method, headers, agent: false });
      request.on('response', resolve).on('error', reject);
      incoming.pipe(request);
    });
  }
  const server = createServer((incoming, outgoing) => {
    passOn(incoming).then(
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
      () => outgoing.destroy(),
    );
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
