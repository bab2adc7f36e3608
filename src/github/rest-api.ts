/**
 * Questions to GitHub's REST API (https://docs.github.com/en/rest).
 */

import { createHttp } from '../http/http.ts';
import type { AskApi } from './repository-facts.ts';

const answerLimit = 4 * 1024 * 1024;

/**
 * @param apiUrl GITHUB_API_URL
 * @param token of the job; empty for none
 * @param env HTTPS_PROXY and NO_PROXY
 * @param signal cuts what is on its way
 */
export function createApi(
  apiUrl: string,
  token: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): AskApi {
  return async (path) => {
    const http = createHttp({
      environment: env,
      userAgent: 'publish-docker-package',
      idleTimeout: 5_000,
      deadline: 5_000,
      signal,
    });
    try {
      const answer = await http.send({
        method: 'GET',
        url: new URL(apiUrl.replace(/\/$/, '') + path),
        headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
        authorization: token === '' ? undefined : `Bearer ${token}`,
      });
      const body = await http.readBytes(answer, answerLimit);
      if (answer.status !== 200) throw new Error(`status ${answer.status}`);
      return JSON.parse(body.toString('utf8'));
    } finally {
      http.close();
    }
  };
}
