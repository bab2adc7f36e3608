/** One request to a service that issues tokens: of GitHub, or of the cloud of a registry. */

import { RegistryError } from '../errors.ts';
import type { Http, HttpRequest } from '../http/http.ts';
import { type Asked, describeAnswer, exchangeOf, inShort, invalidAnswer } from '../http/request-failure.ts';
import { delayOfAnswer, isTransientStatus, type RetryPorts, retry } from '../http/retry.ts';
import { isObject, parseJsonObject } from '../text/json.ts';

/** What the logins by identity need of the world. */
export interface TokenPorts extends RetryPorts {
  readonly http: Http;
  /** Attempts in all. */
  readonly retries: number;
  /** Called with each secret as soon as it is known. */
  readonly hide: (secret: string) => void;
}

/** Bytes of an answer: a token has a few thousand. */
const longestAnswer = 1024 * 1024;

interface TokenRequest extends Omit<HttpRequest, 'redirects' | 'body'> {
  readonly body?: string;
  /** Who must trust whom, if the service refuses. */
  readonly remedy: string;
}

/**
 * Asks once, and again while the failure is temporary. It follows no redirect: a token is for the service alone.
 * @returns the text of the answer
 * @throws RegistryError IDENTITY_REFUSED with the words of the service, REGISTRY_UNREACHABLE, REGISTRY_UNAVAILABLE, ANSWER_INVALID
 */
export function askTokenService(request: TokenRequest, { http, ...ports }: TokenPorts): Promise<string> {
  const { remedy, body, ...asked } = request;
  const once = async (): Promise<string> => {
    const sent = body === undefined ? asked : { ...asked, body: Buffer.from(body) };
    const answer = await http.send({ ...sent, redirects: 'answer' });
    const text = (await http.readBytes(answer, longestAnswer)).toString('utf8');
    if (answer.status >= 200 && answer.status < 300) return text;
    const retryable = isTransientStatus(answer.status);
    const words = wordsOf(text);
    throw new RegistryError(retryable ? 'REGISTRY_UNAVAILABLE' : 'IDENTITY_REFUSED', {
      message: describeAnswer(request, answer.status, words),
      remedy: retryable ? 'Run the job again later, or set a higher number of `retries`.' : remedy,
      retryable,
      delay: retryable ? delayOfAnswer(answer.headers['retry-after'], words, ports.now()) : undefined,
      status: answer.status,
      words,
      ...exchangeOf(request),
    });
  };
  return retry(once, { what: `Request to ${request.url.host}`, ...ports });
}

/**
 * The words of a refusal: a code and a sentence, in the fields of OAuth 2.0 (RFC 6749 5.2), Amazon (`__type`), Google (`error` is an
 * object), Docker and GitHub (`message`).
 */
function wordsOf(text: string): string {
  const answer = parseJsonObject(text) ?? {};
  const told = isObject(answer.error) ? answer.error : answer;
  const texts = [told.__type ?? told.error ?? told.status, told.error_description ?? told.message ?? told.Message];
  const words = texts.filter((value) => typeof value === 'string').join(': ');
  return inShort(words === '' ? text : words);
}

/** The fields of a form (https://url.spec.whatwg.org/#application/x-www-form-urlencoded), and the header that names the form. */
export function asForm(fields: Readonly<Record<string, string>>): Pick<TokenRequest, 'headers' | 'body'> {
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(fields).toString(),
  };
}

/** A JSON document as body, and the header that names it. */
export function asJson(content: unknown): Pick<TokenRequest, 'headers' | 'body'> {
  return {
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(content),
  };
}

/**
 * The token of an answer, hidden from here on.
 * @param name of the field that has it
 * @throws RegistryError ANSWER_INVALID
 */
export function tokenIn(asked: Asked, answer: string, name: string, { hide }: TokenPorts): string {
  const token = parseJsonObject(answer)?.[name];
  if (typeof token === 'string' && token !== '') {
    hide(token);
    return token;
  }
  throw invalidAnswer(asked, `it has no \`${name}\``);
}
