/** Where a registry's API is: scheme, host and port. */

import { connect } from 'node:tls';
import { codeOf, isCertificateFault } from '../http/request-failure.ts';
import { hostOf, isLoopback, type Registry } from '../image/registry-name.ts';

/** Docker Hub's API is not at its name (https://docs.docker.com/reference/api/registry/latest/). */
const apiHosts: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

const handshakeTimeout = 3_000;

/**
 * Finds the origin of registries, and remembers it. HTTPS everywhere; a registry on this machine that does not speak
 * TLS is spoken to in plain HTTP, as the Docker engine does
 * (https://docs.docker.com/reference/cli/dockerd/#insecure-registries).
 */
export function createOrigins(): (registry: Registry) => Promise<URL> {
  const schemes = new Map<Registry, 'http' | 'https'>();
  return async (registry) => {
    const host = apiHosts[registry] ?? registry;
    const known = isLoopback(registry) ? schemes.get(registry) : 'https';
    if (known !== undefined) return new URL(`${known}://${host}/`);
    const tried = await tryHandshake(registry);
    if (tried !== 'none') schemes.set(registry, tried);
    return new URL(`${tried === 'https' ? 'https' : 'http'}://${host}/`);
  };
}

/**
 * What a port on this machine speaks. Only the handshake is tried, nothing is sent; a certificate that is not trusted is
 * TLS all the same, and no reason to fall back.
 * @returns `none` where nothing listens
 */
function tryHandshake(registry: Registry): Promise<'http' | 'https' | 'none'> {
  const host = hostOf(registry);
  const port = Number(registry.match(/:([0-9]+)$/)?.[1] ?? 443);
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: handshakeTimeout, ALPNProtocols: ['http/1.1'] });
    const finish = (scheme: 'http' | 'https' | 'none'): void => {
      resolve(scheme);
      socket.destroy();
    };
    socket.on('secureConnect', () => finish('https'));
    socket.on('timeout', () => finish('http'));
    socket.on('close', () => finish('http'));
    socket.on('error', (error) => {
      const code = codeOf(error);
      finish(isCertificateFault(code) ? 'https' : code === 'ECONNREFUSED' ? 'none' : 'http');
    });
  });
}
