/**
 * The GitHub product that the run lives on. Hosts: docs.github.com, "Working with the Container registry", "Working
 * with the Docker registry", and "Feature overview for GitHub Enterprise Cloud with data residency".
 */

export type Product =
  | { readonly kind: 'github.com'; readonly host: 'github.com' }
  /** GitHub Enterprise Cloud with data residency, at `SUB.ghe.com`. */
  | { readonly kind: 'ghe.com'; readonly host: string }
  /** GitHub Enterprise Server, at any other host. The version is known after the server's answer. */
  | { readonly kind: 'ghes'; readonly host: string; readonly version?: string };

/**
 * @param serverUrl `GITHUB_SERVER_URL`; the rule is the toolkit's own `isGhes` (case is ignored, `www.` and the
 *   runner's `github.localhost` are github.com)
 * @param version what a GHES told of itself
 */
export function resolveProduct(serverUrl: URL, version?: string): Product {
  const host = serverUrl.hostname.toLowerCase();
  if (['github.com', 'www.github.com', 'github.localhost'].includes(host))
    return { kind: 'github.com', host: 'github.com' };
  if (host.endsWith('.ghe.com')) return { kind: 'ghe.com', host };
  return { kind: 'ghes', host, ...(version === undefined ? {} : { version }) };
}

/** The product in words, for messages. */
export function describeProduct(product: Product): string {
  if (product.kind === 'github.com') return 'github.com';
  if (product.kind === 'ghe.com') return `GitHub Enterprise Cloud with data residency at ${product.host}`;
  return `GitHub Enterprise Server${product.version ? ` ${product.version}` : ''} at ${product.host}`;
}
