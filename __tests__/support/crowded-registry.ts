/**
 * A front for a real registry that knows many users: each has a password, and the repositories beneath the own name alone.
 */

import { createServer, request as forward } from 'node:http';
import { listen } from './memory-registry.ts';

/** A request that arrived, and whose login it carried. */
export interface CrowdRequest {
  readonly method: string;
  readonly path: string;
  /** `undefined`: none. `''`: one that nobody has. */
  readonly user: string | undefined;
}

export interface CrowdedRegistry extends Disposable {
  /** `host:port`, as in a reference. */
  readonly address: string;
  readonly requests: readonly CrowdRequest[];
}

/**
 * @param upstream `host:port` of the real registry
 * @param passwords by user
 */
export async function startCrowdedRegistry(
  upstream: string,
  passwords: ReadonlyMap<string, string>,
): Promise<CrowdedRegistry> {
  const requests: CrowdRequest[] = [];
  const users = new Map(
    [...passwords].map(([user, password]) => [`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, user]),
  );
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const { authorization, ...others } = headers;
    const user = authorization === undefined ? undefined : (users.get(authorization) ?? '');
    requests.push({ method, path: url, user });
    const refuse = (status: number, code: string): void => {
      incoming.resume();
      const fields = { 'www-authenticate': 'Basic realm="crowd"', 'docker-distribution-api-version': 'registry/2.0' };
      outgoing.writeHead(status, { 'content-type': 'application/json', ...(status === 401 ? fields : {}) });
      outgoing.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }));
    };
    if (!user) return refuse(401, 'UNAUTHORIZED');
    if (url !== '/v2/' && !url.startsWith(`/v2/${user}/`)) return refuse(403, 'DENIED');
    const request = forward(new URL(url, `http://${upstream}`), { method, headers: others, agent: false });
    request.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    request.on('error', () => outgoing.destroy());
    incoming.pipe(request);
  });
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    requests,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
