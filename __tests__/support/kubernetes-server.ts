/**
 * An API server of Kubernetes as far as buildx's driver asks for it: it keeps deployments, and has no machine that could run a pod of them
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/).
 */

import { createServer, type IncomingMessage } from 'node:http';
import { listen } from './memory-registry.ts';

/** What a deployment asks for. */
interface Deployment {
  readonly image: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
}

export interface KubernetesServer extends AsyncDisposable {
  /** A kubeconfig that leads here, with a token. */
  readonly config: string;
  /** `METHOD /path`, in order. */
  readonly requests: readonly string[];
  /** Every deployment that was ever made, by its path. */
  readonly made: ReadonlyMap<string, Deployment>;
  /** The paths of those that are there now. */
  left(): readonly string[];
}

/** The fields of a message that are messages or texts themselves (https://protobuf.dev/programming-guides/encoding/). */
function fieldsOf(message: Buffer): ReadonlyMap<number, readonly Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = number();
    const length = number();
    if ((tag & 7) !== 2) continue;
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), message.subarray(at, at + length)]);
    at += length;
  }
  return fields;
}

function find(message: Buffer, ...path: readonly number[]): Buffer {
  return path.reduce((inner, field) => fieldsOf(inner).get(field)?.[0] ?? Buffer.alloc(0), message);
}

/** By the numbers of k8s.io/api/apps/v1/generated.proto and core/v1/generated.proto. */
function parseDeployment(object: Buffer): Deployment & { readonly name: string } {
  const pod = find(object, 2, 3, 2);
  const selected = fieldsOf(pod).get(7) ?? [];
  return {
    name: find(object, 1, 1).toString(),
    image: find(pod, 2, 2).toString(),
    nodeSelector: Object.fromEntries(selected.map((entry) => [find(entry, 1).toString(), find(entry, 2).toString()])),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** @param mayMake whether the account may make a deployment */
export async function startKubernetesServer({ mayMake = true } = {}): Promise<KubernetesServer> {
  const requests: string[] = [];
  const made = new Map<string, Deployment>();
  const there = new Map<string, unknown>();
  const failure = (code: number, reason: string, message: string): readonly [number, unknown] => [
    code,
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code },
  ];
  async function answer(request: IncomingMessage): Promise<readonly [number, unknown]> {
    const { pathname: path } = new URL(request.url ?? '/', 'http://here');
    requests.push(`${request.method} ${path}`);
    const body = await bodyOf(request);
    if (request.method === 'POST') {
      if (!mayMake) return failure(403, 'Forbidden', 'deployments.apps is forbidden: User "ci" cannot create resource');
      // After four bytes that say what it is comes the type, and then the object.
      const { name, ...deployment } = parseDeployment(find(body.subarray(4), 2));
      const object = { kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name }, spec: { replicas: 1 } };
      made.set(`${path}/${name}`, deployment);
      there.set(`${path}/${name}`, { ...object, status: { replicas: 1, readyReplicas: 0 } });
      return [201, object];
    }
    if (path.endsWith('/pods')) return [200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [] }];
    const found = there.get(path);
    if (found === undefined) return failure(404, 'NotFound', `${path} not found`);
    if (request.method !== 'DELETE') return [200, found];
    there.delete(path);
    return [200, { kind: 'Status', apiVersion: 'v1', status: 'Success' }];
  }
  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      () => response.destroy(),
    );
  });
  const port = await listen(server);
  const clusters = [{ name: 'here', cluster: { server: `http://127.0.0.1:${port}` } }];
  const contexts = [{ name: 'here', context: { cluster: 'here', user: 'ci' } }];
  const users = [{ name: 'ci', user: { token: 'canary-of-the-cluster' } }];
  return {
    config: JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'here', clusters, contexts, users }),
    requests,
    made,
    left: () => [...there.keys()],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
