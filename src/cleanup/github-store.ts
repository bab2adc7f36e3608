/** The versions of a package of GitHub's Container registry, by the packages API. */

import { PermissionError, type PublishError, RegistryError } from '../errors.ts';
import type { GitHubPackage } from '../github/package-versions.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import { parseTag, type Tag } from '../image/tag.ts';
import type { RegistryClient } from '../registry/client.ts';
import { sideBySide, widthOfRequests } from '../registry/concurrency.ts';
import type { StoredVersion, VersionStore } from './version-store.ts';

/** @param now milliseconds since the epoch */
export function openGitHubStore(
  found: GitHubPackage,
  registry: Pick<RegistryClient, 'listTags' | 'headManifest'>,
  repository: Repository,
  now: () => number,
): VersionStore {
  const ids = new Map<Digest, number>();
  const name = formatRepository(repository);
  return {
    listsUntagged: true,

    async list() {
      const versions = new Map<Digest, StoredVersion & { readonly tags: Tag[] }>();
      for await (const page of found.listVersions()) {
        for (const { id, name: text, tags, changedAt } of page) {
          const digest = parseDigest(text);
          ids.set(digest, id);
          versions.set(digest, { digest, tags: tags.map((tag) => parseTag(tag)), since: changedAt });
        }
      }
      // A list in pages overlooks a version if another job deletes one meanwhile; the registry knows each tag.
      const listed = new Set([...versions.values()].flatMap(({ tags }) => tags));
      const others = (await registry.listTags(repository)).filter((tag) => !listed.has(tag));
      await sideBySide(others, widthOfRequests, async (tag) => {
        const digest = (await registry.headManifest(repository, tag))?.digest;
        if (digest === undefined) return;
        const known = versions.get(digest);
        if (known === undefined) versions.set(digest, { digest, tags: [tag], since: now() });
        else known.tags.push(tag);
      });
      return [...versions.values()];
    },

    async remove({ digest, tags }) {
      const id = ids.get(digest);
      if (id === undefined) return 'GitHub does not list it yet';
      try {
        // With the version all its tags go, also one that somebody has set since the list was read.
        const current = tags.length === 0 ? undefined : await found.findVersion(id);
        const fresh = current?.tags.find((tag) => !tags.some((each) => each === tag));
        if (fresh !== undefined) return `it has got the tag \`${fresh}\``;
        await found.deleteVersion(id);
        return undefined;
      } catch (error) {
        const reason = error instanceof RegistryError ? whyGitHubKeeps(error) : undefined;
        if (reason !== undefined) return reason;
        throw error instanceof RegistryError ? deniedOf(error, name) : error;
      }
    },

    async restore(digest) {
      const id = ids.get(digest);
      return id !== undefined && found.restoreVersion(id);
    },
  };
}

/** GitHub refuses some versions for good (https://docs.github.com/en/packages/learn-github-packages/deleting-and-restoring-a-package). */
function whyGitHubKeeps({ status, words }: RegistryError): string | undefined {
  if (status !== 400 && status !== 422) return undefined;
  if (/more than 5,?000 downloads/i.test(words)) {
    return 'GitHub keeps public versions with more than 5,000 downloads';
  }
  return /last (?:tagged )?version/i.test(words) ? 'GitHub keeps the last version of a package' : undefined;
}

function deniedOf(error: RegistryError, name: string): PublishError {
  if (error.status !== 403 || error.retryable) return error;
  return new PermissionError('DELETE_DENIED', {
    message: `GitHub does not let this token delete versions of ${name}: ${error.message}`,
    remedy:
      'The job needs `permissions: packages: write`, and the package must give this repository the role *Admin* (package settings, *Manage Actions access*). Or set `token` to a classic personal access token with the scopes `read:packages` and `delete:packages`.',
    cause: error,
  });
}
