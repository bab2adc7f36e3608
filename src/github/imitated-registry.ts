/** Hosts that look like a registry of GitHub and are not. */

import { differsByOneEdit } from '../text/one-edit.ts';
import type { Product } from './product.ts';
import { isGitHubHost, registryHosts } from './product-registries.ts';

/** One typing error away from `ghcr.io`, and what it says: Google's registry. */
const namesakes: readonly string[] = ['gcr.io'];

/** `ghcr` at the top of a domain that anybody can own, unlike those for private use (RFC 6761, RFC 6762, ICANN's .internal). */
const otherTopLevel = /^ghcr\.(?!(?:io|local|localhost|internal|lan|home|test|example|invalid)$)[a-z]+$/;

/**
 * The registry of GitHub that a host imitates: one typing error away from it, as `ghrc.io`, which harvested credentials
 * in the field. A host within the run's own GitHub is nobody else's.
 */
export function imitatedRegistry(host: string, product: Product): string | undefined {
  const hosts = registryHosts(product);
  const genuine = ['ghcr.io', 'docker.pkg.github.com', hosts.container, hosts.docker];
  const isOwn = host === product.host || host.endsWith(`.${product.host}`);
  if (isOwn || namesakes.includes(host) || isGitHubHost(host)) return undefined;
  return genuine.find((name) => differsByOneEdit(name, host)) ?? (otherTopLevel.test(host) ? 'ghcr.io' : undefined);
}
