/**
 * What registries, docker, buildx, podman and our own distribution client print, and what it means. The first entry
 * that recognises the words and has a cause for this run decides, so the particular comes before the general.
 */

import type { ErrorCode } from '../errors.ts';
import * as access from './access-causes.ts';
import type { Cause } from './cause.ts';
import type { Failure } from './failure-facts.ts';
import * as names from './name-causes.ts';
import * as transfer from './transfer-causes.ts';

interface KnownMessage {
  /** The message as people paste it, `…` for what varies; docs/TROUBLESHOOTING.md quotes it. */
  readonly message: string;
  /** The words of an engine, a registry or the system. */
  readonly says?: RegExp;
  /** The answer to a request of this action's own client: its status, and one of its codes. */
  readonly status?: readonly number[];
  readonly ociCode?: string;
  /** The code that the failure has already, whatever the words. */
  readonly code?: ErrorCode;
  /** Whether it is about the machine of an engine or builder, whatever the step wanted of them. */
  readonly isOfMachine?: true;
  readonly cause: Cause;
}

/** Whether the words, or else the answer, are those of a known message. */
export function recognises(
  { says, status, ociCode, code }: KnownMessage,
  words: string,
  { code: given, exchange }: Failure,
): boolean {
  if (says?.test(words) || (code !== undefined && given === code)) return true;
  if (exchange === undefined || (status === undefined && ociCode === undefined)) return false;
  const { status: answered, ociCodes } = exchange;
  return (status === undefined || status.includes(answered)) && (ociCode === undefined || ociCodes.includes(ociCode));
}

