/**
 * Which registry a run publishes to, and under which path: the table of the design, section 2. Hosts and paths:
 * docs.github.com, "Working with the Container registry", "Working with the Docker registry", "Enabling subdomain
 * isolation".
 */

import { InputError } from '../errors.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { hostOf, parseRegistry, type Registry } from '../image/registry-name.ts';
import { faultOfComponent, parseRepository, type Repository } from '../image/repository.ts';
import { describeProduct, type Product } from './product.ts';

/**
 * `container`: GitHub's Container registry, `OWNER/IMAGE`. `docker`: its legacy Docker registry,
 * `OWNER/REPOSITORY/IMAGE`. `other`: any other registry that speaks the distribution API.
 */
export type RegistryKind = 'container' | 'docker' | 'other';

export interface RegistryDecision {
  readonly registry: Registry;
  readonly kind: RegistryKind;
  /** Why this registry, as a clause: "the run is on github.com". */
  readonly reason: string;
  /** Whether only a question to the network could make it certain, and none was asked or answered. */
  readonly isAssumed: boolean;
}

/** What a host answered when it was asked whether it is a registry. */
export type HostAnswer = { readonly isRegistry: true } | { readonly isRegistry: false; readonly reason: string };

/** What a GitHub Enterprise Server told of itself. */
export interface ServerFacts {
  /** Such as `3.20.1`; `undefined` where it was not told. */
  readonly version: string | undefined;
  /** In the order of preference; those after a registry need not be known. */
  readonly answers: {
    readonly container: HostAnswer;
    readonly docker?: HostAnswer | undefined;
    readonly bare?: HostAnswer | undefined;
  };
}

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
function isGitHubHost(host: string): boolean {
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

function kindOf(registry: Registry, product: Product): RegistryKind {
  const host = hostOf(registry);
  const hosts = registryHosts(product);
  if (host === hosts.container || host === 'ghcr.io' || /^containers\.[a-z0-9-]+\.ghe\.com$/.test(host))
    return 'container';
  if (host === hosts.docker || host === hosts.bare || isGitHubHost(host)) return 'docker';
  return 'other';
}

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

/**
 * @param input `auto`, `container`, `docker` or `host[:port]`
 * @param server for `auto` on a GHES; `undefined`: it was not asked
 * @throws InputError REGISTRY_INVALID for a host that is malformed or imitates one of GitHub's
 */
export function resolveRegistry(input: string, product: Product, server?: ServerFacts): RegistryDecision {
  const hosts = registryHosts(product);
  const where = describeProduct(product);
  const decide = (host: string, kind: RegistryKind, reason: string, isAssumed = false): RegistryDecision => ({
    registry: parseRegistry(host),
    kind,
    reason,
    isAssumed,
  });
  if (input === 'container') return decide(hosts.container, 'container', `it is the Container registry of ${where}`);
  if (input === 'docker') return decide(hosts.docker, 'docker', `it is the Docker registry of ${where}`);
  if (input !== 'auto') {
    const registry = parseRegistry(input);
    const imitated = imitatedRegistry(hostOf(registry), product);
    if (imitated !== undefined) {
      throw new InputError('REGISTRY_INVALID', {
        message: `The registry "${input}" is not GitHub's but looks like "${imitated}"; credentials sent there would be lost.`,
        remedy: `Write \`registry: ${imitated}\`, or \`registry: auto\`.`,
      });
    }
    return { registry, kind: kindOf(registry, product), reason: '`registry` names it', isAssumed: false };
  }
  if (product.kind !== 'ghes') return decide(hosts.container, 'container', `the run is on ${where}`);
  if (server === undefined) {
    return decide(hosts.docker, 'docker', `the run is on ${where}, and nothing was asked of its hosts`, true);
  }
  const { container, docker, bare } = server.answers;
  const asked = [
    { host: hosts.container, kind: 'container', answer: container },
    { host: hosts.docker, kind: 'docker', answer: docker },
    { host: product.host, kind: 'docker', answer: bare },
  ] as const;
  const found = asked.find(({ answer }) => answer?.isRegistry);
  const refusals = asked
    .slice(0, found && asked.indexOf(found))
    .flatMap(({ answer }) => (answer?.isRegistry === false ? [answer.reason.replace(/\.$/, '')] : []));
  if (found === undefined) {
    const reason = `no host of ${where} answers as a registry (${refusals.join('; ')})`;
    return decide(hosts.docker, 'docker', reason, true);
  }
  const others = refusals.length === 0 ? '' : ` (${refusals.join('; ')})`;
  return decide(found.host, found.kind, `${found.host} of ${where} answers as a registry${others}`);
}

export interface RegistryRequest {
  readonly platforms: readonly Platform[];
  /** Whether what refers to the image comes along. */
  readonly referrers: boolean;
}

/**
 * What the Docker registry cannot take, found before anything is built: it holds images of one platform, and neither
 * indexes nor what refers to an image (facts of the registries, 3). A registry that is only assumed may turn out to be another.
 * @throws InputError INDEX_UNSUPPORTED, INPUTS_CONTRADICT
 */
export function checkRequest(
  { registry, kind, isAssumed }: RegistryDecision,
  { platforms, referrers }: RegistryRequest,
): void {
  if (kind !== 'docker' || isAssumed) return;
  if (referrers) {
    throw new InputError('INPUTS_CONTRADICT', {
      message: `\`referrers: true\` cannot be had in the Docker registry ${registry}: it takes images, and nothing that refers to them.`,
      remedy:
        'Use the Container registry (`registry: container`) where this GitHub has one; else leave `referrers` out.',
    });
  }
  if (platforms.length <= 1) return;
  throw new InputError('INDEX_UNSUPPORTED', {
    message: `The Docker registry ${registry} takes images of one platform only, and \`platforms\` has ${platforms.length}: ${platforms.map(formatPlatform).join(', ')}.`,
    remedy:
      'Use the Container registry (`registry: container`) where this GitHub has one; else leave one platform, or publish each platform under a tag of its own.',
  });
}

export interface RepositoryDecision {
  readonly repository: Repository;
  /** What a person would want to know about how the name came to be, as sentences. */
  readonly notes: readonly string[];
}

export interface NameParts {
  /** May be empty where the registry is not GitHub's. */
  readonly owner: string;
  /** The repository of the source: the middle segment of the Docker registry's paths. */
  readonly sourceRepository: string;
  readonly image: string;
}

/**
 * Where the image goes within the registry. Upper case is mended, and said; what cannot be mended is refused, naming the
 * part.
 * @throws InputError REPOSITORY_INVALID
 */
export function resolveRepository(decision: RegistryDecision, parts: NameParts): RepositoryDecision {
  const { registry, kind } = decision;
  const full = `images: ${registry}/octo-org/my-repository/my-app`;
  const named: { part: string; value: string; example: string }[] = [
    { part: 'owner', value: parts.owner, example: 'owner: octo-org' },
    ...(kind === 'docker' ? [{ part: 'repository', value: parts.sourceRepository, example: full }] : []),
    { part: 'image', value: parts.image, example: 'image: my-app' },
  ];
  const [host = '', ...rest] = parts.image.replace(/:[^/]*$/, '').split('/');
  if (rest.length > 0 && /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::[0-9]+)?$/i.test(host)) {
    const [image, owner] = [rest.at(-1), rest.slice(0, -1).join('/')];
    throw new InputError('REPOSITORY_INVALID', {
      message: `The image "${parts.image}" begins with a registry, "${host}": expected what follows the owner, such as my-app.`,
      remedy: `Write \`registry: ${host.toLowerCase()}\`${owner === '' ? '' : `, \`owner: ${owner}\``} and \`image: ${image}\`.`,
    });
  }
  if (kind === 'docker' && parts.image.includes('/')) {
    throw new InputError('REPOSITORY_INVALID', {
      message: `The image "${parts.image}" has a "/": paths of the Docker registry ${registry} have exactly three segments, OWNER/REPOSITORY/IMAGE.`,
      remedy: `Set \`image: ${parts.image.split('/').at(-1)}\`.`,
    });
  }
  const notes: string[] = [];
  const path: string[] = [];
  for (const { part, value, example } of named) {
    // Docker Hub alone has no repositories without an owner but its own.
    if (value === '' && part === 'owner' && kind === 'other' && registry !== 'docker.io') continue;
    const lower = value.toLowerCase();
    if (lower !== value)
      notes.push(`The ${part} "${value}" is written "${lower}": repositories of a registry are lower-case.`);
    // The image of a Container registry, and of most others, may be several components deep.
    for (const component of part === 'image' ? lower.split('/') : [lower]) {
      const fault = faultOfComponent(component);
      if (fault !== undefined) throw invalidPart(part, value, fault, example);
    }
    path.push(lower);
  }
  const [owner, image = ''] = path;
  if (kind !== 'docker' && image.startsWith(`${owner}/`)) {
    notes.push(
      `The image "${parts.image}" goes to ${path.join('/')}, because the owner stands before it; for ${image} write \`image: ${image.slice(image.indexOf('/') + 1)}\`.`,
    );
  }
  return { repository: parseRepository(registry, path.join('/')), notes };
}

function invalidPart(part: string, value: string, fault: string, example: string): InputError {
  const isMissing = value === '';
  return new InputError('REPOSITORY_INVALID', {
    message: isMissing
      ? `The ${part} is not known: outside of a workflow nothing names it.`
      : `The ${part} "${value}" cannot be part of a repository's name: ${fault}.`,
    remedy:
      part === 'owner' && !isMissing
        ? 'Registries have no valid name for this owner. Set `owner` to an organisation whose name is letters and digits joined by single ".", "_" or by "-".'
        : `Say it yourself, for example \`${example}\`.`,
  });
}
