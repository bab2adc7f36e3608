/**
 * What a diagnosis is made from: the words of a failure, and the run in which they were printed.
 */

import type { ErrorCode, Exchange } from '../errors.ts';
import type { Product } from '../github/product.ts';
import { hostOfOwningProduct, type RegistryKind, registryHosts } from '../github/product-registries.ts';
import type { tokenForm } from '../github/token-form.ts';
import type { SourceRepository } from '../github/workflow-run.ts';
import { parseReference } from '../image/reference.ts';
import type { Registry } from '../image/registry-name.ts';
import { formatRepository, type Repository } from '../image/repository.ts';

/** What a tool printed, or a registry answered. */
export interface Failure {
  /** The line that names the reason: a tool's, or the words of the registry or the system in `exchange`. */
  readonly text: string;
  /** All that the tool printed last, for what the reason alone does not tell. */
  readonly output?: string;
  /** The request of this action's own client that failed, if it was one. */
  readonly exchange?: Exchange | undefined;
  /** The code that the failure has so far. */
  readonly code?: ErrorCode;
}

/** The run, as far as causes depend on it. */
export interface DiagnosisContext {
  readonly product: Product;
  readonly kind: RegistryKind;
  /** What the run publishes to, or pulls from. */
  readonly repository: Repository;
  /** `none`: the step was given no credential for the registry, and used what the runner is logged in with, if anything. */
  readonly tokenForm: ReturnType<typeof tokenForm> | 'none';
  /** Who logged in; empty for `none`. */
  readonly username: string;
  readonly sourceRepository: SourceRepository | undefined;
  /** Of the owner of the source repository. */
  readonly ownerType: 'Organization' | 'User' | undefined;
  /** Where the event says that GitHub gives the job a token that only reads, and no secrets. */
  readonly readOnlyRun: 'fork' | 'dependabot' | undefined;
  readonly push: boolean;
}

/** The context, seen from the words of one failure. */
export interface Facts extends DiagnosisContext {
  readonly failure: Failure;
  /** The line, or lines, that were recognised. */
  readonly words: string;
  /** The repository that the words name; else the one of the run. */
  readonly target: Repository;
  /** Whether the target was to be read, not written: a base image, a cache, the image of a pull. */
  readonly isRead: boolean;
}

/** How engines say that they write. */
const writes =
  /\b(?:POST|PUT|PATCH)\b|\/blobs\/uploads\/|failed to push|push access denied|writing (?:blob|manifest)|put manifest/i;
const writingMethods: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** @param words the line, or lines, that were recognised */
export function readFacts(failure: Failure, context: DiagnosisContext, words: string): Facts {
  const { exchange } = failure;
  const named = exchange === undefined ? namedRepository(words) : parseNamed(exchange.repository);
  const isOwn = named === undefined || formatRepository(named) === formatRepository(context.repository);
  const isWrite = exchange === undefined ? writes.test(words) : writingMethods.includes(exchange.method);
  const isRead = !context.push || (!isOwn && !isWrite);
  return { ...context, failure, words, target: named ?? context.repository, isRead };
}

