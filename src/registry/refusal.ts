/** What a registry answers if it refuses a request: its own words, its codes, and whether a retry can help. */

import { type ErrorCode, RegistryError } from '../errors.ts';
import { parseChallenges } from '../http/challenge.ts';
import { type Asked, describeAnswer, exchangeOf, formatUrl, inShort } from '../http/request-failure.ts';
import { delayOfAnswer, isTransientStatus } from '../http/retry.ts';
import { isObject, parseJson } from '../text/json.ts';
import { textOfMarkup } from '../text/markup.ts';

/** What an answer said of itself. */
export interface Refusal {
  readonly status: number;
  /** Codes of the body's `errors`. */
  readonly ociCodes: readonly string[];
  /** The registry's own words: `CODE: message; …`, or the text of a body that is not JSON, in short. */
  readonly words: string;
}

/** The codes of distribution-spec, "Error Codes"; a registry may send others, which are kept as they are. */
export type OciErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS';

/**
 * Reads the body of an answer that is no success (distribution-spec, "Error Codes"; a token endpoint's `details` or
 * `error_description`).
 */
export function readRefusal(status: number, body: string): Refusal {
  const parsed = parseJson(body);
  const errors = isObject(parsed) && Array.isArray(parsed.errors) ? parsed.errors.filter(isObject) : [];
  if (errors.length > 0) {
    const ociCodes = errors.flatMap(({ code }) =>
      typeof code === 'string' && code !== '' ? [code.toUpperCase()] : [],
    );
    const words = errors
      .map(({ code, message }) => [code, message].filter((part) => typeof part === 'string' && part !== '').join(': '))
      .join('; ');
    return { status, ociCodes, words: inShort(words) };
  }
  const said = isObject(parsed)
    ? [parsed.details, parsed.error_description, parsed.message, parsed.error].find(
        (part) => typeof part === 'string' && part !== '',
      )
    : undefined;
  return { status, ociCodes: [], words: inShort(typeof said === 'string' ? said : textOfMarkup(body)) };
}

export interface AnswerFacts {
  readonly asked: Asked;
  readonly refusal: Refusal;
  readonly retryAfter: string | undefined;
  readonly now: number;
  /** What a 403 means here, and a 401 to a login that is good but may not do this. */
  readonly denied: ErrorCode;
  /** What a 404 means here, if it means anything. */
  readonly unknown?: ErrorCode | undefined;
  readonly challenge?: string | undefined;
  /** Whether the registry accepted the login just now. */
  readonly isLoginGood?: boolean;
}

/** An answer that is no success, as an error. */
export function failureOfAnswer(facts: AnswerFacts): RegistryError {
  const { asked, refusal } = facts;
  const { status, words } = refusal;
  // Distribution reads a link that another request is writing: it finds no valid digest there, and so no content.
  const isBeingWritten = ['DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN'].every((code) => refusal.ociCodes.includes(code));
  const retryable = isTransientStatus(status) || isBeingWritten || /\bunknown blob\b/i.test(words);
  const delay = retryable ? delayOfAnswer(facts.retryAfter, words, facts.now) : undefined;
  const wait = delay === undefined || delay < 1000 ? '' : ` It asks to wait ${Math.ceil(delay / 1000)} s.`;
  const code = codeOfAnswer(facts, retryable);
  return new RegistryError(code, {
    message: `${describeAnswer(asked, status, words)}${wait}`,
    remedy: remedies[code] ?? 'Read the registry’s message above. Running the job again will not help.',
    retryable,
    delay,
    ...exchangeOf(asked),
    ...refusal,
  });
}

function codeOfAnswer(
  { refusal: { status }, denied, unknown, challenge, isLoginGood = false }: AnswerFacts,
  retryable: boolean,
): ErrorCode {
  if (retryable) return 'REGISTRY_UNAVAILABLE';
  if (status === 403 || (status === 401 && (isLoginGood || isInsufficient(challenge)))) return denied;
  if (status === 401) return 'TOKEN_REJECTED';
  return (status === 404 ? unknown : undefined) ?? 'REGISTRY_REFUSED';
}

/** Whether a 401 says that the token is good and its rights are not (RFC 6750 3.1). */
function isInsufficient(challenge: string | undefined): boolean {
  return parseChallenges(challenge ?? '').some(({ parameters }) => parameters.get('error') === 'insufficient_scope');
}

/** Those that hold for any registry; the diagnosis knows which one it is. */
const remedies: Partial<Record<ErrorCode, string>> = {
  REGISTRY_UNAVAILABLE: 'Run the job again later, or allow more attempts with `retries`.',
  TOKEN_REJECTED: 'Check `token` and `username`: the registry does not accept them.',
  PUSH_DENIED: 'Let this login push to the repository, in the settings of the registry.',
  PULL_DENIED: 'Let this login read the repository, in the settings of the registry.',
  MANIFEST_UNKNOWN: 'Check the tag or digest, and that the token may see the repository.',
};

/** A web application answers in place of a registry: wildcard DNS, a login page. */
export function notARegistry(asked: Asked, refusal: Refusal): RegistryError {
  return new RegistryError('ANSWER_INVALID', {
    message: `${asked.url.host} did not answer like a container registry: ${asked.method} ${formatUrl(asked.url)} gave a web page, with status ${refusal.status}.`,
    remedy: 'Check that `registry` names a container registry, and that no proxy or login page answers instead.',
    ...exchangeOf(asked),
    ...refusal,
  });
}