export const knownMessages: readonly KnownMessage[] = [
  // In the middle of a publish
  {
    message: 'The registry accepted the login for … when this step began, and refuses it now: …',
    code: 'TOKEN_EXPIRED',
    cause: access.loginLost,
  },

  // The engine
  {
    message: 'client version … is too old. Minimum supported API version is …',
    says: /\bclient version \S+ is too old\b/,
    cause: transfer.clientOutdated,
  },
  {
    message: 'client version … is too new. Maximum supported API version is …',
    says: /\bclient version \S+ is too new\b|\bclient is newer than server\b/,
    cause: transfer.engineOutdated,
  },
  {
    message: 'Cannot connect to the Docker daemon at …. Is the docker daemon running?',
    says: /\bCannot connect to the Docker daemon\b/,
    isOfMachine: true,
    cause: transfer.engineSilent,
  },
  {
    message: 'error contacting notary server: …',
    says: /\bnotary server\b|\bremote trust data\b/,
    cause: transfer.contentTrust,
  },

  // The way to the registry
  {
    message: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    says: /x509: certificate (?:signed by unknown authority|is not trusted)|self[- ]signed certificate|unable to (?:get (?:local )?issuer certificate|verify the first certificate)|\b(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE)\b/i,
    cause: transfer.caUnknown,
  },
  {
    message: 'x509: certificate is valid for …, not …',
    says: /x509: certificate is (?:valid for .{0,500}, not |not valid for )|x509: certificate relies on legacy Common Name|\bERR_TLS_CERT_ALTNAME_INVALID\b|does not match certificate's altnames/i,
    cause: transfer.certificateMismatch,
  },
  {
    message: 'dial tcp: lookup …: no such host',
    says: /\blookup \S+(?: on \S+)?: no such host|\bgetaddrinfo (?:ENOTFOUND|EAI_AGAIN)\b|Temporary failure in name resolution/,
    cause: transfer.hostUnknown,
  },
  {
    message: 'http: server gave HTTP response to HTTPS client',
    says: /server gave HTTP response to HTTPS client|\bwrong version number\b|\bpacket length too long\b|first record does not look like a TLS handshake/,
    cause: transfer.plainHttp,
  },
  {
    message: 'net/http: TLS handshake timeout',
    says: /TLS handshake timeout|pkg-containers\.githubusercontent\.com.{0,500}(?:timeout|refused|reset|timed out)/i,
    cause: transfer.hostBlocked,
  },
  {
    // Before what recognises a web page: a proxy says it with one.
    message: '413 Request Entity Too Large',
    says: /\b413 (?:Request Entity|Payload|Content) Too Large\b|\berror parsing HTTP 413 response body\b|\b(?:status|code)[^\n]{0,20}\b413\b/i,
    status: [413],
    cause: transfer.bodyTooLarge,
  },
  {
    message: 'received unexpected HTTP status: 200 OK',
    says: /unexpected (?:HTTP )?status(?: code)?[^\n]{0,200}: (?:200 OK|30[12378]\b)|error parsing HTTP [0-9]+ response body[^\n]{0,500}invalid character '<'/,
    status: [200, 201, 301, 302, 303, 307, 308],
    code: 'ANSWER_INVALID',
    cause: transfer.noRegistry,
  },

  {
    message: 'dial tcp …: connect: connection refused',
    says: /\bdial tcp [^\n]{0,300}: connect: (?:connection refused|no route to host|network is unreachable)/,
    cause: transfer.unreachable,
  },

  // The runner
  {
    message: 'no space left on device',
    says: /\bno space left on device\b|\bdisk quota exceeded\b/i,
    isOfMachine: true,
    cause: transfer.diskFull,
  },
  {
    message: "'using: node24' is not supported",
    says: /'using: node24' is not supported/,
    cause: transfer.runnerOutdated,
  },
  {
    message: 'Request forbidden by administrative rules.',
    says: /Request forbidden by administrative rules/,
    cause: names.registryImitated,
  },

  // The login
  {
    message: "Docker login for 'ghcr.io' failed with exit code 1",
    says: /Docker login for '[^']+' failed with exit code/,
    cause: access.containerLoginFailed,
  },
  {
    message: 'Username and password required',
    says: /Username and password required|(?:^|Error: )(?:Username|Password) required/m,
    cause: access.tokenMissing,
  },
  {
    message: 'password is empty',
    says: /\b(?:password|username) is (?:empty|required)\b/i,
    cause: access.tokenMissing,
  },
  {
    message: 'cannot perform an interactive login from a non-TTY device',
    says: /cannot perform an interactive login from a non[- ]TTY device/i,
    cause: access.tokenMissing,
  },
  { message: 'error saving credentials: …', says: /error saving credentials:/i, cause: access.credentialsUnsaved },
  {
    message: "WARNING! Your credentials are stored unencrypted in '…'",
    // It comes before failures, too: only where nothing else was printed is it what the text is about.
    says: /^\s*WARNING! Your (?:credentials are|password will be) stored unencrypted in [^\n]*(?:\n(?:Configure a credential helper|https?:\/\/|Login Succeeded)[^\n]*|\n[^\S\n]*)*$/,
    cause: access.credentialsUnencrypted,
  },
  {
    message: 'Resource protected by organization SAML enforcement.',
    says: /Resource protected by organization SAML enforcement/i,
    cause: access.tokenSsoMissing,
  },
  {
    message: 'This credential type is not supported for registry.',
    says: /credential type is not supported for registry/i,
    cause: access.tokenKindUnsupported,
  },
  {
    message: 'Your request could not be authenticated by the GitHub Packages service.',
    says: /could not be authenticated by the GitHub Packages service/i,
    cause: access.tokenRefused,
  },
  {
    message: 'denied: permission_denied: The token provided does not match expected scopes',
    says: /does not match expected scopes|token has not been granted the required scopes/i,
    cause: access.tokenScopeMissing,
  },
  {
    message: 'unauthorized: unauthenticated: User cannot be authenticated with the token provided.',
    says: /User cannot be authenticated with the token provided|\binvalid token\b/i,
    cause: access.tokenRejected,
  },

  // What the registry forbids, whoever asks
  {
    message: '… will exceed the configured upper limit of …',
    says: /\bquota\b|exceed(?:s|ed)? the configured upper limit|\bstorage limit\b|\binsufficient storage\b/i,
    status: [507],
    cause: access.quotaExceeded,
  },
  {
    message:
      "The image tag '…' already exists in the '…' repository and cannot be overwritten because the repository is immutable.",
    says: /\bimmutable\b|cannot be overwritten|\bprotected (?:container registry )?tag\b|\btag [^\n]{0,200}\bis protected\b/i,
    cause: access.tagProtected,
  },

  {
    message: "name unknown: The repository with name '…' does not exist in the registry with id '…'",
    says: /\brepository with name '[^']*' does not exist\b/i,
    cause: access.repositoryMissing,
  },
  {
    message: 'NAME_UNKNOWN: repository name not known to registry',
    says: /\bNAME_UNKNOWN\b/,
    ociCode: 'NAME_UNKNOWN',
    cause: access.repositoryMissing,
  },

  // Rights
  {
    message: 'denied: permission_denied: write_package',
    says: /permission_denied: write_package/,
    cause: access.packageRefused,
  },
  {
    message: 'denied: permission_denied: create_package',
    says: /permission_denied: create_package/,
    cause: access.packageNotCreatable,
  },
  {
    message: 'denied: permission_denied: read_package',
    says: /permission_denied: read_package/,
    cause: access.packageUnreadable,
  },
  {
    message: 'denied: installation not allowed to Create organization package',
    says: /installation not allowed to Create (?:organization )?package/i,
    cause: access.installationMayNotWrite,
  },
  {
    message: 'denied: installation not allowed to Write organization package',
    says: /installation not allowed to Write (?:organization )?package/i,
    cause: access.installationMayNotWrite,
  },
  {
    message: 'denied: permission_denied: The requested installation does not exist.',
    says: /requested installation does not exist/i,
    cause: access.installationUnknown,
  },
  {
    message: 'denied: installation not allowed to Read organization package',
    says: /installation not allowed to Read (?:organization )?package/i,
    cause: access.packageNotReadable,
  },
  { message: 'denied: not_found: owner not found', says: /\bowner not found\b/i, cause: access.ownerUnknown },

  // Limits and outages
  {
    message: '503 Egress is over the account limit',
    says: /Egress is over the account limit/i,
    cause: transfer.egressLimited,
  },
  {
    message: '429 Too Many Requests … toomanyrequests: retry-after: …',
    says: /\btoo ?many ?requests\b|pull rate limit/i,
    status: [429],
    cause: transfer.rateLimited,
  },

  // The Docker registry
  {
    message: 'docker image push is only supported with a tag of the format :owner/:repo_name/:image_name.',
    says: /only supported with a tag of the format :owner\/:repo_name\/:image_name/,
    cause: names.segmentsMissing,
  },
  {
    message: 'manifest unknown: Docker image reference … not found under repo "…"',
    says: /Docker image reference \S*sha256:\S* not found under repo/,
    cause: names.digestUnsupported,
  },
  {
    message: 'invalid content digest in response: invalid checksum digest format',
    says: /invalid content digest in response|invalid checksum digest format/,
    cause: names.engineIncompatible,
  },
  {
    message: '405 Method Not Allowed',
    says: /\b405 Method Not Allowed\b/i,
    status: [405],
    cause: names.engineIncompatible,
  },

  // Names
  {
    message: 'invalid reference format: repository name (…) must be lowercase',
    says: /must be lowercase/,
    cause: names.notLowerCase,
  },
  { message: 'invalid tag format', says: /invalid tag format/, cause: names.tagInvalid },
  {
    message: 'repository name must not be more than 255 characters',
    says: /repository name must not be more than \d+ characters|repository name must be between/,
    cause: names.repositoryTooLong,
  },
  {
    message: 'repository name must have at least one component',
    says: /repository name must have at least one component/,
    cause: names.repositoryEmpty,
  },
  { message: 'invalid reference format', says: /invalid reference format/, cause: names.referenceInvalid },
  {
    message: 'unexpected status from HEAD request to https://ghcr.io/v2/…/blobs/…: 400 Bad Request',
    says: /\b400 Bad Request\b/i,
    status: [400, 404],
    cause: names.ownerSegmentMissing,
  },

  // Uploads
  {
    message: 'failed commit on ref "layer-sha256:…": no response',
    says: /failed commit on ref "[^"]{0,300}": no response/,
    cause: transfer.uploadTimeout,
  },
  {
    message: 'unknown blob',
    says: /\bunknown blob\b|blob unknown to registry/i,
    cause: transfer.uploadInterrupted,
  },
  {
    message: '404 BLOB_UPLOAD_UNKNOWN',
    says: /\bBLOB_UPLOAD_UNKNOWN\b|\bBLOB_UNKNOWN\b|blob upload unknown/i,
    cause: transfer.uploadInterrupted,
  },
  {
    message: 'BLOB_UPLOAD_INVALID: blob upload invalid',
    says: /\bBLOB_UPLOAD_INVALID\b|\bblob upload invalid\b/i,
    ociCode: 'BLOB_UPLOAD_INVALID',
    cause: transfer.uploadChunked,
  },
  {
    message: 'failed to copy: cannot reuse body, request must be retried',
    says: /cannot reuse body, request must be retried/,
    cause: transfer.uploadInterrupted,
  },
  {
    message: 'failed to put manifest …: denied',
    says: /failed to put manifest .{0,500}: (?:denied|unauthorized)/,
    cause: transfer.pushConflict,
  },

  // What the run wanted
  {
    message: 'MANIFEST_UNKNOWN: OCI index found, but Accept header does not support OCI indexes',
    says: /OCI index found, but Accept header does not support/i,
    cause: transfer.indexUnsupported,
  },
  {
    message: '406 Not Acceptable',
    says: /\b406 Not Acceptable\b|(?:status|HTTP)[^\n]{0,20}\b406\b/i,
    status: [406],
    cause: transfer.mediaTypeUnsupported,
  },
  {
    message: 'manifest invalid: manifest invalid',
    says: /\b(?:manifest invalid|unknown): manifest invalid\b|\b415 Unsupported Media Type\b/,
    status: [415],
    cause: transfer.dockerTypesRefused,
  },

  // Refusals without a reason, or with one that says little
  {
    message: 'Get "https://ghcr.io/v2/": denied: denied',
    says: /(?:Get "https?:\/\/[^/"]+\/v2\/": |login attempt to \S+ failed with status: 40[13] )(?:unauthorized|denied|forbidden)/i,
    code: 'LOGIN_REFUSED',
    cause: access.tokenRejected,
  },
  {
    message: 'unauthorized: authentication required (after a long push)',
    says: /unauthorized: authentication required|\b401 Unauthorized\b/i,
    status: [401],
    cause: access.tokenExpired,
  },
  {
    message:
      'push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    says: /push access denied|insufficient_scope/,
    cause: (facts) => (facts.tokenForm === 'none' ? access.loginMissing(facts) : access.pushDeniedWithoutReason(facts)),
  },
  {
    message: "pull access denied for …, repository does not exist or may require 'docker login'",
    says: /pull access denied/,
    cause: (facts) => access.packageNotReadable({ ...facts, isRead: true }),
  },
  {
    message: 'denied: requested access to the resource is denied',
    says: /requested access to the resource is denied/,
    cause: access.accessDenied,
  },
  { message: 'no basic auth credentials', says: /no basic auth credentials/, cause: access.loginMissing },
  {
    message: 'failed to fetch anonymous token: … 403 Forbidden',
    says: /failed to fetch anonymous token: .{0,500}\b40[13]\b/,
    cause: access.loginMissing,
  },
  {
    message: 'failed to fetch oauth token: …',
    says: /failed to fetch oauth token: .{0,500}(?:\b40[13]\b|denied|unauthorized)/,
    cause: access.tokenRejected,
  },
  {
    message: 'Requesting bearer token: invalid status code from registry 403 (Forbidden)',
    says: /Requesting bearer token: invalid status code from registry 40[13]/i,
    cause: access.tokenRejected,
  },
  {
    message: 'Head "https://ghcr.io/v2/…/manifests/…": denied: denied',
    says: /(?:Head|Get) "https?:\/\/[^"]+\/manifests\/[^"]+": (?:denied|error from registry: denied|unauthorized)|error from registry: (?:denied|unauthorized)/,
    cause: access.pushDeniedWithoutReason,
  },
  {
    message: 'unauthorized: authentication required',
    says: /unauthorized: authentication required|\b401 Unauthorized\b|: unauthorized\.?$/i,
    status: [401],
    cause: (facts) => {
      if (facts.isRead) return access.packageNotReadable(facts);
      // A registry that takes the login may say the same of a right that is missing.
      return facts.failure.code === 'PUSH_DENIED' && facts.failure.exchange?.status === 401
        ? access.pushDeniedWithoutReason(facts)
        : access.tokenRejected(facts);
    },
  },
  {
    message: 'unexpected status from HEAD request to https://ghcr.io/v2/…/blobs/sha256:…: 403 Forbidden',
    says: /unexpected status from HEAD request to \S+: 403/,
    cause: access.pushDeniedWithoutReason,
  },
  {
    message: 'unexpected status from POST request to …/blobs/uploads/: 403 Forbidden',
    says: /unexpected status from (?:POST|PUT|PATCH) request to \S+: 403/,
    cause: access.pushDeniedWithoutReason,
  },
  {
    message: 'trying to reuse blob … at destination: … 403 (Forbidden)',
    says: /\b403 \(Forbidden\)/,
    cause: access.pushDeniedWithoutReason,
  },
  {
    message: 'failed to solve: unexpected status: 403 Forbidden',
    says: /\b403 Forbidden\b|\bdenied: denied\b|: denied\.?$/i,
    status: [403],
    cause: (facts) =>
      facts.failure.code === 'TOKEN_REJECTED' ? access.tokenRejected(facts) : access.pushDeniedWithoutReason(facts),
  },
  {
    message: 'manifest unknown',
    says: /\bmanifest unknown\b|\bMANIFEST_UNKNOWN\b|failed to resolve source metadata for .{0,500}: not found/i,
    ociCode: 'MANIFEST_UNKNOWN',
    cause: transfer.manifestUnknown,
  },
  {
    message: '… was answered with 404: …',
    status: [404],
    cause: transfer.pageMissing,
  },
  {
    message: 'The registry refused the push: …',
    code: 'PUSH_DENIED',
    cause: access.pushDeniedWithoutReason,
  },
  {
    message: 'received unexpected HTTP status: 503 Service Unavailable',
    says: /\b(?:500 Internal Server Error|502 Bad Gateway|503 Service Unavailable|504 Gateway Time-?out)\b|unexpected (?:HTTP )?status(?: code)?[^\n]{0,200}\b50[0234]\b/i,
    status: [500, 502, 503, 504],
    cause: transfer.unavailable,
  },
];
