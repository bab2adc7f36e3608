/**
 * Which registry a run publishes to, and under which path (docs/registries.md has the table). Hosts and paths:
 * docs.github.com, "Working with the Container registry", "Working with the Docker registry", "Enabling subdomain
 * isolation".
 */

import { hostOf, type Registry } from '../image/registry-name.ts';
import type { Product } from './product.ts';

/**
 * `container`: GitHub's Container registry, `OWNER/IMAGE`. `docker`: its legacy Docker registry,
 * `OWNER/REPOSITORY/IMAGE`. `other`: any other registry that speaks the distribution API.
 */
export type RegistryKind = 'container' | 'docker' | 'other';

/** The hosts of one product's registries. */
interface ProductHosts {
  readonly container: string;
  readonly docker: string;
  /** Serves the Docker registry where subdomain isolation is off. */
  readonly bare?: string;
}

/** Where each product keeps its registries. */
export function registryHosts(product: Product): ProductHosts {
  if (product.kind === 'github.com') return { container: 'ghcr.io', docker: 'docker.pkg.github.com' };
  return {
    container: `containers.${product.host}`,
    docker: `docker.${product.host}`,
    ...(product.kind === 'ghes' ? { bare: product.host } : {}),
  };
}

/** Hosts that are GitHub's wherever the run lives. */
export function isGitHubHost(host: string): boolean {
  return (
    ['ghcr.io', 'docker.pkg.github.com', 'containers.pkg.github.com'].includes(host) ||
    /^(?:containers|docker)\.[a-z0-9-]+\.ghe\.com$/.test(host)
  );
}

/** The product whose token a registry takes; `undefined` for a registry that is not GitHub's as far as is known. */
export function hostOfOwningProduct(registry: Registry, product: Product): string | undefined {
  const host = hostOf(registry);
  const hosts = registryHosts(product);
  if ([hosts.container, hosts.docker, hosts.bare].includes(host)) return product.host;
  if (!isGitHubHost(host)) return undefined;
  return host.endsWith('.ghe.com') ? host.replace(/^(?:containers|docker)\./, '') : 'github.com';
}

/**
 * The domain in which a login for a registry of GitHub stays, wherever the registry sends for a token.
 * @returns `undefined` for a registry that is not GitHub's
 */
export function tokenDomain(registry: Registry, product: Product): string | undefined {
  return hostOf(registry) === 'ghcr.io' ? 'ghcr.io' : hostOfOwningProduct(registry, product);
}

export function kindOf(registry: Registry, product: Product): RegistryKind {
  const host = hostOf(registry);
  const hosts = registryHosts(product);
  if (host === hosts.container || host === 'ghcr.io' || /^containers\.[a-z0-9-]+\.ghe\.com$/.test(host))
    return 'container';
  if (host === hosts.docker || host === hosts.bare || isGitHubHost(host)) return 'docker';
  return 'other';
}
