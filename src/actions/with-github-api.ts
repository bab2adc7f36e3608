/** Work with GitHub's REST API, which loads octokit only now and ends with its connections closed. */

import type { GitHubApi, GitHubApiOptions } from '../github/rest-api.ts';

/** @throws what the work throws */
export async function withGitHubApi<Result>(
  options: GitHubApiOptions,
  work: (api: GitHubApi) => Promise<Result>,
): Promise<Result> {
  const { createGitHubApi } = await import('../github/rest-api.ts');
  const api = createGitHubApi(options);
  try {
    return await work(api);
  } finally {
    api.close();
  }
}
