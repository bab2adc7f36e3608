/**
 * The way out through a proxy: which one, and the tunnel (RFC 9110 9.3.6, CONNECT). Node's own `proxyEnv` came with
 * 24.5, later than the first Node 24 of the runners.
 *
 * Only HTTPS goes through a proxy: plain HTTP is spoken to loopback alone, which is never proxied
 * (https://pkg.go.dev/net/http#ProxyFromEnvironment, the rules of the Docker CLI).
 */

import { type ClientRequest, request as requestHttp } from 'node:http';
import { Agent, type AgentOptions, type RequestOptions, request as requestHttps } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { connect } from 'node:tls';
import { isLoopbackHost } from '../image/registry-name.ts';
import type { Environment } from '../text/environment.ts';
import { decodePart } from '../text/url-secrets.ts';
import { proxyRefused } from './request-failure.ts';
import { isTransientStatus } from './retry.ts';

/**
 * The proxy for an HTTPS host.
 * @param environment HTTPS_PROXY and NO_PROXY, in either case; lower case wins, as in curl
 * @returns `undefined` where the way is direct
 */
export function resolveProxy(host: string, port: number, environment: Environment): URL | undefined {
  const proxy = environment.https_proxy || environment.HTTPS_PROXY || '';
  const exceptions = environment.no_proxy || environment.NO_PROXY || '';
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

/** Connections to HTTPS hosts through one proxy, kept alive as direct ones are. */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;
  readonly #pending = new Set<ClientRequest>();

  constructor(proxy: URL, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const host = options.host ?? '';
    const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${options.port ?? 443}`;
    const fail = (error: Error): void => callback?.(error, new PassThrough());
    const { protocol, hostname, port, username, password } = this.#proxy;
    if (protocol !== 'http:' && protocol !== 'https:') {
      fail(
        refusal(
          `the proxy ${this.#proxy.host} is one for ${protocol.slice(0, -1)}, and only http and https are spoken`,
        ),
      );
      return;
    }
    const login = `${decodePart(username)}:${decodePart(password)}`;
    const request = (protocol === 'https:' ? requestHttps : requestHttp)({
      method: 'CONNECT',
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port || (protocol === 'https:' ? 443 : 80),
      path: authority,
      agent: false,
      timeout: options.timeout,
      headers: {
        host: authority,
        ...(username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
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
