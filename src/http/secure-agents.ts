/** The agents of a client for HTTPS, direct and through proxies, and the certificates that they trust. */

import { Agent, type AgentOptions } from 'node:https';
import tls, { type SecureContext } from 'node:tls';
import { TunnelAgent } from './proxy.ts';

export interface SecureAgents {
  /** @param proxy `undefined`: the way is direct */
  agentFor(proxy: URL | undefined): Agent;
  destroy(): void;
}

export function createSecureAgents(options: AgentOptions): SecureAgents {
  const direct = new Agent(options);
  const tunnels = new Map<string, TunnelAgent>();
  return {
    agentFor(proxy) {
      if (proxy === undefined) return direct;
      const tunnel = tunnels.get(proxy.href) ?? new TunnelAgent(proxy, options);
      tunnels.set(proxy.href, tunnel);
      return tunnel;
    },
    destroy() {
      for (const agent of [direct, ...tunnels.values()]) agent.destroy();
    },
  };
}

/**
 * Trust in Node's own CAs, those of NODE_EXTRA_CA_CERTS, and those that the system trusts, which Docker goes by too
 * (https://nodejs.org/api/tls.html#tlsgetcacertificatestype).
 * @returns `undefined` before Node 22.15, which cannot read those of the system
 */
export function trustSystem(): SecureContext | undefined {
  if (!('getCACertificates' in tls)) return undefined;
  const { createSecureContext, getCACertificates } = tls;
  return createSecureContext({ ca: [...new Set([...getCACertificates('default'), ...getCACertificates('system')])] });
}
