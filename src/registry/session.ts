/**
 * One request to a registry's API: its origin, its credential, its refusal as an error, and the attempts.
 */

import type { ErrorCode } from '../errors.ts';
import { type Http, type HttpRequest, type HttpResponse, isProtected } from '../http/http.ts';
import { formatUrl, invalidAnswer, untrusted } from '../http/request-failure.ts';
import { isTransientStatus, type RetryOptions, type RetryPorts, retry } from '../http/retry.ts';
import type { Registry } from '../image/registry-name.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Authorizer, TokenScope } from './authorization.ts';
import { failureOfAnswer, notARegistry, type Refusal, readRefusal } from './refusal.ts';

export interface ApiRequest extends Pick<HttpRequest, 'method' | 'headers' | 'body' | 'redirects' | 'signal'> {
  /** With an empty path: the registry itself. */
  readonly repository: Repository;
  /** A path below that of the repository, or the URL that the registry gave. */
  readonly at: string | URL;
  readonly scopes: readonly TokenScope[];
  /** The statuses that are an answer; any other is an error. */
  readonly accepts: readonly number[];
  /** What a 403 means, and a 404 where it means something. */
  readonly denied: ErrorCode;
  readonly unknown?: ErrorCode;
}

export interface Session {
  readonly http: Http;
  origin(registry: Registry): Promise<URL>;
  /**
   * Sends once, and once more for each challenge or expired token.
   * @throws RegistryError; see `failureOfAnswer` and `Http.send`
   */
  send(request: ApiRequest): Promise<HttpResponse>;
  /** Tries as often as the session's `retries` allow. */
  attempt<T>(what: string, attempt: (number: number) => Promise<T>, judge?: RetryOptions['judge']): Promise<T>;
  /**
   * A URL that the registry gave in an answer.
   * @throws RegistryError ANSWER_INVALID (none given), REGISTRY_UNTRUSTED (plain HTTP)
   */
  location(response: HttpResponse): URL;
}

/**
 * Whether a web application answers in the registry's place: wildcard DNS, a login page. A page that refuses (401, 403, 413) may
 * be that of a proxy before a registry.
 */
function isWebPage({ status, headers }: HttpResponse, { ociCodes }: Refusal): boolean {
  const isHtml = /^text\/html\b/i.test(headers['content-type'] ?? '');
  return isHtml && ociCodes.length === 0 && ![401, 403, 413].includes(status) && !isTransientStatus(status);
}

/** Enough for any error body that says something. */
const longestRefusal = 64 * 1024;

export function createSession(
  http: Http,
  authorizer: Authorizer,
  origin: (registry: Registry) => Promise<URL>,
  options: RetryPorts & { readonly retries: number },
): Session {
  /** @param isLoginGood where the registry took the login just now, so that a 401 is about what that may do */
  async function refuse(
    request: ApiRequest,
    response: HttpResponse,
    authorization: string | undefined,
    isLoginGood: boolean,
  ): Promise<never> {
    const { method, denied, unknown } = request;
    const text = method === 'HEAD' ? await reasonOfHead(request, response, authorization) : await readText(response);
    const refusal = readRefusal(response.status, text);
    if (isWebPage(response, refusal)) throw notARegistry(response, refusal);
    throw failureOfAnswer({
      asked: response,
      refusal,
      retryAfter: response.headers['retry-after'],
      now: options.now(),
      denied,
      unknown,
      challenge: response.headers['www-authenticate'],
      isLoginGood,
    });
  }

  async function readText(response: HttpResponse): Promise<string> {
    return (await http.readBytes(response, longestRefusal, 'ignore')).toString();
  }

  /**
   * The reason of a refusal is in the body, which an answer to HEAD does not have, so the client repeats the request as
   * GET.
   */
  async function reasonOfHead(request: ApiRequest, head: HttpResponse, authorization?: string): Promise<string> {
    head.body.on('error', () => {}).resume();
    if (head.status < 400 || isTransientStatus(head.status)) return '';
    const { headers = {}, signal } = request;
    try {
      const get = await http.send({
        method: 'GET',
        url: head.url,
        about: head.about,
        headers,
        authorization,
        signal,
        redirects: 'answer',
      });
      if (get.status === head.status) return await readText(get);
      get.body.on('error', () => {}).destroy();
      return '';
    } catch {
      // Only the explanation is lost.
      return '';
    }
  }

  return {
    http,
    origin,

    async send(request) {
      const { method, repository, at, scopes, accepts, headers, body, redirects, signal } = request;
      const { registry, path } = repository;
      const base = await origin(registry);
      const url = at instanceof URL ? at : new URL(path === '' ? '/v2/' : `/v2/${path}/${at}`, base);
      const isOwn = url.origin === base.origin;
      let authorization = isOwn ? await authorizer.authorization(registry, scopes) : undefined;
      // Harbor and Gitea answer 401, without `insufficient_scope`, to a login that may not do this.
      let isLoginGood = false;
      // A first request may meet the challenge and then a token that is refused; a later one an expired token.
      for (let renewals = authorization === undefined ? 2 : 1; ; renewals--) {
        const response = await http.send({
          method,
          url,
          about: path === '' ? undefined : formatRepository(repository),
          authorization,
          body,
          signal,
          ...(headers === undefined ? {} : { headers }),
          ...(redirects === undefined ? {} : { redirects }),
        });
        if (accepts.includes(response.status)) return response;
        const challenge = response.headers['www-authenticate'];
        const mayRenew = isOwn && response.url.origin === base.origin && renewals > 0;
        if (response.status !== 401 || !mayRenew || challenge === undefined)
          return refuse(request, response, authorization, isLoginGood);
        if (!(await authorizer.learn(registry, scopes, challenge, authorization))) {
          return refuse(request, response, authorization, isLoginGood);
        }
        response.body.on('error', () => {}).resume();
        authorization = await authorizer.authorization(registry, scopes);
        isLoginGood ||= authorization !== undefined && authorizer.provesLogin(registry, authorization);
      }
    },

    attempt(what, attempt, judge) {
      return retry(attempt, { ...options, what, ...(judge === undefined ? {} : { judge }) });
    },

    location(response) {
      const url = URL.parse(response.headers.location ?? '', response.url.href);
      if (response.headers.location === undefined || url === null) {
        throw invalidAnswer(response, 'it does not say where to go on (Location)');
      }
      if (!isProtected(response.url, url)) {
        throw untrusted(response, `${response.url.host} sends an upload to ${formatUrl(url)}, which is not encrypted.`);
      }
      url.username = '';
      url.password = '';
      return url;
    },
  };
}
