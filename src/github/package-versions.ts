/**
 * GitHub's packages API: the way to remove a manifest from its Container registry, which does not delete by itself
 * (https://docs.github.com/en/rest/packages/packages). A version of a container package is a manifest; its name is the
 * digest.
 */

import { type ErrorCode, RegistryError } from '../errors.ts';
import { createHttp } from '../http/http.ts';
import { exchangeOf, inShort } from '../http/request-failure.ts';
import { delayOfAnswer, isTransientStatus, type RetryPorts, retry } from '../http/retry.ts';
import type { Digest } from '../image/digest.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Environment } from '../text/environment.ts';
import { isObject, parseJson } from '../text/json.ts';

export interface PackagesApi extends RetryPorts {
  /** GITHUB_API_URL */
  readonly url: string;
  readonly token: string;
  /** HTTPS_PROXY and NO_PROXY */
  readonly environment: Environment;
  readonly retries: number;
  /** Of the package's owner, where it is known: the API has organisations and users apart. */
  readonly ownerType: 'Organization' | 'User' | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const codes: Readonly<Partial<Record<number, ErrorCode>>> = { 401: 'TOKEN_REJECTED', 403: 'PUSH_DENIED' };

const pageSize = 100;
/** Versions are listed newest first, and what is removed is of this run. */
const mostPages = 10;
const longestAnswer = 4 * 1024 * 1024;

/**
 * @param repository of a Container registry: OWNER/PACKAGE
 * @throws RegistryError MANIFEST_UNKNOWN (no such package or version), PUSH_DENIED, TOKEN_REJECTED, REGISTRY_*
 */
export async function removePackageVersions(
  api: PackagesApi,
  repository: Repository,
  digests: readonly Digest[],
): Promise<void> {
  const http = createHttp({ environment: api.environment, userAgent: 'publish-docker-package' });
  const [owner = '', ...image] = repository.path.split('/');
  const name = encodeURIComponent(image.join('/'));
  const base = api.url.replace(/\/+$/, '');

  const ask = (method: 'GET' | 'DELETE', path: string): Promise<Answer> =>
    retry(
      async () => {
        const response = await http.send({
          method,
          url: new URL(`${base}/${path}`),
          headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
          authorization: `Bearer ${api.token}`,
        });
        const text = (await http.readBytes(response, longestAnswer, 'ignore')).toString();
        const { status } = response;
        if (status === 200 || status === 204 || status === 404) return { status, body: parseJson(text) };
        const retryable = isTransientStatus(status);
        const words = inShort(text);
        throw new RegistryError(retryable ? 'REGISTRY_UNAVAILABLE' : (codes[status] ?? 'REGISTRY_REFUSED'), {
          message: `${method} ${response.url.href} was answered with ${status}: ${words}`,
          remedy:
            'Give the token the right to administer the package: the repository that publishes it has that right.',
          retryable,
          delay: retryable ? delayOfAnswer(response.headers['retry-after'], text, api.now()) : undefined,
          status,
          words,
          ...exchangeOf(response),
        });
      },
      { what: `${method} ${path}`, ...api },
    );

  /** @returns `undefined` where this kind of account has no such package */
  async function findVersions(accounts: 'orgs' | 'users'): Promise<readonly string[] | undefined> {
    const versions = `${accounts}/${owner}/packages/container/${name}/versions`;
    const found = new Map<string, string>();
    for (let page = 1; page <= mostPages && found.size < digests.length; page++) {
      const { status, body } = await ask('GET', `${versions}?per_page=${pageSize}&page=${page}`);
      if (status === 404) return undefined;
      const listed = Array.isArray(body) ? body.filter(isObject) : [];
      for (const { id, name: digest } of listed) {
        if (digests.some((each) => each === digest)) found.set(String(digest), `${versions}/${id}`);
      }
      if (listed.length < pageSize) break;
    }
    return [...found.values()];
  }

  try {
    const accounts = api.ownerType === 'User' ? (['users', 'orgs'] as const) : (['orgs', 'users'] as const);
    const paths = (await findVersions(accounts[0])) ?? (await findVersions(accounts[1])) ?? [];
    // A version that is gone by the time it is to be removed answers 404, and is what was wanted.
    for (const path of paths) await ask('DELETE', path);
    if (paths.length < digests.length) {
      throw new RegistryError('MANIFEST_UNKNOWN', {
        message: `${new URL(base).host} lists ${paths.length} of ${digests.length} versions of ${formatRepository(repository)} that were to be removed.`,
        remedy: 'Give the token the right to administer the package: the repository that publishes it has it.',
      });
    }
  } finally {
    http.close();
  }
}