/** Where engines name the repository that they were at. */
const names: readonly RegExp[] = [
  // A URL of the distribution API, in the words of containerd and docker.
  /https?:\/\/(?<host>[^/\s"]{1,255})\/v2\/(?<path>[^\s"]{1,255}?)\/(?:blobs|manifests|tags|referrers)\//,
  // containers/image (podman)
  /\/v2\/(?<path>[^\s"]{1,255}?)\/blobs\/uploads\/ in (?<host>[^\s:]+(?::[0-9]+)?)/,
  /\b(?:failed to push|failed to resolve source metadata for|access denied for) (?<name>[a-z0-9][^\s,"]*[a-z0-9])/,
];

function namedRepository(words: string): Repository | undefined {
  for (const pattern of names) {
    const { host, path, name } = words.match(pattern)?.groups ?? {};
    const repository = parseNamed(name ?? (path === undefined ? '' : `${host}/${path}`));
    if (repository !== undefined) return repository;
  }
  return undefined;
}

function parseNamed(name: string): Repository | undefined {
  try {
    return parseReference(name).repository;
  } catch {
    return undefined;
  }
}

/** The host of the request, or the host in the words of an engine; else the registry of the run. */
export function namedHost({ words, repository, failure: { exchange } }: Facts): string {
  const host = URL.parse(exchange?.url ?? '')?.host;
  return (
    host ??
    words.match(/https?:\/\/([^/\s"]+)/)?.[1] ??
    words
      .match(/\blookup ([^\s:]+)|\bENOTFOUND ([^\s:)]+)/)
      ?.slice(1)
      .find((each) => each) ??
    repository.registry
  );
}

/** The product whose token the target's registry takes; `undefined` if the registry is not GitHub's. */
export function productHost({ target, product }: Facts): string | undefined {
  return hostOfOwningProduct(target.registry, product);
}

export function isGitHub(facts: Facts): boolean {
  return productHost(facts) !== undefined;
}

/** The owner of the target, in its own case where it is the run's. */
export function ownerOf({ target, sourceRepository }: Facts): string {
  const owner = target.path.split('/')[0] ?? '';
  return owner === sourceRepository?.owner.toLowerCase() ? sourceRepository.owner : owner;
}

/** Whether the target belongs to another account than the repository of the run. */
export function isForeignOwner(facts: Facts): boolean {
  const { sourceRepository: source } = facts;
  return source !== undefined && ownerOf(facts).toLowerCase() !== source.owner.toLowerCase();
}

export function nameOfSourceRepository({ sourceRepository: source }: Facts): string {
  return source === undefined ? 'this repository' : `${source.owner}/${source.name}`;
}

/**
 * Whether the login may be the job's own token. Its form is that of any installation of a GitHub App; tokens of an older
 * GHES have no form at all.
 */
export function mayBeJobToken({ tokenForm: form }: Facts): boolean {
  return form === 'installation' || form === 'other';
}

/**
 * The scopes that BuildKit asked one token for, as it logs them: `[auth] octo/base:pull octo/app:pull,push token for HOST`.
 * @returns the paths that belong to another owner than the run's
 */
export function foreignScopes({ failure, repository, sourceRepository: source }: Facts): readonly string[] {
  const lines = [...(failure.output ?? '').matchAll(/\[auth\] (?<scopes>.+) token for (?<host>\S+)/g)];
  const paths = lines
    .filter(({ groups }) => groups?.host === repository.registry)
    .flatMap(({ groups }) => (groups?.scopes ?? '').split(' '))
    .map((scope) => scope.split(':')[0] ?? '');
  const own = source?.owner.toLowerCase() ?? repository.path.split('/')[0] ?? '';
  return [...new Set(paths)].filter((path) => path.includes('/') && !path.startsWith(`${own}/`));
}

/**
 * Where GitHub lets an administrator of the package say who may use it: on a page, for there is no API.
 * @returns none for the Docker registry, whose packages have the permissions of their repository, and outside of GitHub;
 *   both forms where the kind of account is not known
 */
export function settingsUrls(facts: Facts): readonly string[] {
  const host = productHost(facts);
  const { product, target, ownerType } = facts;
  if (host === undefined || ![registryHosts(product).container, 'ghcr.io'].includes(target.registry)) return [];
  const [, ...image] = target.path.split('/');
  const type = isForeignOwner(facts) || facts.sourceRepository === undefined ? undefined : ownerType;
  const accounts = type === undefined ? ['orgs', 'users'] : [type === 'User' ? 'users' : 'orgs'];
  const page = `${ownerOf(facts)}/packages/container/${encodeURIComponent(image.join('/'))}/settings`;
  return accounts.map((account) => `https://${host}/${account}/${page}`);
}

/** Where a classic personal access token is made, with the scope ticked. */
export function newTokenUrl(host: string): string {
  return `https://${host}/settings/tokens/new?scopes=write:packages`;
}

/** Docker Hub, by whichever of its names. */
export function isDockerHub(registry: Registry): boolean {
  return registry === 'docker.io' || registry.endsWith('.docker.io');
}
