/**
 * The way out through a proxy: which one, and the tunnel (RFC 9110 9.3.6, CONNECT). Node's own `proxyEnv` came with
 * 24.5, later than the first Node 24 of the runners.
 *
 * The rules are those of the Docker CLI (https://pkg.go.dev/golang.org/x/net/http/httpproxy): HTTPS through a tunnel, plain HTTP as a
 * request for a whole URL (RFC 9112 3.2.2), and loopback never.
 */

import { type ClientRequest, request as requestHttp } from 'node:http';
import { Agent, type AgentOptions, type RequestOptions, request as requestHttps } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { connect, type SecureContext } from 'node:tls';
import { isLoopbackHost } from '../image/registry-name.ts';
import { type Environment, inEitherCase } from '../text/environment.ts';
import { decodePart } from '../text/url-secrets.ts';
import { proxyRefused } from './request-failure.ts';
import { isTransientStatus } from './retry.ts';

/**
 * The proxy for a URL.
 * @param environment HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case; lower case wins, as in curl
 * @returns `undefined` where the way is direct
 */
export function resolveProxy(
  { protocol, hostname: host, port: named }: URL,
  environment: Environment,
): URL | undefined {
  const isPlain = protocol === 'http:';
  const port = Number(named || (isPlain ? 80 : 443));
  const proxy = inEitherCase(environment, isPlain ? 'HTTP_PROXY' : 'HTTPS_PROXY');
  const exceptions = inEitherCase(environment, 'NO_PROXY');
  if (proxy === '' || isLoopbackHost(host) || exceptions.split(/[\s,]+/).some((rule) => exempts(rule, host, port))) {
    return undefined;
  }
  return URL.parse(proxy.includes('://') ? proxy : `http://${proxy}`) ?? undefined;
}

/** One entry of NO_PROXY: `*`, a domain (with its subdomains), `.domain` (subdomains alone), an address, a CIDR, each with an optional port. */
function exempts(rule: string, host: string, port: number): boolean {
  if (rule === '') return false;
  if (rule === '*') return true;
  const bareHost = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const [, network, prefix] = rule.match(/^(.+)\/([0-9]{1,3})$/) ?? [];
  if (network !== undefined) return isInNetwork(bareHost, network, Number(prefix));
  const [, named = rule, rulePort] = isIP(rule) ? [] : (rule.match(/^(.+?):([0-9]+)$/) ?? []);
  if (rulePort !== undefined && Number(rulePort) !== port) return false;
  const name = named
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^\*\./, '.')
    .toLowerCase();
  // An address may be written in several ways, and has no subdomains.
  if (isIP(name) !== 0) return isInNetwork(bareHost, name, isIP(name) === 6 ? 128 : 32);
  if (isIP(bareHost) !== 0) return false;
  return name === bareHost || bareHost.endsWith(name.startsWith('.') ? name : `.${name}`);
}

/** @param network its address, of the family of `address`; @param prefix its length in bits */
export function isInNetwork(address: string, network: string, prefix: number): boolean {
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(network) === 0 || isIP(address) !== isIP(network) || prefix > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list.check(address, family);
}

/** Where a request in plain HTTP goes, and what it asks for there, if a proxy is on its way. */
export function proxiedRequest(url: URL, proxy: URL): RequestOptions {
  const { protocol, hostname, port } = proxy;
  if (protocol !== 'http:')
    throw refusal(`the proxy ${proxy.host} is one for ${protocol.slice(0, -1)}, and plain HTTP needs http`);
  return {
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port || 80,
    path: `${url.origin}${url.pathname}${url.search}`,
    headers: { host: url.host, ...loginOf(proxy) },
  };
}

/** The login of a proxy, for the proxy alone. */
function loginOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {};
  const login = `${decodePart(username)}:${decodePart(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

/** Connections to HTTPS hosts through one proxy, kept alive as direct ones are. */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;
  readonly #secureContext: SecureContext | undefined;
  readonly #pending = new Set<ClientRequest>();

  constructor(proxy: URL, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#secureContext = options.secureContext;
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const host = options.host ?? '';
    const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${options.port ?? 443}`;
    const fail = (error: Error): void => callback?.(error, new PassThrough());
    const { protocol, hostname, port } = this.#proxy;
    const trust = this.#secureContext === undefined ? {} : { secureContext: this.#secureContext };
    if (protocol !== 'http:' && protocol !== 'https:') {
      fail(
        refusal(
          `the proxy ${this.#proxy.host} is one for ${protocol.slice(0, -1)}, and only http and https are spoken`,
        ),
      );
      return;
    }
    const request = (protocol === 'https:' ? requestHttps : requestHttp)({
      method: 'CONNECT',
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port || (protocol === 'https:' ? 443 : 80),
      path: authority,
      agent: false,
      timeout: options.timeout,
      ...trust,
      headers: {
        host: authority,
        ...loginOf(this.#proxy),
      },
    });
    this.#pending.add(request);
    request.on('close', () => this.#pending.delete(request));
    request.on('timeout', () => request.destroy(new Error(`the proxy ${this.#proxy.host} did not answer`)));
    request.on('error', (error: NodeJS.ErrnoException) => {
      const { code, message } = error;
      if (code === undefined) return fail(error);
      // The system's words name an address, which nobody would take for that of the proxy.
      const reason = `the proxy ${this.#proxy.host} cannot be reached: ${message || code}`;
      return fail(Object.assign(new Error(reason, { cause: error }), { code }));
    });
    request.on('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode === 200) {
        // From here the socket is the tunnel's; the request's own time-out must not end it.
        socket.setTimeout(0);
        callback?.(
          null,
          connect({
            socket,
            host,
            rejectUnauthorized: true,
            ...trust,
            ...(options.servername ? { servername: options.servername } : {}),
          }),
        );
        return;
      }
      socket.destroy();
      const reason = `the proxy ${this.#proxy.host} refused the way to ${authority} with ${statusCode}`;
      fail(isTransientStatus(statusCode) ? new Error(reason) : refusal(reason));
    });
    request.end();
  }

  /** Also gives up the ways that the proxy has not opened yet. */
  override destroy(): void {
    super.destroy();
    for (const request of this.#pending) request.destroy();
  }
}

function refusal(reason: string): Error {
  return Object.assign(new Error(reason), { code: proxyRefused });
}
