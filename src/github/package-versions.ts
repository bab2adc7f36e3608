/**
 * GitHub's packages API: the way to remove a manifest from its Container registry, which does not delete by itself
 * (https://docs.github.com/en/rest/packages/packages). A version of a container package is a manifest; its name is the
 * digest.
 */

import { RegistryError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import { isObject } from '../text/json.ts';
import type { GitHubApi, Rest } from './rest-api.ts';

const pageSize = 100;
/** Versions are listed newest first, and what is removed is of this run. */
const mostPages = 10;

/** The API has the packages of organisations and of users apart. */
type Account = 'Organization' | 'User';

interface Package {
  readonly package_type: 'container';
  readonly package_name: string;
}

function listVersions(rest: Rest, account: Account, owner: string, of: Package, page: number) {
  const part = { ...of, per_page: pageSize, page };
  return account === 'Organization'
    ? rest.packages.getAllPackageVersionsForPackageOwnedByOrg({ org: owner, ...part })
    : rest.packages.getAllPackageVersionsForPackageOwnedByUser({ username: owner, ...part });
}

function deleteVersion(rest: Rest, account: Account, owner: string, of: Package, id: number) {
  const version = { ...of, package_version_id: id };
  return account === 'Organization'
    ? rest.packages.deletePackageVersionForOrg({ org: owner, ...version })
    : rest.packages.deletePackageVersionForUser({ username: owner, ...version });
}

/**
 * @param repository of a Container registry: OWNER/PACKAGE
 * @param ownerType of the package's owner, if it is known
 * @throws RegistryError MANIFEST_UNKNOWN (no such package or version), PUSH_DENIED, TOKEN_REJECTED, REGISTRY_*
 */
export async function removePackageVersions(
  api: Pick<GitHubApi, 'ask'>,
  repository: Repository,
  ownerType: Account | undefined,
  digests: readonly Digest[],
): Promise<void> {
  const [owner = '', ...image] = repository.path.split('/');
  const of: Package = { package_type: 'container', package_name: image.join('/') };

  /** @returns `undefined` if this kind of account has no such package */
  async function findVersions(account: Account): Promise<ReadonlyMap<string, number> | undefined> {
    const found = new Map<string, number>();
    for (let page = 1; page <= mostPages && found.size < digests.length; page++) {
      const answer = await api.ask((rest) => listVersions(rest, account, owner, of, page));
      if (answer === undefined) return undefined;
      const data: unknown = answer.data;
      const listed = Array.isArray(data) ? data.filter(isObject) : [];
      for (const { id, name } of listed) {
        if (typeof id === 'number' && digests.some((each) => each === name)) found.set(String(name), id);
      }
      if (listed.length < pageSize) break;
    }
    return found;
  }

  const accounts = ownerType === 'User' ? (['User', 'Organization'] as const) : (['Organization', 'User'] as const);
  let removed = 0;
  for (const account of accounts) {
    const versions = await findVersions(account);
    if (versions === undefined) continue;
    // A version that is gone by the time it is to be removed answers 404, and is what was wanted.
    for (const id of versions.values()) await api.ask((rest) => deleteVersion(rest, account, owner, of, id));
    removed = versions.size;
    break;
  }
  if (removed < digests.length) {
    throw new RegistryError('MANIFEST_UNKNOWN', {
      message: `GitHub lists ${removed} of ${digests.length} versions of ${formatRepository(repository)} that were to be removed.`,
      remedy: 'Give the token the right to administer the package: the repository that publishes it has that right.',
    });
  }
}
