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
/** No package has more versions than that; a list that does not end is not read to the end. */
const mostPages = 2_000;

/** Versions are listed newest first: what a run wrote is on one of these pages. */
const mostPagesOfRun = 10;

/** The API has the packages of organisations and of users apart. */
type Account = 'Organization' | 'User';

/** A version of a package, as GitHub lists it. */
export interface PackageVersion {
  readonly id: number;
  /** The digest of its manifest. */
  readonly name: string;
  readonly tags: readonly string[];
  /** Milliseconds since the epoch; `undefined` if GitHub does not say. */
  readonly changedAt: number | undefined;
}

/** The package of a repository. */
export interface GitHubPackage {
  /**
   * The versions, newest first, page by page.
   * @throws RegistryError PUSH_DENIED, TOKEN_REJECTED, RATE_LIMITED, REGISTRY_*, ANSWER_INVALID
   */
  listVersions(): AsyncIterable<readonly PackageVersion[]>;
  /** @returns `undefined` if there is no such version */
  findVersion(id: number): Promise<PackageVersion | undefined>;
  /** @returns whether there was such a version */
  deleteVersion(id: number): Promise<boolean>;
  /** Puts back what was deleted; GitHub keeps it for 30 days. @returns whether GitHub had it */
  restoreVersion(id: number): Promise<boolean>;
}

interface PackageName {
  readonly package_type: 'container';
  readonly package_name: string;
}

function listPage(rest: Rest, account: Account, owner: string, name: PackageName, page: number) {
  const part = { ...name, per_page: pageSize, page };
  return account === 'Organization'
    ? rest.packages.getAllPackageVersionsForPackageOwnedByOrg({ org: owner, ...part })
    : rest.packages.getAllPackageVersionsForPackageOwnedByUser({ username: owner, ...part });
}

function getOne(rest: Rest, account: Account, owner: string, name: PackageName, id: number) {
  const version = { ...name, package_version_id: id };
  return account === 'Organization'
    ? rest.packages.getPackageVersionForOrganization({ org: owner, ...version })
    : rest.packages.getPackageVersionForUser({ username: owner, ...version });
}

function deleteOne(rest: Rest, account: Account, owner: string, name: PackageName, id: number) {
  const version = { ...name, package_version_id: id };
  return account === 'Organization'
    ? rest.packages.deletePackageVersionForOrg({ org: owner, ...version })
    : rest.packages.deletePackageVersionForUser({ username: owner, ...version });
}

function restoreOne(rest: Rest, account: Account, owner: string, name: PackageName, id: number) {
  const version = { ...name, package_version_id: id };
  return account === 'Organization'
    ? rest.packages.restorePackageVersionForOrg({ org: owner, ...version })
    : rest.packages.restorePackageVersionForUser({ username: owner, ...version });
}

/** @throws RegistryError ANSWER_INVALID for what is no version: to overlook one might delete what it needs */
function readVersion(value: unknown): PackageVersion {
  const { id, name, metadata, created_at: createdAt, updated_at: updatedAt } = isObject(value) ? value : {};
  if (typeof id !== 'number' || typeof name !== 'string') {
    throw new RegistryError('ANSWER_INVALID', {
      message: `GitHub lists a version without an ID or a name: ${JSON.stringify({ id, name })}.`,
      remedy: 'Run the job again. If the error stays, tell GitHub’s support.',
    });
  }
  const container = isObject(metadata) && isObject(metadata.container) ? metadata.container : {};
  const tags = Array.isArray(container.tags) ? container.tags.filter((tag) => typeof tag === 'string') : [];
  const times = [createdAt, updatedAt].map((time) => (typeof time === 'string' ? Date.parse(time) : Number.NaN));
  const known = times.filter((time) => !Number.isNaN(time));
  return { id, name, tags, changedAt: known.length === 0 ? undefined : Math.max(...known) };
}

/**
 * @param repository of a Container registry: OWNER/PACKAGE
 * @param ownerType of the package's owner, if it is known
 * @returns `undefined` if GitHub has no such package for this token
 * @throws RegistryError as `listVersions`
 */
export async function findPackage(
  api: Pick<GitHubApi, 'ask'>,
  repository: Repository,
  ownerType: Account | undefined,
): Promise<GitHubPackage | undefined> {
  const [owner = '', ...image] = repository.path.split('/');
  const name: PackageName = { package_type: 'container', package_name: image.join('/') };
  const accounts = ownerType === 'User' ? (['User', 'Organization'] as const) : (['Organization', 'User'] as const);

  const readPage = async (account: Account, page: number): Promise<readonly unknown[] | undefined> => {
    const answer = await api.ask((rest) => listPage(rest, account, owner, name, page));
    const data: unknown = answer?.data;
    return Array.isArray(data) ? data : answer && [];
  };

  for (const account of accounts) {
    let first = await readPage(account, 1);
    if (first === undefined) continue;
    return {
      async *listVersions() {
        for (let page = 1; page <= mostPages; page++) {
          // The page that told of the package is the first one of the first list.
          const listed: readonly unknown[] = (page === 1 ? first : undefined) ?? (await readPage(account, page)) ?? [];
          first = undefined;
          yield listed.map(readVersion);
          if (listed.length < pageSize) return;
        }
        throw new RegistryError('ANSWER_INVALID', {
          message: `GitHub lists more than ${mostPages * pageSize} versions of ${formatRepository(repository)}.`,
          remedy: 'Delete some of them on the page of the package.',
        });
      },
      async findVersion(id) {
        const answer = await api.ask((rest) => getOne(rest, account, owner, name, id));
        return answer && readVersion(answer.data);
      },
      deleteVersion: async (id) => (await api.ask((rest) => deleteOne(rest, account, owner, name, id))) !== undefined,
      restoreVersion: async (id) => (await api.ask((rest) => restoreOne(rest, account, owner, name, id))) !== undefined,
    };
  }
  return undefined;
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
  const found = await findPackage(api, repository, ownerType);
  const versions = new Map<string, number>();
  if (found !== undefined) {
    let pages = 0;
    for await (const page of found.listVersions()) {
      for (const { name, id } of page) if (digests.some((digest) => digest === name)) versions.set(name, id);
      if (versions.size === digests.length || ++pages >= mostPagesOfRun) break;
    }
    // A version that is gone by the time it is to be removed is what was wanted.
    for (const id of versions.values()) await found.deleteVersion(id);
  }
  if (versions.size < digests.length) {
    throw new RegistryError('MANIFEST_UNKNOWN', {
      message: `GitHub lists ${versions.size} of ${digests.length} versions of ${formatRepository(repository)} that were to be removed.`,
      remedy: 'Give the token the right to administer the package: the repository that publishes it has that right.',
    });
  }
}
