/**
 * A reference: a repository with a tag, a digest, or both.
 *
 * Grammar (https://pkg.go.dev/github.com/distribution/reference):
 *
 *     reference := registry '/' path [':' tag] ['@' digest]
 *
 * Short forms are completed as Docker completes them: `alpine` is `docker.io/library/alpine`, `octo/app` is
 * `docker.io/octo/app`. The registry, path, tag and digest grammars head the files of their own.
 */

import { InputError } from '../errors.ts';
import { type Digest, isDigest, parseDigest } from './digest.ts';
import { parseRegistry, type Registry } from './registry-name.ts';
import { formatRepository, parseRepository, type Repository } from './repository.ts';
import { parseTag, type Tag } from './tag.ts';

export interface Reference {
  readonly repository: Repository;
  readonly tag?: Tag;
  readonly digest?: Digest;
}

/** `name:tag` */
export function formatTagReference(repository: Repository, tag: Tag): string {
  return `${formatRepository(repository)}:${tag}`;
}

/** `name@digest` */
export function formatDigestReference(repository: Repository, digest: Digest): string {
  return `${formatRepository(repository)}@${digest}`;
}

/** `name:tag` or `name@digest`: a manifest as a request to a registry names it. */
export function formatManifestReference(repository: Repository, which: Tag | Digest): string {
  return isDigest(which) ? formatDigestReference(repository, which) : formatTagReference(repository, which);
}

/** `name[:tag][@digest]` */
export function formatReference({ repository, tag, digest }: Reference): string {
  return (
    formatRepository(repository) + (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`)
  );
}

const dockerHub: Registry = parseRegistry('docker.io');

function splitRegistry(name: string): { registry: Registry; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  if (!/[.:]/.test(first) && first !== 'localhost') {
    return { registry: dockerHub, path: slash < 0 ? `library/${name}` : name };
  }
  const path = name.slice(slash + 1);
  const registry = parseRegistry(first);
  return { registry, path: registry === dockerHub && !path.includes('/') ? `library/${path}` : path };
}

/**
 * @param name `[registry/]path`, lower-case path
 * @throws InputError REGISTRY_INVALID, REPOSITORY_INVALID
 */
export function parseRepositoryName(name: string): Repository {
  if (/^[a-f0-9]{64}$/.test(name)) {
    throw new InputError('REPOSITORY_INVALID', {
      message: `The repository "${name}" is 64 hexadecimal characters, which clients read as an image ID.`,
      remedy: 'Write it with its registry, such as `docker.io/octo/app`.',
    });
  }
  const { registry, path } = splitRegistry(name);
  return parseRepository(registry, path);
}

/**
 * @param text `[registry/]path[:tag][@digest]`
 * @throws InputError REFERENCE_INVALID (empty), REGISTRY_INVALID, REPOSITORY_INVALID, TAG_INVALID, DIGEST_INVALID
 */
export function parseReference(text: string): Reference {
  if (text === '') {
    throw new InputError('REFERENCE_INVALID', {
      message: 'An image reference is empty: expected [registry/]repository[:tag][@digest].',
      remedy: 'Give a reference such as `ghcr.io/octo-org/app:1.0`.',
    });
  }
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1));
  const rest = at < 0 ? text : text.slice(0, at);
  const colon = rest.lastIndexOf(':');
  // A colon before the last slash belongs to the registry's port.
  const hasTag = colon > rest.lastIndexOf('/');
  const tag = hasTag ? parseTag(rest.slice(colon + 1)) : undefined;
  const repository = parseRepositoryName(hasTag ? rest.slice(0, colon) : rest);
  return { repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}
