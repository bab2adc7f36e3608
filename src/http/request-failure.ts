/**
 * What went wrong between this client and a registry, as one typed error: the registry's own words, its codes, and
 * whether trying again can help.
 */

import { type ErrorCode, RegistryError } from '../errors.ts';
import { cut } from '../text/cut.ts';
import { isObject, parseJson } from '../text/json.ts';
import { parseChallenges } from './challenge.ts';
import { proxyRefused } from './proxy.ts';
import { delayOfAnswer, isTransientStatus } from './retry.ts';

/** What an answer said of itself. */
export interface Refusal {
  readonly status: number;
  /** Codes of the body's `errors`. */
  readonly ociCodes: readonly string[];
  /** The registry's own words: `CODE: message; …`, or the text of a body that is no JSON, in short. */
  readonly words: string;
}

/** The codes of distribution-spec, "Error Codes"; a registry may send others, which are kept as they are. */
export const ociErrorCodes = [
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'SIZE_INVALID',
  'UNAUTHORIZED',
  'DENIED',
  'UNSUPPORTED',
  'TOOMANYREQUESTS',
] as const;

export type OciErrorCode = (typeof ociErrorCodes)[number];

const longestWords = 500;

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
  const words =
    typeof said === 'string' ? said : body.replace(/<(script|style)\b.*?<\/\1>/gis, ' ').replace(/<[^>]*>/g, ' ');
  return { status, ociCodes: [], words: inShort(words) };
}

function inShort(text: string): string {
  return cut(text.replace(/[\s\p{Cc}]+/gu, ' ').trim(), longestWords);
}

/** A URL as it may be shown: without user, query and fragment, where credentials and upload states stand. */
export function formatUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

export interface AnswerFacts {
  readonly method: string;
  readonly url: URL;
  readonly refusal: Refusal;
  readonly retryAfter: string | undefined;
  readonly now: number;
  /** What a 403 means here, and a 401 to a login that is good but may not do this. */
  readonly denied: ErrorCode;
  /** What a 404 means here, where it means something. */
  readonly unknown?: ErrorCode | undefined;
  readonly challenge?: string | undefined;
  /** Whether the registry took the login just now. */
  readonly isLoginGood?: boolean;
}

/** An answer that is no success, as an error. */
export function failureOfAnswer(facts: AnswerFacts): RegistryError {
  const { method, url, refusal } = facts;
  const { status, ociCodes, words } = refusal;
  const retryable = isTransientStatus(status) || /\bunknown blob\b/i.test(words);
  const delay = retryable ? delayOfAnswer(facts.retryAfter, words, facts.now) : undefined;
  const code = codeOfAnswer(facts, retryable);
  const said =
    words !== '' ? `: ${words}` : method === 'HEAD' ? ' (an answer to HEAD carries no reason)' : ', without a reason';
  const wait = delay === undefined || delay < 1000 ? '' : ` It asks to wait ${Math.ceil(delay / 1000)} s.`;
  return new RegistryError(code, {
    message: `${method} ${formatUrl(url)} was answered with ${status}${said}${/[.!?…]$/.test(said) ? '' : '.'}${wait}`,
    remedy: remedies[code] ?? 'See what the registry says; the answer is not one that trying again changes.',
    status,
    ociCodes,
    retryable,
    ...(delay === undefined ? {} : { delay }),
  });
}

function codeOfAnswer(
  {
    refusal: { status },
    denied,
    unknown,
    challenge,
    isLoginGood = false,
  }: Pick<AnswerFacts, 'refusal' | 'denied' | 'unknown' | 'challenge' | 'isLoginGood'>,
  retryable: boolean,
): ErrorCode {
  if (retryable) return 'REGISTRY_UNAVAILABLE';
  if (status === 403 || (status === 401 && (isLoginGood || isInsufficient(challenge)))) return denied;
  if (status === 401) return 'TOKEN_REJECTED';
  return (status === 404 ? unknown : undefined) ?? 'REGISTRY_REFUSED';
}

/** Whether a 401 says that the token is good and its rights are not (RFC 6750 3.1). */
export function isInsufficient(challenge: string | undefined): boolean {
  return parseChallenges(challenge ?? '').some(({ parameters }) => parameters.get('error') === 'insufficient_scope');
}

const remedies: Partial<Record<ErrorCode, string>> = {
  REGISTRY_UNAVAILABLE: 'Run the job again later, or allow more attempts with `retries`.',
  TOKEN_REJECTED: 'Check `token` and `username`: the registry does not accept them.',
  PUSH_DENIED: 'Give the token the right to write: `permissions: packages: write`, or write access to this package.',
  PULL_DENIED: 'Give the token the right to read: `permissions: packages: read`, or read access to this package.',
  MANIFEST_UNKNOWN: 'Check the tag or digest, and that the token may see the repository.',
};

/** An answer that breaks the protocol: too large, malformed, misleading. Trying again does not help. */
export function invalidAnswer(url: URL, fault: string): RegistryError {
  return new RegistryError('ANSWER_INVALID', {
    message: `${url.host} gave an answer that is none of a registry (${formatUrl(url)}): ${fault}.`,
    remedy: 'Check that `registry` names a container registry, and that no proxy or login page answers in its place.',
  });
}

/** A step that would send a credential or content where it does not belong. */
export function untrusted(message: string): RegistryError {
  return new RegistryError('REGISTRY_UNTRUSTED', {
    message,
    remedy: 'Check `registry`; if the registry is yours, correct its token realm or redirect.',
  });
}

/** Connection errors that do not pass by themselves: a name that does not exist, a head that does not end, a proxy's no. */
const lastingCodes: readonly string[] = ['ENOTFOUND', 'HPE_HEADER_OVERFLOW', proxyRefused];

/** Certificate faults (https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/, and Node's own names). */
export function isCertificateFault(code: string): boolean {
  return (
    /CERT|^UNABLE_TO_|^ERR_TLS_/.test(code) || ['CRL_HAS_EXPIRED', 'HOSTNAME_MISMATCH', 'INVALID_CA'].includes(code)
  );
}

/** No answer, or half of one. */
export function failureOfConnection(method: string, url: URL, cause: unknown): RegistryError {
  const code = codeOf(cause);
  const told = code === 'ABORT_ERR' && isObject(cause) && isObject(cause.cause) ? cause.cause : cause;
  const said = isObject(told) && typeof told.message === 'string' && told.message !== '' ? told.message : code;
  // OpenSSL's words for an answer in plain HTTP, among a trace of its own (`write EPROTO …:wrong version number:…`).
  const isPlain = /wrong version number|packet length too long/i.test(said);
  const reason = isPlain ? 'it does not speak TLS: wrong version number' : inShort(said);
  const isCertificate = isCertificateFault(code);
  return new RegistryError('REGISTRY_UNREACHABLE', {
    message: `No answer from ${url.host} to ${method} ${formatUrl(url)}: ${reason}${code === 'no code' || reason.includes(code) ? '' : ` (${code})`}.`,
    remedy: isCertificate
      ? `Name the CA of ${url.host} to this action: set NODE_EXTRA_CA_CERTS to its PEM file on the runner.`
      : `Check that ${url.host} can be reached from the runner (name, firewall, HTTPS_PROXY).`,
    cause,
    retryable: !isCertificate && !isPlain && !lastingCodes.includes(code),
  });
}

/** The `code` of a system error; of several tried addresses, that of the first. */
export function codeOf(cause: unknown): string {
  if (!isObject(cause)) return 'no code';
  if (Array.isArray(cause.errors)) return codeOf(cause.errors[0]);
  return typeof cause.code === 'string' ? cause.code : 'no code';
}
