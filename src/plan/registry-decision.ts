/**
 * Which registry a run publishes to. Hosts: docs.github.com, "Working with the Container registry", "Working with the
 * Docker registry", "Enabling subdomain isolation".
 */

import { InputError } from '../errors.ts';
import type { ServerFacts } from '../github/enterprise-server.ts';
import { imitatedRegistry } from '../github/imitated-registry.ts';
import { describeProduct, type Product } from '../github/product.ts';
import { kindOf, type RegistryKind, registryHosts } from '../github/product-registries.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { hostOf, parseRegistry, type Registry } from '../image/registry-name.ts';

export interface RegistryDecision {
  readonly registry: Registry;
  readonly kind: RegistryKind;
  /** Why this registry, as a clause: "the run is on github.com". */
  readonly reason: string;
  /** Whether only an answer from the network could make it certain, and there was no answer. */
  readonly isAssumed: boolean;
}

/**
 * @param input that names the registry
 * @throws InputError REGISTRY_INVALID for a host that imitates one of GitHub's
 */
export function refuseImitation(registry: Registry, product: Product, input: string): void {
  const imitated = imitatedRegistry(hostOf(registry), product);
  if (imitated === undefined) return;
  throw new InputError('REGISTRY_INVALID', {
    message: `The registry "${registry}" in \`${input}\` is not a registry of GitHub, but it looks like "${imitated}". The step sends no credentials there.`,
    remedy:
      input === 'registry'
        ? `Write \`registry: ${imitated}\`, or \`registry: auto\`.`
        : `If you mean ${imitated}, write that.`,
  });
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
    refuseImitation(registry, product, 'registry');
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

interface RegistryRequest {
  readonly platforms: readonly Platform[];
  /** Whether what refers to the image comes along. */
  readonly referrers: boolean;
}

/**
 * What the Docker registry cannot take, found before anything is built: it holds images of one platform, and neither
 * indexes nor what refers to an image (docs/ghes.md). A registry that is only assumed may turn out to be another.
 * @throws InputError INDEX_UNSUPPORTED, INPUTS_CONTRADICT
 */
export function checkRequest(
  { registry, kind, isAssumed }: RegistryDecision,
  { platforms, referrers }: RegistryRequest,
): void {
  if (kind !== 'docker' || isAssumed) return;
  if (referrers) {
    throw new InputError('INPUTS_CONTRADICT', {
      message: `\`referrers: true\` is not supported by the Docker registry ${registry}: it stores images, but no signatures or attestations that refer to them.`,
      remedy:
        'Use the Container registry (`registry: container`) if this GitHub has one. Otherwise leave `referrers` out.',
    });
  }
  if (platforms.length <= 1) return;
  throw new InputError('INDEX_UNSUPPORTED', {
    message: `The Docker registry ${registry} takes images of one platform only, and \`platforms\` has ${platforms.length}: ${platforms.map(formatPlatform).join(', ')}.`,
    remedy:
      'Use the Container registry (`registry: container`) if this GitHub has one. Otherwise leave one platform, or publish each platform under its own tag.',
  });
}
