/**
 * A request that got no answer, half of one, or one that breaks the protocol, as one typed error. What the answer means is for the
 * caller to say.
 */

import { RegistryError } from '../errors.ts';
import { cut } from '../text/cut.ts';
import { isObject } from '../text/json.ts';

/** A request, for the error about it. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  /** The name of what the request is about; see `Exchange.repository`. */
  readonly about?: string | undefined;
}

/** Characters of a URL that are shown: the longest name of a repository and a digest fit. */
const longestUrl = 500;

/** A URL as it may be shown: without user, query and fragment, where credentials and upload states stand. */
export function formatUrl(url: URL): string {
  return cut(`${url.origin}${url.pathname}`, longestUrl);
}

/** The fields of an error about a request. */
export function exchangeOf({ method, url, about = '' }: Asked): {
  readonly method: string;
  readonly url: string;
  readonly repository: string;
} {
  return { method, url: formatUrl(url), repository: about };
}

const longestWords = 500;

/** Words of somebody else as they may be shown: on one line, and not too many. */
export function inShort(text: string): string {
  return cut(text.replace(/[\s\p{Cc}]+/gu, ' ').trim(), longestWords);
}

/**
 * The sentence about an answer that is a refusal, for people: nothing reads it back.
 * @param words of whoever answered, in short; empty if there are none
 */
export function describeAnswer({ method, url }: Asked, status: number, words: string): string {
  const said =
    words !== '' ? `: ${words}` : method === 'HEAD' ? ' (an answer to HEAD carries no reason)' : ', without a reason';
  return `${method} ${formatUrl(url)} was answered with ${status}${said}${/[.!?…]$/.test(said) ? '' : '.'}`;
}

/** An answer that breaks the protocol: too large, malformed, misleading. A retry does not help. */
export function invalidAnswer(asked: Asked, fault: string): RegistryError {
  const { host } = asked.url;
  return new RegistryError('ANSWER_INVALID', {
    message: `${host} gave an invalid answer to ${asked.method} ${formatUrl(asked.url)}: ${fault}.`,
    remedy: `Check that ${host} is the right host. A proxy or a login page may answer instead.`,
    ...exchangeOf(asked),
  });
}

/** A step that would send a credential or content where it does not belong. */
export function untrusted(asked: Asked, message: string): RegistryError {
  return new RegistryError('REGISTRY_UNTRUSTED', {
    message,
    remedy: 'Check `registry`. If the registry is yours, correct its token realm or its redirect.',
    ...exchangeOf(asked),
  });
}

/** Of a proxy that will say the same the next time. */
export const proxyRefused = 'PROXY_REFUSED';

/** Connection errors that do not pass by themselves: a name that does not exist, a head that does not end, a proxy's no. */
const lastingCodes: readonly string[] = ['ENOTFOUND', 'HPE_HEADER_OVERFLOW', proxyRefused];

/** Certificate faults (https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/, and Node's own names). */
export function isCertificateFault(code: string): boolean {
  return (
    /CERT|^UNABLE_TO_|^ERR_TLS_/.test(code) || ['CRL_HAS_EXPIRED', 'HOSTNAME_MISMATCH', 'INVALID_CA'].includes(code)
  );
}

/** OpenSSL's words for an answer in plain HTTP, among a trace of its own (`write EPROTO …:wrong version number:…`). */
function isPlainAnswer(words: string): boolean {
  return /wrong version number|packet length too long/i.test(words);
}

/** Whether the two sides could not agree on how to speak: a certificate that is not trusted, or plain HTTP in the place of TLS. */
export function isTransportFault(cause: unknown): boolean {
  return isCertificateFault(codeOf(cause)) || (cause instanceof Error && isPlainAnswer(cause.message));
}

/** A certificate whose issuer Node does not know: the system may know it. */
export function isUnknownIssuer(code: string): boolean {
  return /^(?:UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE)|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT)/.test(
    code,
  );
}

/** No answer, or half of one. */
export function failureOfConnection(asked: Asked, cause: unknown): RegistryError {
  const code = codeOf(cause);
  const told = code === 'ABORT_ERR' && isObject(cause) && isObject(cause.cause) ? cause.cause : cause;
  const said = isObject(told) && typeof told.message === 'string' && told.message !== '' ? told.message : code;
  const words = inShort(code === noCode || said.includes(code) ? said : `${said} (${code})`);
  const isPlain = isPlainAnswer(said);
  const reason = isPlain ? 'it does not speak TLS: wrong version number' : words;
  const isCertificate = isCertificateFault(code);
  const { host } = asked.url;
  return new RegistryError('REGISTRY_UNREACHABLE', {
    message: `No answer from ${host} to ${asked.method} ${formatUrl(asked.url)}: ${reason}.`,
    remedy: isCertificate
      ? `Name the CA of ${host} to this action: set NODE_EXTRA_CA_CERTS to its PEM file on the runner.`
      : `Check that the runner can reach ${host} (name, firewall, HTTPS_PROXY).`,
    cause,
    retryable: !isCertificate && !isPlain && !lastingCodes.includes(code),
    words,
    ...exchangeOf(asked),
  });
}

const noCode = 'no code';

/** The `code` of a system error; of several tried addresses, that of the first. */
export function codeOf(cause: unknown): string {
  if (!isObject(cause)) return noCode;
  if (Array.isArray(cause.errors)) return codeOf(cause.errors[0]);
  return typeof cause.code === 'string' ? cause.code : noCode;
}
