/**
 * Questions to GitHub's REST API (https://docs.github.com/en/rest), by octokit: one client for all of them. It sends over our
 * own HTTP client, so that proxies, time limits, limits of size and messages are the same as for a registry.
 *
 * Import this file right before the first request: @actions/github takes 80 ms to load.
 */

import { GitHub } from '@actions/github/lib/utils';
import { type ErrorCode, RegistryError } from '../errors.ts';
import { createHttp, type Http, type HttpRequest } from '../http/http.ts';
import { describeAnswer, exchangeOf, inShort, invalidAnswer } from '../http/request-failure.ts';
import { delayOfAnswer, isTransientStatus, type RetryPorts, retry } from '../http/retry.ts';
import { isLoopbackHost } from '../image/registry-name.ts';
import type { Environment } from '../text/environment.ts';
import { isObject } from '../text/json.ts';

/** The calls of the API, by area, such as `rest.repos.get`. */
export type Rest = InstanceType<typeof GitHub>['rest'];

export interface GitHubApi {
  /**
   * Asks one question, again while the failure is temporary.
   * @returns what the call gave, `undefined` if GitHub answers 404. Its data is what came, whatever its type says.
   * @throws RegistryError PUSH_DENIED (403), TOKEN_REJECTED, ANSWER_INVALID, REGISTRY_*
   */
  ask<Answer>(question: (rest: Rest) => Promise<Answer>): Promise<Answer | undefined>;
  /** Cuts what is on its way. */
  close(): void;
}

export interface GitHubApiOptions {
  /** GITHUB_API_URL */
  readonly url: string;
  /** Empty: nobody is logged in. */
  readonly token: string;
  /** HTTPS_PROXY and NO_PROXY */
  readonly environment: Environment;
  /** Cuts what is on its way when it fires. */
  readonly signal: AbortSignal;
  /** Milliseconds for an answer. Default: those of the HTTP client. */
  readonly deadline?: number;
  /** Default: each request is sent once. */
  readonly attempts?: RetryPorts & { readonly retries: number };
}

const longestAnswer = 4 * 1024 * 1024;

/** Whether nobody on the way can read along. */
function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopbackHost(hostname);
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Opens the one client of the API. */
export function createGitHubApi({ url, token, attempts, deadline, ...ways }: GitHubApiOptions): GitHubApi {
  const limits = deadline === undefined ? {} : { deadline, idleTimeout: deadline };
  const http = createHttp({ userAgent: 'publish-docker-package', ...ways, ...limits });
  const { rest } = new GitHub({
    baseUrl: url.replace(/(?<!\/)\/+$/, ''),
    userAgent: 'publish-docker-package',
    log: silent,
    request: { fetch: fetchOver(http), log: silent },
    // A token is for whoever the connection proves to be GitHub.
    ...(token !== '' && isPrivate(new URL(url)) ? { auth: token } : {}),
  });
  const now = attempts?.now ?? Date.now;
  const once = async <Answer>(question: (rest: Rest) => Promise<Answer>): Promise<Answer | undefined> => {
    try {
      return await question(rest);
    } catch (error) {
      if (isObject(error) && error.status === 404) return undefined;
      throw failureOf(error, now());
    }
  };
  return {
    ask: (question) =>
      attempts === undefined
        ? once(question)
        : retry(() => once(question), { what: `Question to ${new URL(url).host}`, ...attempts }),
    close: () => http.close(),
  };
}

/** What octokit asks of `fetch` (https://github.com/octokit/request.js#request), over our own client. */
function fetchOver(http: Http) {
  return async (
    url: string,
    init: Pick<HttpRequest, 'method' | 'signal'> & {
      readonly headers: Readonly<Record<string, string>>;
      readonly redirect?: 'follow' | 'manual' | undefined;
      /** JSON */
      readonly body?: string | undefined;
    },
  ) => {
    const { authorization, ...headers } = init.headers;
    const answer = await http.send({
      method: init.method,
      url: new URL(url),
      headers: { 'x-github-api-version': '2022-11-28', ...headers },
      authorization,
      body: init.body === undefined ? undefined : Buffer.from(init.body),
      signal: init.signal,
      redirects: init.redirect === 'manual' ? 'answer' : 'follow',
    });
    const body = await http.readBytes(answer, longestAnswer);
    return {
      status: answer.status,
      url: answer.url.href,
      headers: new Map(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
      text: async () => body.toString('utf8'),
      arrayBuffer: async () => body,
    };
  };
}

const codes: Readonly<Partial<Record<number, ErrorCode>>> = { 401: 'TOKEN_REJECTED', 403: 'PUSH_DENIED' };

/** An error of octokit as one of ours: an answer that is a refusal, or what our own client threw. */
function failureOf(error: unknown, now: number): unknown {
  if (!isObject(error)) return error;
  const { cause, request, response, status } = error;
  if (cause instanceof RegistryError) return cause;
  if (!isObject(request) || typeof status !== 'number') return error;
  const asked = { method: String(request.method), url: new URL(String(request.url)) };
  if (!isObject(response)) return cause ?? invalidAnswer(asked, String(error.message));
  const headers = isObject(response.headers) ? response.headers : {};
  const retryAfter = headers['retry-after'];
  const words = wordsOf(response.data);
  const limit = delayOfLimit(status, headers, words, now);
  const retryable = isTransientStatus(status) || limit !== undefined;
  const code = limit !== undefined ? 'RATE_LIMITED' : retryable ? 'REGISTRY_UNAVAILABLE' : codes[status];
  const delay = delayOfAnswer(typeof retryAfter === 'string' ? retryAfter : undefined, words, now) ?? limit;
  return new RegistryError(code ?? 'REGISTRY_REFUSED', {
    message: describeAnswer(asked, status, words),
    remedy: retryable
      ? 'Run the job again later, or set a higher number of `retries`.'
      : 'Give the token the right that this request needs.',
    retryable,
    delay: retryable ? delay : undefined,
    status,
    words,
    ...exchangeOf(asked),
  });
}

/**
 * How long a limit of the API is to be waited for (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api):
 * until the time that a header has, or a minute.
 * @returns milliseconds; `undefined` for an answer that is about no limit
 */
function delayOfLimit(
  status: number,
  { 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset }: Readonly<Record<string, unknown>>,
  words: string,
  now: number,
): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  if (remaining === '0' && typeof reset === 'string' && /^[0-9]{1,12}$/.test(reset)) {
    return Math.max(0, Number(reset) * 1000 - now);
  }
  return /\brate limit\b/i.test(words) ? 60_000 : undefined;
}

/** GitHub's words for a refusal (https://docs.github.com/en/rest, "Troubleshooting"): its `message`, or the text of the body. */
function wordsOf(data: unknown): string {
  if (typeof data === 'string') return inShort(data);
  if (!isObject(data)) return '';
  return inShort(typeof data.message === 'string' ? data.message : JSON.stringify(data));
}
