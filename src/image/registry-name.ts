/**
 * A registry: a service that speaks the distribution API, named by `host[:port]`.
 *
 * Grammar (https://pkg.go.dev/github.com/distribution/reference, "domain"):
 *
 *     registry  := host [':' port]
 *     host      := label ('.' label)* | '[' IPv6 ']'
 *     label     := alphanumeric | alphanumeric (alphanumeric | '-')* alphanumeric
 *     port      := digit+
 */

import { InputError } from '../errors.ts';

declare const brand: unique symbol;
export type Registry = string & { readonly [brand]: 'Registry' };

const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const pattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9a-f:]+\\])(?::[0-9]{1,5})?$`);

/**
 * Docker reads the first component of a reference as a host only if it holds a `.` or `:`, or is `localhost`. Any other
 * single label is a namespace of Docker Hub, so it cannot name a registry. What no URL can hold (port 65536, 300.1.1.1) names
 * none either, though the grammar lets it pass.
 */
function isRegistry(text: string): text is Registry {
  return pattern.test(text) && (/[.:]/.test(text) || text === 'localhost') && URL.canParse(`https://${text}`);
}

/** Docker Hub's other names, which all mean the one registry: the CLI keeps one login for them. */
const dockerHubAliases: readonly string[] = ['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];

/**
 * @param text `host[:port]`, for example `ghcr.io`, `localhost:5000`, `[::1]:5000`; host names are lower-cased
 *   (RFC 4343: they are compared without regard to case), and Docker Hub is `docker.io`
 * @throws InputError REGISTRY_INVALID
 */
export function parseRegistry(text: string): Registry {
  const registry = withoutAlias(text);
  if (isRegistry(registry)) return registry;
  throw new InputError('REGISTRY_INVALID', {
    message: `"${text}" is not a registry: expected host[:port] without scheme or path, such as ghcr.io or localhost:5000.`,
    remedy: remedyOf(text),
  });
}

function withoutAlias(text: string): string {
  const name = text.toLowerCase();
  return dockerHubAliases.includes(name) ? 'docker.io' : name;
}

/** A URL, or more of an image's name than the registry, says which inputs are meant. */
function remedyOf(text: string): string {
  const segments = text.replace(/^https?:\/\//i, '').split('/');
  const [written = '', ...path] = segments.filter((segment) => segment !== '');
  const host = withoutAlias(written);
  if (!isRegistry(host)) return 'Set `registry` to `auto`, `container`, `docker`, or a host like `ghcr.io`.';
  const [owner = '', ...image] = /^v[12]$/i.test(path.join('/')) ? [] : path;
  const inputs = [
    ['registry', host],
    ['owner', owner],
    ['image', image.join('/')],
  ] as const;
  const given = inputs.flatMap(([name, value]) => (value === '' ? [] : [`\`${name}: ${value}\``]));
  return `Write ${given.join(', ')}.`;
}

/** The host of a registry without its port and without the brackets of an IPv6 address. */
export function hostOf(registry: Registry): string {
  return registry.replace(/:[0-9]+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** Whether a registry is on this machine, where the Docker engine, too, accepts plain HTTP. */
export function isLoopback(registry: Registry): boolean {
  return isLoopbackHost(hostOf(registry));
}

/** Whether a host name or address is this machine. A name below `localhost` is, whatever a resolver says (`http/loopback-lookup.ts`). */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1' || /^127(?:\.[0-9]+){3}$/.test(bare);
}

/** The name under which Docker keeps the login of a registry; Docker Hub has one of its own for historical reasons. */
export function loginKey(registry: Registry): string {
  return registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
}
