/** Hosts that look like a registry of GitHub and are not. */

import type { Product } from './product.ts';
import { isGitHubHost, registryHosts } from './product-registries.ts';

/** Damerau-Levenshtein distance in its restricted form: edits, with a swap of neighbours as one. */
function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    const above = rows[row - 1] ?? [];
    for (let column = 1; column <= right.length; column += 1) {
      const cost = left[row - 1] === right[column - 1] ? 0 : 1;
      let best = Math.min((above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (above[column - 1] ?? 0) + cost);
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        best = Math.min(best, (rows[row - 2]?.[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    rows.push(current);
  }
  return rows[left.length]?.[right.length] ?? 0;
}

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
  return genuine.find((name) => editDistance(name, host) === 1) ?? (otherTopLevel.test(host) ? 'ghcr.io' : undefined);
}
