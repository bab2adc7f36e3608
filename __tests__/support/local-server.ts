/** Servers for one test: plain, TLS with a certificate of their own, and an HTTP proxy. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { parseRegistry, type Registry } from '../../src/image/registry-name.ts';
import { listen } from './memory-registry.ts';

export interface LocalServer extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:port` */
  readonly registry: Registry;
  readonly requests: readonly { readonly line: string; readonly authorization: string | undefined }[];
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** @param certificate where given, the server speaks TLS */
export async function startServer(handler: Handler, certificate?: Certificate): Promise<LocalServer> {
  const requests: { line: string; authorization: string | undefined }[] = [];
  const told: Handler = (request, response) => {
    requests.push({ line: `${request.method} ${request.url}`, authorization: request.headers.authorization });
    response.on('error', () => {});
    handler(request, response);
  };
  const server = certificate === undefined ? createServer(told) : createTlsServer(certificate, told);
  const port = await listen(server);
  return {
    port,
    registry: parseRegistry(`127.0.0.1:${port}`),
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A certificate for some names that nothing trusts yet; made by the machine's openssl. */
export function makeCertificate(...names: readonly string[]): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  try {
    const key = join(folder, 'key.pem');
    const cert = join(folder, 'cert.pem');
    const alternatives = names.map((name) => `${/^[0-9.]+$/.test(name) ? 'IP' : 'DNS'}:${name}`).join(',');
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${alternatives}`];
    const files = ['-keyout', key, '-out', cert, '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...files], { stdio: 'pipe' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Trusts a certificate, in this whole process, while something runs; as NODE_EXTRA_CA_CERTS does from the start. */
export async function trusting<T>({ cert }: Certificate, run: () => Promise<T>): Promise<T> {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, cert]);
  try {
    return await run();
  } finally {
    setDefaultCACertificates(before);
  }
}

export interface Proxy extends LocalServer {
  /** `host:port` of each tunnel that was asked for, with the login that came along. */
  readonly tunnels: readonly { readonly to: string; readonly login: string | undefined }[];
}

/**
 * An HTTP proxy that leads every tunnel to one port of this machine, whatever name was asked for.
 * @param status 0: it never answers
 */
export async function startProxy(targetPort: number, status = 200): Promise<Proxy> {
  const tunnels: { to: string; login: string | undefined }[] = [];
  const server = createServer((_, response) => response.writeHead(405).end());
  const sockets = new Set<{ destroy(): void }>();
  server.on('connect', (request, socket, head) => {
    tunnels.push({ to: request.url ?? '', login: request.headers['proxy-authorization'] });
    sockets.add(socket);
    if (status === 0) return;
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`);
    const target = connect(targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) {
      sockets.add(end);
      end.on('error', () => {});
    }
  });
  const port = await listen(server);
  return {
    port,
    registry: parseRegistry(`127.0.0.1:${port}`),
    requests: [],
    tunnels,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
