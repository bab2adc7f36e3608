/** The versions of a repository in any registry: what its tags point to, deleted by manifest (distribution-spec, "Deleting Manifests"). */

import { PermissionError, RegistryError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { linksOf, type StoredManifest } from '../image/manifest.ts';
import { formatTagReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import type { RegistryClient } from '../registry/client.ts';
import { sideBySide, widthOfRequests } from '../registry/concurrency.ts';
import { removeTagged } from '../registry/remove-tagged.ts';
import { unreadable } from './unreadable.ts';
import type { VersionStore } from './version-store.ts';

/** Bytes of removed manifests that are kept, so that they can be put back. */
const mostKept = 64 * 1024 * 1024;

export function openRegistryStore(
  registry: Pick<RegistryClient, 'listTags' | 'headManifest' | 'findManifest' | 'deleteManifest' | 'putManifest'>,
  repository: Repository,
): VersionStore {
  const removed = new Map<Digest, StoredManifest>();
  let size = 0;

  /** @returns the tags without a manifest, beside those with one */
  async function resolve(tags: readonly Tag[]): Promise<readonly (readonly [Tag, Digest | undefined])[]> {
    return sideBySide(tags, widthOfRequests, async (tag) => [
      tag,
      (await registry.headManifest(repository, tag))?.digest,
    ]);
  }

  return {
    listsUntagged: false,

    async list() {
      const resolved = [...(await resolve(await registry.listTags(repository)))];
      const bare = resolved.flatMap(([tag, digest]) => (digest === undefined ? [tag] : []));
      if (bare.length > 0) {
        // Somebody may have removed the tag since the list was read.
        const there = new Set(await registry.listTags(repository));
        const again = await resolve(bare.filter((tag) => there.has(tag)));
        const [still] = again.flatMap(([tag, digest]) => (digest === undefined ? [tag] : []));
        if (still !== undefined) {
          throw unreadable(
            `the registry lists ${formatTagReference(repository, still)}, but has no manifest for it`,
            'Delete that tag, or publish it again.',
          );
        }
        resolved.push(...again);
      }
      const tagsOf = new Map<Digest, Tag[]>();
      for (const [tag, digest] of resolved) {
        if (digest !== undefined) tagsOf.set(digest, [...(tagsOf.get(digest) ?? []), tag]);
      }
      return [...tagsOf].map(([digest, tags]) => ({ digest, tags, since: undefined }));
    },

    async remove({ digest, tags }) {
      const manifest = await registry.findManifest(repository, digest);
      if (manifest === undefined) return undefined;
      try {
        await removeTagged(registry, repository, digest, tags);
      } catch (error) {
        throw error instanceof RegistryError ? refusalOf(error, repository) : error;
      }
      size += manifest.bytes.length;
      if (size <= mostKept) removed.set(digest, manifest);
      return undefined;
    },

    async restore(digest) {
      const manifest = removed.get(digest);
      if (manifest === undefined) return false;
      removed.delete(digest);
      // A registry takes an index only if it has what that lists.
      for (const child of linksOf(manifest).children) await this.restore(child);
      await registry.putManifest(repository, manifest, digest);
      return true;
    },
  };
}

function refusalOf(error: RegistryError, repository: Repository): Error {
  const name = formatRepository(repository);
  if (error.status === 405 || error.ociCodes.includes('UNSUPPORTED')) {
    return new RegistryError('DELETE_UNSUPPORTED', {
      message: `${repository.registry} does not delete manifests: ${error.message}`,
      remedy:
        'Turn on deletion in the registry; for Distribution, set REGISTRY_STORAGE_DELETE_ENABLED=true. Or use the clean-up of the registry itself.',
      cause: error,
    });
  }
  if (error.code !== 'PUSH_DENIED') return error;
  return new PermissionError('DELETE_DENIED', {
    message: `The registry does not let this login delete manifests of ${name}: ${error.message}`,
    remedy: `Use a login that may delete in ${name}: with \`token\` and \`username\`, or in \`registry-auth\`.`,
    cause: error,
  });
}
