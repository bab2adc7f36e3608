import { describe, expect, test } from '@jest/globals';
import { type Circumstances, diagnose, explain } from '../../../src/diagnosis/explain.ts';
import type { DiagnosisContext, Failure } from '../../../src/diagnosis/failure-facts.ts';
import { knownMessages } from '../../../src/diagnosis/known-messages.ts';
import {
  BuildError,
  type ErrorCode,
  InputError,
  isFixedBy,
  PermissionError,
  PublishError,
  RegistryError,
  ToolError,
} from '../../../src/errors.ts';
import { parseEventPayload } from '../../../src/github/event-payload.ts';
import type { Product } from '../../../src/github/product.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { parseRepository } from '../../../src/image/repository.ts';

const github: Product = { kind: 'github.com', host: 'github.com' };
const server: Product = { kind: 'ghes', host: 'ghes.example' };

/** A push to main of Octo-Org/app, with the job's own token, to ghcr.io. */
const usual: DiagnosisContext = {
  product: github,
  kind: 'container',
  repository: parseRepository(parseRegistry('ghcr.io'), 'octo-org/app'),
  tokenForm: 'installation',
  username: 'mona',
  sourceRepository: { owner: 'Octo-Org', name: 'app' },
  ownerType: 'Organization',
  readOnlyRun: undefined,
  push: true,
};
const classic: Partial<DiagnosisContext> = { tokenForm: 'classic' };
const anonymous: Partial<DiagnosisContext> = { tokenForm: 'none', username: '' };
const onDockerRegistry: Partial<DiagnosisContext> = {
  product: server,
  kind: 'docker',
  repository: parseRepository(parseRegistry('docker.ghes.example'), 'octo-org/app/app'),
};
const onServer: Partial<DiagnosisContext> = {
  product: server,
  repository: parseRepository(parseRegistry('containers.ghes.example'), 'octo-org/app'),
};
const onOther: Partial<DiagnosisContext> = {
  kind: 'other',
  tokenForm: 'other',
  repository: parseRepository(parseRegistry('registry.example:5000'), 'team/app'),
};
const settings = 'https://github.com/orgs/Octo-Org/packages/container/app/settings';
const newToken = 'https://github.com/settings/tokens/new?scopes=write:packages';
const yaml = 'permissions:\n  contents: read\n  packages: write';

/** A request of this action's own client, as `METHOD URL`, and what came of it. */
function answered(
  request: string,
  status: number,
  words = '',
  ociCodes: readonly string[] = [],
  code?: ErrorCode,
): Failure {
  const [method = '', url = ''] = request.split(' ');
  const [, host, path] = /^https:\/\/([^/]+)\/v2\/(.+?)\/(?:blobs|manifests|tags)\//.exec(url) ?? [];
  const repository = path === undefined ? '' : `${host}/${path}`;
  const exchange = { method, url, repository, status, ociCodes, words };
  return { text: words, exchange, ...(code === undefined ? {} : { code }) };
}

const unanswered = (request: string, words: string): Failure => answered(request, 0, words);

interface Case {
  /** What a tool printed; several where tools print it differently. */
  readonly printed: readonly (string | Failure)[];
  readonly context?: Partial<DiagnosisContext>;
  readonly code: ErrorCode;
  /** Parts of the cause or the remedy. */
  readonly says: readonly string[];
}

function expectCase({ printed, context, code, says }: Case): void {
  for (const each of printed) {
    const failure = typeof each === 'string' ? { text: each } : each;
    const diagnosis = diagnose(failure, { ...usual, ...context });
    expect({ failure, code: diagnosis?.code }).toEqual({ failure, code });
    for (const part of says) expect(`${diagnosis?.cause}\n${diagnosis?.remedy}`).toContain(part);
  }
}

const lost = 'The registry accepted the login for … when this step began, and refuses it now: …';
const lostInPush: Failure = { text: 'failed to push ghcr.io/octo-org/app:1: unauthorized.', code: 'TOKEN_EXPIRED' };

const rows: Readonly<Record<string, Case>> = {
  [lost]: {
    printed: [lostInPush],
    code: 'TOKEN_EXPIRED',
    says: ['24 hours', 'that of a GitHub App after one hour', 'Run the job again', 'leave `token` out'],
  },
  'Username and password required': {
    printed: ['Error: Username and password required', 'Username required', 'Error: Password required'],
    code: 'TOKEN_MISSING',
    says: ['`token`', yaml],
  },
  'password is empty': {
    printed: ['password is empty', 'username is empty', 'error: password is required', 'Error: Password required'],
    code: 'TOKEN_MISSING',
    says: ['misspelt', yaml],
  },
  'cannot perform an interactive login from a non-TTY device': {
    printed: [
      'error: cannot perform an interactive login from a non-TTY device',
      'Error: Cannot perform an interactive login from a non TTY device',
    ],
    code: 'TOKEN_MISSING',
    says: ['`token`'],
  },
  'error saving credentials: …': {
    printed: [
      'error saving credentials: error storing credentials - err: exec: "docker-credential-desktop": executable file not found in $PATH, out: ``',
      'Error saving credentials: open /home/runner/.docker/config.json123: read-only file system',
    ],
    code: 'CREDENTIALS_UNSAVED',
    says: ['RUNNER_TEMP', 'DOCKER_CONFIG'],
  },
  "WARNING! Your credentials are stored unencrypted in '…'": {
    printed: [
      "WARNING! Your credentials are stored unencrypted in '/home/runner/.docker/config.json'.",
      'WARNING! Your password will be stored unencrypted in /root/.docker/config.json.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\nLogin Succeeded\n',
    ],
    code: 'CREDENTIALS_UNENCRYPTED',
    says: ['no failure', '`login-scope: job`'],
  },
  'Get "https://ghcr.io/v2/": denied: denied': {
    printed: [
      'Get "https://ghcr.io/v2/": denied: denied',
      'ghcr.io refused the login: Error response from daemon: Get "https://ghcr.io/v2/": denied: denied.',
      'Error response from daemon: login attempt to https://ghcr.io/v2/ failed with status: 401 Unauthorized',
    ],
    context: classic,
    code: 'TOKEN_REJECTED',
    says: ['personal access token of mona', newToken],
  },
  'unauthorized: unauthenticated: User cannot be authenticated with the token provided.': {
    printed: [
      'unauthorized: unauthenticated: User cannot be authenticated with the token provided.',
      answered(
        'POST https://ghcr.io/v2/octo-org/app/blobs/uploads/',
        401,
        'UNAUTHORIZED: unauthenticated: User cannot be authenticated with the token provided',
        ['UNAUTHORIZED'],
      ),
      'DENIED: invalid token',
    ],
    code: 'TOKEN_REJECTED',
    says: ['24 hours', 'Leave `token` out'],
  },
  'denied: permission_denied: The token provided does not match expected scopes': {
    printed: [
      'denied: permission_denied: The token provided does not match expected scopes',
      'failed to push ghcr.io/octo-org/app:1: denied: permission_denied: The token provided does not match expected scopes.',
      "Your token has not been granted the required scopes to execute this query. The 'createRegistryPackageVersion' field requires one of the following scopes: ['write:packages'], but your token has only been granted the: ['read:packages'] scopes.",
    ],
    context: classic,
    code: 'TOKEN_SCOPE_MISSING',
    says: ['lacks the scope write:packages', newToken],
  },
  'denied: permission_denied: write_package': {
    printed: [
      'denied: permission_denied: write_package',
      'failed to push ghcr.io/octo-org/app:1.0: denied: permission_denied: write_package',
      'Error: writing blob: initiating layer upload to /v2/octo-org/app/blobs/uploads/ in ghcr.io: denied: permission_denied: write_package',
      answered('POST https://ghcr.io/v2/octo-org/app/blobs/uploads/', 403, 'DENIED: permission_denied: write_package', [
        'DENIED',
      ]),
    ],
    code: 'PACKAGE_NOT_LINKED',
    says: [settings, 'add the repository Octo-Org/app with the role Write', yaml],
  },
  'denied: permission_denied: create_package': {
    printed: ['denied: permission_denied: create_package'],
    context: classic,
    code: 'PACKAGE_NOT_CREATABLE',
    says: ['Octo-Org', '`owner`', 'https://github.com/organizations/Octo-Org/settings/packages'],
  },
  'denied: permission_denied: read_package': {
    printed: [
      'denied: permission_denied: read_package',
      'failed to push ghcr.io/octo-org/app:1.0: denied: permission_denied: read_package',
    ],
    code: 'PACKAGE_NOT_LINKED',
    says: [settings, 'with the role Write'],
  },
  'denied: installation not allowed to Create organization package': {
    printed: [
      'denied: installation not allowed to Create organization package',
      '#9 ERROR: denied: installation not allowed to Create organization package',
      'Error: writing blob: initiating layer upload to /v2/octo-org/app/blobs/uploads/ in ghcr.io: denied: installation not allowed to Create organization package',
    ],
    code: 'PACKAGES_WRITE_MISSING',
    says: [yaml, 'GITHUB_TOKEN Permissions', 'https://github.com/organizations/Octo-Org/settings/packages'],
  },
  'denied: installation not allowed to Write organization package': {
    printed: [
      'failed to push ghcr.io/octo-org/app:pr-1: denied: installation not allowed to Write organization package',
    ],
    code: 'PACKAGES_WRITE_MISSING',
    says: [yaml, settings],
  },
  'denied: permission_denied: The requested installation does not exist.': {
    printed: [
      'denied: permission_denied: The requested installation does not exist.',
      {
        text: 'denied: permission_denied: The requested installation does not exist.',
        output: '#14 [auth] upstream/app-cache:pull octo-org/app:pull,push token for ghcr.io\n#14 DONE 0.0s\n',
      },
    ],
    code: 'OWNER_FOREIGN',
    says: [newToken, 'owner', 'the caches of the build'],
  },
  'denied: installation not allowed to Read organization package': {
    printed: [
      'failed to resolve source metadata for ghcr.io/octo-org/base:1: denied: installation not allowed to Read organization package',
    ],
    code: 'PACKAGE_NOT_READABLE',
    says: ['ghcr.io/octo-org/base', 'https://github.com/orgs/Octo-Org/packages/container/base/settings', 'role Read'],
  },
  'denied: not_found: owner not found': {
    printed: ['denied: not_found: owner not found', 'NAME_UNKNOWN: owner not found'],
    context: { repository: parseRepository(parseRegistry('ghcr.io'), 'old-name/app') },
    code: 'OWNER_UNKNOWN',
    says: ['github.com has no account old-name', 'Leave `owner` out'],
  },
  'unexpected status from HEAD request to https://ghcr.io/v2/…/blobs/sha256:…: 403 Forbidden': {
    printed: [
      `unexpected status from HEAD request to https://ghcr.io/v2/octo-org/app/blobs/sha256:${'0'.repeat(64)}: 403 Forbidden`,
      answered('HEAD https://ghcr.io/v2/octo-org/app/manifests/1', 403),
    ],
    code: 'PUSH_DENIED',
    says: ['does not say why', yaml, settings],
  },
  'unexpected status from POST request to …/blobs/uploads/: 403 Forbidden': {
    printed: ['unexpected status from POST request to https://ghcr.io/v2/octo-org/app/blobs/uploads/: 403 Forbidden'],
    code: 'PUSH_DENIED',
    says: [yaml, settings],
  },
  'client version … is too old. Minimum supported API version is …': {
    printed: [
      {
        text: 'ghcr.io refused the login: Error response from daemon: client version 1.20 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version.',
        code: 'LOGIN_REFUSED',
      },
    ],
    code: 'ENGINE_INCOMPATIBLE',
    says: ['too old for the engine', 'DOCKER_API_VERSION'],
  },
  'client version … is too new. Maximum supported API version is …': {
    printed: [
      'Error response from daemon: client version 1.50 is too new. Maximum supported API version is 1.43',
      'Error response from daemon: client is newer than server (client API version: 1.24, server API version: 1.23)',
    ],
    code: 'ENGINE_INCOMPATIBLE',
    says: ['engine is older than the CLI'],
  },
  'Cannot connect to the Docker daemon at …. Is the docker daemon running?': {
    printed: ['Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'],
    code: 'ENGINE_DOWN',
    says: ['DOCKER_HOST'],
  },
  'error contacting notary server: …': {
    printed: ['Error: error contacting notary server: tls: first record does not look like a TLS handshake'],
    code: 'CONTENT_TRUST_FAILED',
    says: ['`DOCKER_CONTENT_TRUST: 0`'],
  },
  "name unknown: The repository with name '…' does not exist in the registry with id '…'": {
    printed: [
      "name unknown: The repository with name 'team/app' does not exist in the registry with id '123456789012'",
      answered(
        'POST https://123456789012.dkr.ecr.eu-central-1.amazonaws.com/v2/team/app/blobs/uploads/',
        404,
        "NAME_UNKNOWN: The repository with name 'team/app' does not exist in the registry with id '123456789012'",
        ['NAME_UNKNOWN'],
        'PUSH_DENIED',
      ),
    ],
    context: {
      ...onOther,
      repository: parseRepository(parseRegistry('123456789012.dkr.ecr.eu-central-1.amazonaws.com'), 'team/app'),
    },
    code: 'REPOSITORY_MISSING',
    says: ['`aws ecr create-repository --repository-name team/app`'],
  },
  'NAME_UNKNOWN: repository name not known to registry': {
    printed: [
      answered(
        'POST https://registry.example:5000/v2/team/app/blobs/uploads/',
        404,
        'NAME_UNKNOWN: repository name not known to registry',
        ['NAME_UNKNOWN'],
        'PUSH_DENIED',
      ),
    ],
    context: onOther,
    code: 'REPOSITORY_MISSING',
    says: ['Create the repository team/app in registry.example:5000'],
  },
  'The registry refused the push: …': {
    printed: [{ text: 'The registry refused the push: denied by the admission policy.', code: 'PUSH_DENIED' }],
    context: onOther,
    code: 'PUSH_DENIED',
    says: ['registry.example:5000 does not let the login of mona push to', 'in the settings of registry.example:5000'],
  },
  '… will exceed the configured upper limit of …': {
    printed: [
      'failed to push registry.example:5000/team/app:1: denied: adding 5.2 MiB of storage resource, which when updated to current usage of 9.8 MiB will exceed the configured upper limit of 10.0 MiB.',
      answered(
        'PUT https://registry.example:5000/v2/team/app/manifests/1',
        403,
        'DENIED: Quota has been exceeded on namespace',
      ),
    ],
    context: onOther,
    code: 'QUOTA_EXCEEDED',
    says: ['registry.example:5000 has no room left for registry.example:5000/team/app', 'raise the quota there'],
  },
  "The image tag '…' already exists in the '…' repository and cannot be overwritten because the repository is immutable.":
    {
      printed: [
        "tag invalid: The image tag 'v1' already exists in the 'team/app' repository and cannot be overwritten because the repository is immutable.",
        "unknown: Failed to process request due to 'app:v1' configured as immutable.",
        answered(
          'PUT https://registry.example:5000/v2/team/app/manifests/v1',
          403,
          'DENIED: protected container registry tag',
        ),
      ],
      context: onOther,
      code: 'TAG_EXISTS',
      says: ['immutable or protected', '`if-exists: skip`'],
    },
  '413 Request Entity Too Large': {
    printed: [
      'unexpected status from PUT request to https://registry.example:5000/v2/team/app/blobs/uploads/1: 413 Request Entity Too Large',
      "error parsing HTTP 413 response body: invalid character '<' looking for beginning of value",
      answered(
        'PUT https://registry.example:5000/v2/team/app/blobs/uploads/1',
        413,
        '413 Request Entity Too Large nginx',
      ),
    ],
    context: onOther,
    code: 'LAYER_TOO_LARGE',
    says: ['the limit on request bodies of registry.example:5000', '`client_max_body_size`'],
  },
  'failed to solve: unexpected status: 403 Forbidden': {
    printed: ['failed to solve: unexpected status: 403 Forbidden', 'The registry refused the push: denied: denied.'],
    code: 'PUSH_DENIED',
    says: [yaml, settings],
  },
  'unexpected status from HEAD request to https://ghcr.io/v2/…/blobs/…: 400 Bad Request': {
    printed: [
      `unexpected status from HEAD request to https://ghcr.io/v2/tenant/blobs/sha256:${'0'.repeat(64)}: 400 Bad Request`,
    ],
    code: 'REPOSITORY_INVALID',
    says: ['ghcr.io/tenant has no owner', '`ghcr.io/octo-org/tenant`'],
  },
  'Requesting bearer token: invalid status code from registry 403 (Forbidden)': {
    printed: ['writing blob: Requesting bearer token: invalid status code from registry 403 (Forbidden)'],
    code: 'TOKEN_REJECTED',
    says: ['no longer valid'],
  },
  'trying to reuse blob … at destination: … 403 (Forbidden)': {
    printed: [
      'Error: trying to reuse blob sha256:b2d5 at destination: failed to read from destination repository octo-org/app: 403 (Forbidden)',
    ],
    code: 'PUSH_DENIED',
    says: [yaml, settings],
  },
  'Head "https://ghcr.io/v2/…/manifests/…": denied: denied': {
    printed: [
      'Error response from daemon: Head "https://ghcr.io/v2/riverqueue/riverui/manifests/latest": denied: denied',
      'Head "https://ghcr.io/v2/riverqueue/riverui/manifests/latest": error from registry: denied',
    ],
    context: { ...anonymous, push: false },
    code: 'PACKAGE_NOT_READABLE',
    says: ['ghcr.io/riverqueue/riverui', 'docker logout ghcr.io'],
  },
  'unauthorized: authentication required': {
    printed: [
      'Head "https://ghcr.io/v2/octo-org/private/manifests/1": unauthorized',
      'failed to resolve source metadata for ghcr.io/octo-org/private:1: unauthorized: authentication required',
    ],
    code: 'PACKAGE_NOT_READABLE',
    says: ['ghcr.io/octo-org/private', 'role Read'],
  },
  "pull access denied for …, repository does not exist or may require 'docker login'": {
    printed: [
      "Error response from daemon: pull access denied for octo-org/base, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      'failed to solve: octo-org/base: failed to resolve source metadata for docker.io/octo-org/base:latest: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    ],
    code: 'PACKAGE_NOT_READABLE',
    says: ['docker.io/octo-org/base', 'registry-auth:'],
  },
  'push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed':
    {
      printed: [
        'failed to push ghcr.io/octo-org/app:1: push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      ],
      context: anonymous,
      code: 'LOGIN_MISSING',
      says: ['ghcr.io', '`token`'],
    },
  'denied: requested access to the resource is denied': {
    printed: [
      {
        text: 'denied: requested access to the resource is denied',
        output:
          'The push refers to repository [docker.io/library/app]\ndenied: requested access to the resource is denied\n',
      },
      'failed to push docker.io/library/app: denied: requested access to the resource is denied',
    ],
    code: 'REFERENCE_UNQUALIFIED',
    says: ['Docker Hub', '`ghcr.io/octo-org/app`'],
  },
  'no basic auth credentials': {
    printed: ['no basic auth credentials'],
    context: { ...onOther, ...anonymous },
    code: 'LOGIN_MISSING',
    says: ['registry-auth:', 'registry.example:5000'],
  },
  'failed to fetch oauth token: …': {
    printed: [
      'failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Aocto-org%2Fapp%3Apull%2Cpush&service=ghcr.io: 403 Forbidden',
    ],
    context: classic,
    code: 'TOKEN_REJECTED',
    says: [newToken],
  },
  'failed to fetch anonymous token: … 403 Forbidden': {
    printed: ['failed to authorize: failed to fetch anonymous token: unexpected status: 403 Forbidden'],
    context: anonymous,
    code: 'LOGIN_MISSING',
    says: ['ghcr.io', '`token`'],
  },
  'Resource protected by organization SAML enforcement.': {
    printed: [
      'denied: Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.',
    ],
    context: classic,
    code: 'TOKEN_SSO_MISSING',
    says: ['Configure SSO', 'https://github.com/settings/tokens', 'Octo-Org'],
  },
  'Your request could not be authenticated by the GitHub Packages service.': {
    printed: [
      'unauthorized: Your request could not be authenticated by the GitHub Packages service. Please ensure your access token is valid and has the appropriate scopes configured.',
    ],
    context: { ...onDockerRegistry, tokenForm: 'classic' },
    code: 'TOKEN_REJECTED',
    says: ['https://ghes.example/settings/tokens/new?scopes=write:packages'],
  },
  'This credential type is not supported for registry.': {
    printed: [
      'This credential type is not supported for registry. Please use a Personal Access Token or GitHub Actions token instead.',
    ],
    code: 'TOKEN_KIND_UNSUPPORTED',
    says: [yaml, newToken],
  },
  'invalid reference format: repository name (…) must be lowercase': {
    printed: [
      'invalid reference format: repository name (Octo-Org/Base) must be lowercase',
      'failed to parse stage name "Octo-Org/Base": invalid reference format: repository name must be lowercase',
      'invalid tag "ghcr.io/Octo-Org/app:1": repository name must be lowercase',
    ],
    code: 'REPOSITORY_NOT_LOWERCASE',
    says: ['lower-case', 'Dockerfile'],
  },
  'invalid reference format': {
    printed: ['failed to parse stage name "ghcr.io//base": invalid reference format'],
    code: 'REFERENCE_INVALID',
    says: ['`FROM`', '`build-args`'],
  },
  'docker image push is only supported with a tag of the format :owner/:repo_name/:image_name.': {
    printed: [
      'name unknown: docker image push is only supported with a tag of the format :owner/:repo_name/:image_name.',
    ],
    context: { ...onDockerRegistry, repository: parseRepository(parseRegistry('docker.ghes.example'), 'octo-org/app') },
    code: 'REPOSITORY_INVALID',
    says: ['`docker.ghes.example/octo-org/app/IMAGE`'],
  },
  'manifest unknown: Docker image reference … not found under repo "…"': {
    printed: [
      `manifest unknown: Docker image reference app:sha256:${'0'.repeat(64)} not found under repo "octo-org/app"`,
    ],
    context: onDockerRegistry,
    code: 'DIGEST_UNSUPPORTED',
    says: ['NAME:TAG', '`registry: container`'],
  },
  'invalid content digest in response: invalid checksum digest format': {
    printed: [
      `failed commit on ref "layer-sha256:${'0'.repeat(64)}": invalid content digest in response: invalid checksum digest format`,
    ],
    context: onDockerRegistry,
    code: 'ENGINE_INCOMPATIBLE',
    says: ['`registry: container`', 'Docker Engine 24'],
  },
  '405 Method Not Allowed': {
    printed: [
      'unexpected status from HEAD request to https://docker.ghes.example/v2/octo-org/app/app/manifests/1: 405 Method Not Allowed',
      answered('HEAD https://docker.ghes.example/v2/octo-org/app/app/manifests/1', 405),
    ],
    context: onDockerRegistry,
    code: 'ENGINE_INCOMPATIBLE',
    says: ['`registry: container`'],
  },
  'invalid tag format': {
    printed: ['invalid argument "app:-1" for "-t, --tag" flag: invalid tag format'],
    code: 'TAG_INVALID',
    says: ['128', '`tags`'],
  },
  'repository name must not be more than 255 characters': {
    printed: ['repository name must not be more than 255 characters'],
    code: 'REPOSITORY_INVALID',
    says: ['`image`'],
  },
  'repository name must have at least one component': {
    printed: ['repository name must have at least one component'],
    code: 'REPOSITORY_INVALID',
    says: ['`image`'],
  },
  'failed commit on ref "layer-sha256:…": no response': {
    printed: [`failed commit on ref "layer-sha256:${'0'.repeat(64)}": no response`],
    code: 'UPLOAD_TIMEOUT',
    says: ['10 minutes', '10 GB', 'Split'],
  },
  'unknown blob': {
    printed: ['failed to push ghcr.io/octo-org/app:1: unknown blob', 'errors: blob unknown: blob unknown to registry'],
    code: 'UPLOAD_INTERRUPTED',
    says: ['`retries`'],
  },
  '404 BLOB_UPLOAD_UNKNOWN': {
    printed: [
      answered('PUT https://ghcr.io/v2/octo-org/app/manifests/1', 404, 'BLOB_UPLOAD_UNKNOWN: blob upload unknown'),
      answered('PUT https://ghcr.io/v2/octo-org/app/manifests/1', 404, 'BLOB_UNKNOWN'),
    ],
    code: 'UPLOAD_INTERRUPTED',
    says: ['`retries`'],
  },
  'BLOB_UPLOAD_INVALID: blob upload invalid': {
    printed: [
      'BLOB_UPLOAD_INVALID: blob upload invalid',
      answered('PUT https://ghcr.io/v2/octo-org/app/manifests/1', 404, 'The upload was refused.', [
        'BLOB_UPLOAD_INVALID',
      ]),
    ],
    code: 'UPLOAD_CHUNKED',
    says: ['in one piece', 'proxy'],
  },
  'received unexpected HTTP status: 503 Service Unavailable': {
    printed: [
      'received unexpected HTTP status: 503 Service Unavailable',
      'unexpected status from PUT request to https://ghcr.io/v2/octo-org/app/manifests/1: 502 Bad Gateway',
      'failed to push: unexpected status: 502',
      answered('PUT https://ghcr.io/v2/octo-org/app/manifests/1', 504),
    ],
    code: 'REGISTRY_UNAVAILABLE',
    says: ['`retries`'],
  },
  '429 Too Many Requests … toomanyrequests: retry-after: …': {
    printed: [
      'unexpected status: 429 Too Many Requests - Server message: toomanyrequests: retry-after: 333.939671ms, allowed: 44000/minute',
      answered('GET https://ghcr.io/v2/octo-org/app/tags/list', 429),
    ],
    code: 'RATE_LIMITED',
    says: ['`retries`', '`concurrency`'],
  },
  'MANIFEST_UNKNOWN: OCI index found, but Accept header does not support OCI indexes': {
    printed: ['MANIFEST_UNKNOWN: OCI index found, but Accept header does not support OCI indexes'],
    code: 'INDEX_UNSUPPORTED',
    says: ['single manifest'],
  },
  'manifest unknown': {
    printed: [
      'failed to resolve source metadata for ghcr.io/octo-org/base:9: ghcr.io/octo-org/base:9: not found',
      'Error response from daemon: manifest unknown',
      answered('GET https://ghcr.io/v2/octo-org/app/manifests/9', 404, 'MANIFEST_UNKNOWN: manifest unknown', [
        'MANIFEST_UNKNOWN',
      ]),
    ],
    code: 'MANIFEST_UNKNOWN',
    says: ['ghcr.io/octo-org/', 'Check the tag'],
  },
  'failed to copy: cannot reuse body, request must be retried': {
    printed: ['failed to copy: cannot reuse body, request must be retried'],
    code: 'UPLOAD_INTERRUPTED',
    says: ['`retries`'],
  },
  'failed to put manifest …: denied': {
    printed: ['failed to put manifest ghcr.io/octo-org/app:1: denied: denied'],
    code: 'PUSH_CONFLICT',
    says: ['`concurrency`'],
  },
  'unauthorized: authentication required (after a long push)': {
    printed: [
      {
        text: 'failed to push ghcr.io/octo-org/app:1: unauthorized: authentication required',
        output: '#12 exporting to image\n#12 pushing layers\n#12 pushing layers 912.4s done\n#12 ERROR: unauthorized\n',
      },
    ],
    code: 'TOKEN_EXPIRED',
    says: ['912 s', 'smaller'],
  },
  'tls: failed to verify certificate: x509: certificate signed by unknown authority': {
    printed: [
      'Error response from daemon: Get "https://containers.ghes.example/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
      {
        text: 'failed to push containers.ghes.example/octo-org/app:1: failed to do request: Head "https://containers.ghes.example/v2/octo-org/app/blobs/sha256:0": tls: failed to verify certificate: x509: certificate signed by unknown authority',
        output: '#0 building with "default" instance using docker driver\n',
      },
    ],
    context: onServer,
    code: 'CA_UNKNOWN',
    says: ['The Docker engine (not this action)', '/etc/docker/certs.d/containers.ghes.example/ca.crt'],
  },
  'x509: certificate is valid for …, not …': {
    printed: [
      'Get "https://containers.ghes.example/v2/": tls: failed to verify certificate: x509: certificate is valid for ghes.example, not containers.ghes.example',
      unanswered(
        'GET https://containers.ghes.example/v2/',
        "Hostname/IP does not match certificate's altnames (ERR_TLS_CERT_ALTNAME_INVALID)",
      ),
    ],
    context: onServer,
    code: 'CERTIFICATE_MISMATCH',
    says: ['*.ghes.example'],
  },
  'dial tcp: lookup …: no such host': {
    printed: [
      'Get "https://containers.ghes.example/v2/": dial tcp: lookup containers.ghes.example on 10.0.0.2:53: no such host',
      'dial tcp: lookup containers.ghes.example: no such host',
      unanswered('GET https://containers.ghes.example/v2/', 'getaddrinfo ENOTFOUND containers.ghes.example'),
    ],
    context: onServer,
    code: 'HOST_UNKNOWN',
    says: ['subdomain isolation', '*.ghes.example', '`registry: ghes.example`'],
  },
  'http: server gave HTTP response to HTTPS client': {
    printed: [
      'Get "https://registry.example:5000/v2/": http: server gave HTTP response to HTTPS client',
      unanswered(
        'HEAD https://registry.example:5000/v2/octo-org/app/manifests/1',
        'write EPROTO 80:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number (EPROTO)',
      ),
    ],
    context: onOther,
    code: 'PLAIN_HTTP',
    says: [
      '{"insecure-registries": ["registry.example:5000"]}',
      'location = "registry.example:5000" and insecure = true in /etc/containers/registries.conf',
    ],
  },
  'dial tcp …: connect: connection refused': {
    printed: [
      'The push failed: Get "http://registry.example:5000/v2/": dial tcp 192.0.2.1:5000: connect: connection refused.',
      'failed to do request: Head "https://registry.example:5000/v2/a/manifests/1": dial tcp 192.0.2.1:5000: connect: no route to host',
    ],
    code: 'REGISTRY_UNREACHABLE',
    says: ['Nobody answers at registry.example:5000', '`registry`', 'proxy settings'],
  },
  'no space left on device': {
    printed: [
      'The build failed: failed to update builder last activity time: write /tmp/buildx/activity: no space left on device.',
      'failed to register layer: write /usr/lib/x: no space left on device',
    ],
    code: 'FILE_REFUSED',
    says: ['is full', 'docker system prune'],
  },
  'received unexpected HTTP status: 200 OK': {
    printed: [
      answered('GET https://containers.ghes.example/v2/octo-org/app/manifests/1', 302, 'Found', [], 'ANSWER_INVALID'),
      'The push failed: received unexpected HTTP status: 200 OK.',
      'failed to push containers.ghes.example/octo-org/app:1: unexpected status from POST request to https://containers.ghes.example/v2/octo-org/app/blobs/uploads/: 302 Found',
      'error parsing HTTP 404 response body: invalid character \'<\' looking for beginning of value: "<html>"',
      answered('POST https://containers.ghes.example/v2/octo-org/app/blobs/uploads/', 200, 'Sign in to GitHub'),
    ],
    context: onServer,
    code: 'ANSWER_INVALID',
    says: ['containers.ghes.example answers, but not as a registry', 'not enabled on ghes.example'],
  },
  '… was answered with 404: …': {
    printed: [answered('POST https://registry.example:5000/v2/team/app/blobs/uploads/', 404, 'Page not found')],
    context: onOther,
    code: 'ANSWER_INVALID',
    says: ['registry.example:5000', '`registry`'],
  },
  "Docker login for 'ghcr.io' failed with exit code 1": {
    printed: ["Docker login for 'ghcr.io' failed with exit code 1"],
    context: onServer,
    code: 'TOKEN_FOREIGN',
    says: ['GitHub Enterprise Server at ghes.example', newToken],
  },
  'Request forbidden by administrative rules.': {
    printed: [
      '<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>',
      {
        text: '</html>',
        output: '<html><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</html>\n',
      },
    ],
    code: 'REGISTRY_INVALID',
    says: ['ghrc.io', 'revoke the token'],
  },
  "'using: node24' is not supported": {
    printed: ["'using: node24' is not supported, use 'docker', 'node12', 'node16' or 'node20' instead."],
    code: 'RUNNER_OUTDATED',
    says: ['2.327.1'],
  },
  '406 Not Acceptable': {
    printed: [
      'PUT https://containers.octo.ghe.com/v2/octo-org/app/manifests/sha256-0.sig: unexpected status code 406 Not Acceptable',
      answered('PUT https://ghcr.io/v2/octo-org/app/manifests/1', 406),
    ],
    code: 'MEDIA_TYPE_UNSUPPORTED',
    says: ['the image itself is not concerned', '`continue-on-error: true`'],
  },
  'manifest invalid: manifest invalid': {
    printed: [
      // The classic image store (https://github.com/project-zot/zot/issues/3104), the containerd one, and our own client.
      'failed to build: manifest invalid: manifest invalid',
      'failed to push registry.example:5000/team/app:1: unknown: manifest invalid',
      'unexpected status from PUT request to http://registry.example:5000/v2/team/app/manifests/1: 415 Unsupported Media Type',
      answered('PUT https://registry.example:5000/v2/team/app/manifests/1', 415, 'MANIFEST_INVALID: manifest invalid'),
    ],
    context: onOther,
    code: 'MEDIA_TYPE_UNSUPPORTED',
    says: ['registry.example:5000', '`outputs: type=image,oci-mediatypes=true`', '`"http": {"compat": ["docker2s2"]}`'],
  },
  'net/http: TLS handshake timeout': {
    printed: [
      'Get "https://ghcr.io/v2/": net/http: TLS handshake timeout',
      'failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://pkg-containers.githubusercontent.com/ghcr1/blobs/sha256:0": dial tcp 185.199.108.154:443: i/o timeout',
    ],
    code: 'HOST_BLOCKED',
    says: ['ghcr.io and pkg-containers.githubusercontent.com'],
  },
  '503 Egress is over the account limit': {
    printed: ['unexpected status: 503 Egress is over the account limit'],
    code: 'RATE_LIMITED',
    says: ['downloaded', 'mirror'],
  },
};

describe('what is printed', () => {
  test.each(Object.entries(rows))('%s', (_message, row) => expectCase(row));

  test('every entry of the table has its row here', () => {
    expect(Object.keys(rows).toSorted()).toEqual(knownMessages.map(({ message }) => message).toSorted());
  });

  test('every message is recognised as it is pasted, or says what varies', () => {
    for (const { message, says } of knownMessages) {
      if (message.includes('…') || message.includes('(after')) continue;
      expect({ message, matches: says?.test(message) }).toEqual({ message, matches: true });
    }
  });
});

describe('a login that is lost in the middle', () => {
  test('is one that another run gets anew, where it is the job’s', () => {
    expect(diagnose(lostInPush, usual)?.retryable).toBe(true);
    expect(diagnose(lostInPush, { ...usual, ...classic })?.retryable).toBeUndefined();
  });

  test.each<[string, Partial<DiagnosisContext>, readonly string[]]>([
    ['a personal token', classic, ['personal access token of mona expired, or was revoked', newToken, yaml]],
    [
      'that of another registry',
      onOther,
      ['login of mona expired', 'login for registry.example:5000', 'registry-auth'],
    ],
  ])('is renewed by whoever made it: %s', (_title, context, says) => {
    const failure: Failure = { text: 'unauthorized', code: 'TOKEN_EXPIRED' };
    expectCase({ printed: [failure], context, code: 'TOKEN_EXPIRED', says });
  });
});

describe('the same words in another run', () => {
  const write = 'failed to push ghcr.io/octo-org/app:1: denied: installation not allowed to Write organization package';
  test.each<[string, Case]>([
    [
      'a refused write on a pull request from a fork is the fork’s',
      { printed: [write], context: { readOnlyRun: 'fork' }, code: 'RUN_READ_ONLY', says: ['fork', '`push` at auto'] },
    ],
    [
      'a refused write in a run of Dependabot needs the permission all the more',
      { printed: [write], context: { readOnlyRun: 'dependabot' }, code: 'RUN_READ_ONLY', says: ['Dependabot', yaml] },
    ],
    [
      'a personal token on a pull request from a fork is judged by itself',
      {
        printed: ['denied: permission_denied: write_package'],
        context: { ...classic, readOnlyRun: 'fork' },
        code: 'PACKAGE_NOT_LINKED',
        says: ['under "Manage access" give mona the role Write', settings],
      },
    ],
    [
      'the job’s token does not write packages of another owner',
      {
        printed: [
          'denied: permission_denied: write_package',
          'denied: installation not allowed to Create organization package',
          'unexpected status from POST request to https://ghcr.io/v2/upstream/app/blobs/uploads/: 403 Forbidden',
        ],
        context: { repository: parseRepository(parseRegistry('ghcr.io'), 'upstream/app') },
        code: 'OWNER_FOREIGN',
        says: ['belongs to upstream', 'Octo-Org/app', 'Leave `owner` out', newToken],
      },
    ],
    [
      'a cache of another owner spoils the token for all',
      {
        printed: [
          {
            text: 'failed to solve: unexpected status: 403 Forbidden',
            output: '#14 [auth] apache/spark-cache:pull octo-org/app:pull,push token for ghcr.io\n#14 DONE 0.0s\n',
          },
        ],
        code: 'OWNER_FOREIGN',
        says: ['ghcr.io/apache/spark-cache', 'Remove apache/spark-cache'],
      },
    ],
    [
      'a fine-grained token is never taken',
      {
        printed: [
          'denied: permission_denied: The token provided does not match expected scopes',
          'denied: permission_denied: write_package',
          'Get "https://ghcr.io/v2/": denied: denied',
          'denied: permission_denied: create_package',
        ],
        context: { tokenForm: 'fine-grained' },
        code: 'TOKEN_KIND_UNSUPPORTED',
        says: ['fine-grained', newToken],
      },
    ],
    [
      'the token of the gh command gets the scope from it',
      {
        printed: ['denied: permission_denied: The token provided does not match expected scopes'],
        context: { tokenForm: 'user' },
        code: 'TOKEN_SCOPE_MISSING',
        says: ['gh auth refresh --scopes write:packages'],
      },
    ],
    [
      'a GHES token is not for ghcr.io',
      {
        printed: ['Get "https://ghcr.io/v2/": denied: denied'],
        context: { product: server, tokenForm: 'other' },
        code: 'TOKEN_FOREIGN',
        says: ['ghcr.io belongs to github.com', newToken],
      },
    ],
    [
      'a registry that is not GitHub’s hears nothing of packages',
      {
        printed: ['Get "https://registry.example:5000/v2/": unauthorized: authentication required'],
        context: onOther,
        code: 'TOKEN_REJECTED',
        says: ['registry.example:5000', '`username` and `token`'],
      },
    ],
    [
      'a push that a registry which is not GitHub’s refuses is a matter of its settings',
      {
        printed: ['denied: requested access to the resource is denied'],
        context: onOther,
        code: 'PUSH_DENIED',
        says: ['registry.example:5000/team/app'],
      },
    ],
    [
      'both kinds of account are offered where the owner’s is not known',
      {
        printed: ['denied: permission_denied: write_package'],
        context: { ownerType: undefined },
        code: 'PACKAGE_NOT_LINKED',
        says: [
          'https://github.com/orgs/Octo-Org/packages/container/app/settings',
          'https://github.com/users/Octo-Org/packages/container/app/settings',
        ],
      },
    ],
    [
      'a nested image is one encoded segment of the settings’ URL',
      {
        printed: ['denied: permission_denied: write_package'],
        context: { repository: parseRepository(parseRegistry('ghcr.io'), 'octo-org/app/api'), ownerType: 'User' },
        code: 'PACKAGE_NOT_LINKED',
        says: ['https://github.com/users/Octo-Org/packages/container/app%2Fapi/settings'],
      },
    ],
    [
      'the Docker registry has no settings of packages',
      {
        printed: ['denied: permission_denied: write_package'],
        context: onDockerRegistry,
        code: 'PACKAGE_NOT_LINKED',
        says: ['write access to octo-org/app'],
      },
    ],
    [
      'our own client needs the CA in NODE_EXTRA_CA_CERTS',
      {
        printed: [
          unanswered(
            'GET https://containers.ghes.example/v2/',
            'self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN)',
          ),
          unanswered(
            'POST https://containers.ghes.example/v2/octo-org/app/blobs/uploads/',
            'unable to verify the first certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
          ),
        ],
        context: onServer,
        code: 'CA_UNKNOWN',
        says: ['This action itself', 'NODE_EXTRA_CA_CERTS', 'containers.ghes.example'],
      },
    ],
    [
      'a BuildKit container needs the CA in its own configuration',
      {
        printed: [
          {
            text: 'failed to push containers.ghes.example/octo-org/app:1: failed to do request: Head "https://containers.ghes.example/v2/octo-org/app/blobs/sha256:0": tls: failed to verify certificate: x509: certificate signed by unknown authority',
            output: '#0 building with "builder" instance using docker-container driver\n',
          },
        ],
        context: onServer,
        code: 'CA_UNKNOWN',
        says: ['The BuildKit container', '--buildkitd-config', '[registry."containers.ghes.example"]'],
      },
    ],
    [
      'buildx, which asks for tokens itself, needs the CA of the system',
      {
        printed: [
          'failed to authorize: failed to fetch oauth token: Post "https://containers.ghes.example/token": tls: failed to verify certificate: x509: certificate signed by unknown authority',
        ],
        context: onServer,
        code: 'CA_UNKNOWN',
        says: ['buildx on this runner', 'update-ca-certificates'],
      },
    ],
    [
      'the Docker registry does not tell a token without rights from one that is not valid',
      {
        printed: ['Your request could not be authenticated by the GitHub Packages service.'],
        context: onDockerRegistry,
        code: 'TOKEN_REJECTED',
        says: [yaml, 'Octo-Org/app', 'https://ghes.example/settings/tokens/new?scopes=write:packages'],
      },
    ],
    [
      'a token endpoint that denies without a reason does not know the token',
      {
        printed: [answered('GET https://ghcr.io/token', 403, 'DENIED: denied', [], 'TOKEN_REJECTED')],
        context: classic,
        code: 'TOKEN_REJECTED',
        says: [newToken],
      },
    ],
    [
      'a run of Dependabot gets secrets of its own',
      {
        printed: ['password is empty'],
        context: { readOnlyRun: 'dependabot' },
        code: 'TOKEN_MISSING',
        says: ['Dependabot secrets'],
      },
    ],
    [
      'another registry that the step has no login for wants one',
      {
        printed: [
          'Get "https://registry.example:5000/v2/": unauthorized: authentication required',
          answered(
            'POST https://registry.example:5000/v2/team/app/manifests/1',
            401,
            'UNAUTHORIZED: authentication required',
            [],
            'TOKEN_REJECTED',
          ),
        ],
        context: { ...onOther, ...anonymous },
        code: 'LOGIN_MISSING',
        says: ['no login for registry.example:5000', 'Set `username` and `token`', 'registry-auth: |\n  - registry:'],
      },
    ],
    [
      'a push without a login to another registry is denied to the runner',
      {
        printed: [
          'unexpected status from POST request to https://registry.example:5000/v2/team/app/blobs/uploads/: 403 Forbidden',
        ],
        context: { ...onOther, ...anonymous },
        code: 'PUSH_DENIED',
        says: ['the login of this runner', '`registry-auth` (registry: registry.example:5000)'],
      },
    ],
    [
      'an image of another registry is read by its own rules',
      {
        printed: ['Head "https://registry.example:5000/v2/team/base/manifests/1": unauthorized'],
        context: { ...onOther, push: false },
        code: 'PACKAGE_NOT_READABLE',
        says: ['Let the login of mona read registry.example:5000/team/base'],
      },
    ],
    [
      'a push without a login to GitHub is one without a token',
      {
        printed: ['no basic auth credentials'],
        context: { tokenForm: 'classic' },
        code: 'LOGIN_MISSING',
        says: ['The engine has no login for ghcr.io'],
      },
    ],
    [
      'a pull without a login is refused what is private',
      {
        printed: ['no basic auth credentials', 'failed to fetch anonymous token: unexpected status: 401 Unauthorized'],
        context: { ...anonymous, push: false },
        code: 'PACKAGE_NOT_READABLE',
        says: ['docker logout ghcr.io'],
      },
    ],
    [
      'the job’s token does not create packages of another owner, nor on a fork’s pull request',
      {
        printed: ['denied: permission_denied: create_package'],
        context: { repository: parseRepository(parseRegistry('ghcr.io'), 'upstream/app') },
        code: 'OWNER_FOREIGN',
        says: ['upstream'],
      },
    ],
    [
      'a fork’s pull request creates no package',
      {
        printed: ['denied: permission_denied: create_package'],
        context: { readOnlyRun: 'fork' },
        code: 'RUN_READ_ONLY',
        says: ['fork'],
      },
    ],
    [
      'the job’s token that does not match the scopes lacks the permission',
      {
        printed: ['denied: permission_denied: The token provided does not match expected scopes'],
        code: 'PACKAGES_WRITE_MISSING',
        says: [yaml],
      },
    ],
    [
      'a user’s own package needs no leave of an organisation',
      {
        printed: ['denied: installation not allowed to Create organization package'],
        context: { ownerType: 'User' },
        code: 'PACKAGES_WRITE_MISSING',
        says: ['no token of a GitHub App other than Actions.'],
      },
    ],
    [
      'a package may be read by the job again a moment after it was made',
      {
        printed: [
          'failed to resolve source metadata for ghcr.io/octo-org/base:1: denied: permission_denied: read_package',
        ],
        code: 'PACKAGE_NOT_READABLE',
        says: ['role Read', '`packages: read`'],
      },
    ],
    [
      'outside of a repository the owner is not known',
      {
        printed: ['denied: permission_denied: The requested installation does not exist.'],
        context: { sourceRepository: undefined },
        code: 'OWNER_FOREIGN',
        says: ['an owner other than its own'],
      },
    ],
    [
      'the runner’s login on github.com failed for its token',
      {
        printed: ["Docker login for 'ghcr.io' failed with exit code 1"],
        context: classic,
        code: 'TOKEN_REJECTED',
        says: [newToken],
      },
    ],
    [
      'a certificate of any other host must name it',
      {
        printed: [
          'Get "https://registry.example:5000/v2/": x509: certificate is valid for localhost, not registry.example',
        ],
        context: onOther,
        code: 'CERTIFICATE_MISMATCH',
        says: ['a certificate that names registry.example:5000'],
      },
    ],
    [
      'podman and others do not say where they keep authorities',
      {
        printed: [
          'pinging container registry registry.example:5000: Get "https://registry.example:5000/v2/": x509: certificate signed by unknown authority',
        ],
        context: onOther,
        code: 'CA_UNKNOWN',
        says: ['/etc/docker/certs.d/registry.example:5000/ca.crt', '--buildkitd-config'],
      },
    ],
    [
      'the limit of Docker Hub is about base images',
      {
        printed: [
          'failed to resolve source metadata for docker.io/library/alpine:3: unexpected status: 429 Too Many Requests: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
        ],
        code: 'RATE_LIMITED',
        says: ['Docker Hub', 'registry: docker.io'],
      },
    ],
    [
      'a base image of another product needs a login of its own',
      {
        printed: [
          'failed to resolve source metadata for ghcr.io/octo-org/base:1: unexpected status from HEAD request to https://ghcr.io/v2/octo-org/base/manifests/1: 403 Forbidden',
        ],
        context: onServer,
        code: 'PACKAGE_NOT_READABLE',
        says: ['no login for ghcr.io', 'registry-auth:'],
      },
    ],
    [
      'an empty secret on a fork’s pull request is no misspelling',
      {
        printed: ['Username and password required'],
        context: { readOnlyRun: 'fork' },
        code: 'TOKEN_MISSING',
        says: ['a pull request from a fork gets no secrets'],
      },
    ],
    [
      '401 at once is a login that is not accepted',
      {
        printed: [
          answered('POST https://ghcr.io/v2/octo-org/app/manifests/1', 401, 'UNAUTHORIZED: authentication required'),
        ],
        code: 'TOKEN_REJECTED',
        says: ['no longer valid'],
      },
    ],
    [
      '401 of another registry that had taken the login is a right that is missing',
      {
        printed: [
          answered(
            'POST https://registry.example:5000/v2/team/app/manifests/1',
            401,
            'UNAUTHORIZED',
            [],
            'PUSH_DENIED',
          ),
        ],
        context: onOther,
        code: 'PUSH_DENIED',
        says: ['push to registry.example:5000/team/app, in the settings of registry.example:5000'],
      },
    ],
    [
      'a name that does not exist on github.com is a misspelling',
      {
        printed: ['dial tcp: lookup registry.exmaple: no such host'],
        code: 'HOST_UNKNOWN',
        says: ['registry.exmaple', 'Correct the name'],
      },
    ],
    [
      'a proxy whose name is unknown is not taken for the registry',
      {
        printed: [
          unanswered(
            'GET https://ghcr.io/token',
            'the proxy proxy.corp:3128 cannot be reached: getaddrinfo ENOTFOUND proxy.corp',
          ),
        ],
        code: 'HOST_UNKNOWN',
        says: ['The name proxy.corp has no address', 'HTTPS_PROXY'],
      },
    ],
  ])('%s', (_title, row) => expectCase(row));

  test.each([
    [
      'a process of the Dockerfile that was refused something is not explained',
      {
        text: 'The build failed at Dockerfile:2 in `RUN curl https://example.com`: process "/bin/sh -c curl https://example.com" did not complete successfully: exit code: 22',
        output: '#6 0.412 curl: (22) The requested URL returned error: 403 Forbidden\n',
        code: 'BUILD_FAILED',
      },
    ],
    [
      'a missing file of the context is not explained',
      {
        text: 'The build failed: failed to compute cache key: failed to calculate checksum of ref abc: "/dist": not found',
        output: '#5 0.2 npm error 429 Too Many Requests\n',
        code: 'BUILD_FAILED',
      },
    ],
    ['what is not known is not explained', { text: 'something else', output: '#6 1.2 denied: denied\n' }],
    [
      'a warning before an unknown failure is not the failure',
      { text: 'exit code 1', output: "WARNING! Your credentials are stored unencrypted in '/x'.\nexit code 1\n" },
    ],
    [
      '404 with a code of its own is the registry’s',
      answered('POST https://ghcr.io/v2/octo-org/app/blobs/uploads/', 404, 'NAME_UNKNOWN', ['NAME_UNKNOWN']),
    ],
    ['GitHub’s registries refuse a manifest for another reason', { text: 'manifest invalid: manifest invalid' }],
    [
      '405 on a Container registry is nothing of the Docker registry',
      answered('PUT https://ghcr.io/v2/octo-org/app/manifests/1', 405, '405 Method Not Allowed'),
    ],
  ] satisfies readonly (readonly [string, Failure])[])('%s', (_title, failure) => {
    expect(diagnose(failure, usual)).toBeUndefined();
  });
});

describe('an error is explained', () => {
  const circumstances: Circumstances = {
    product: github,
    destinations: [
      {
        registry: { registry: parseRegistry('ghcr.io'), kind: 'container' },
        repository: usual.repository,
        credential: { kind: 'token', username: 'mona' },
      },
      {
        registry: { registry: parseRegistry('registry.example:5000'), kind: 'other' },
        repository: parseRepository(parseRegistry('registry.example:5000'), 'team/app'),
        credential: { kind: 'registry-auth', username: 'robot' },
      },
    ],
    push: true,
    run: {
      sourceRepository: { owner: 'Octo-Org', name: 'app' },
      event: parseEventPayload('{"repository": {"owner": {"type": "Organization"}}}'),
      eventName: 'push',
      actor: 'mona',
    },
    secrets: {
      token: 'ghs_secret',
      registryAuth: [{ registry: 'registry.example:5000', password: 'hunter2' }],
    },
  };
  const upload = 'POST https://ghcr.io/v2/octo-org/app/blobs/uploads/';
  const refusal = new RegistryError('PUSH_DENIED', {
    message: 'In words of our own, which nothing reads.',
    remedy: 'before',
    ...answered(upload, 403, 'DENIED: permission_denied: write_package', ['DENIED']).exchange,
  });

  test('keeping the tool’s words, the detail, and itself as the cause', () => {
    const error = new ToolError('PUSH_FAILED', {
      message: 'The push failed: unknown blob.',
      remedy: 'before',
      detail: 'what docker printed',
      retryable: true,
    });
    const explained = explain(error, circumstances);
    expect(explained).toBeInstanceOf(RegistryError);
    expect(explained).toMatchObject({
      name: 'RegistryError',
      code: 'UPLOAD_INTERRUPTED',
      message:
        'The push failed: unknown blob. An upload was cut off, or the registry lost what had arrived; no tag was moved.',
      detail: 'what docker printed',
      cause: error,
      retryable: true,
    });
  });

  test.each([
    ['its engine is gone', 'Cannot connect to the Docker daemon at unix:///run/docker.sock.', 'ENGINE_DOWN'],
    ['its disk is full', 'failed to register layer: write /lib/x: no space left on device.', 'FILE_REFUSED'],
    ['its image is refused, which it says itself', 'unauthorized: authentication required.', 'BUILDER_FAILED'],
  ])('of a builder, if %s', (_title, reason, code) => {
    const error = new ToolError('BUILDER_FAILED', { message: `Its image could not be pulled: ${reason}`, remedy: '' });
    expect(explain(error, circumstances)).toMatchObject({ code, message: expect.stringContaining(reason) });
  });

  test('by who can fix it', () => {
    const explained = explain(refusal, circumstances);
    if (!(explained instanceof PublishError)) throw explained;
    expect(explained.code).toBe('PACKAGE_NOT_LINKED');
    expect(isFixedBy(explained, 'administrator')).toBe(true);
    const missing = new ToolError('PUSH_FAILED', { message: 'denied: not_found: owner not found', remedy: '' });
    expect(explain(missing, circumstances)).toBeInstanceOf(InputError);
  });

  test('with everything that the registry answered', () => {
    const busy = new RegistryError('REGISTRY_UNAVAILABLE', {
      message: 'It failed.',
      remedy: 'before',
      ...answered('PUT https://ghcr.io/v2/octo-org/app/manifests/1', 429, '', ['TOOMANYREQUESTS']).exchange,
      retryable: true,
      delay: 7_000,
    });
    expect(explain(busy, circumstances)).toMatchObject({
      code: 'RATE_LIMITED',
      status: 429,
      ociCodes: ['TOOMANYREQUESTS'],
      retryable: true,
      delay: 7_000,
      cause: busy,
    });
    expect(explain(refusal, circumstances)).toMatchObject({ status: 403, ociCodes: ['DENIED'], cause: refusal });
  });

  test('from the answer that it was made from', () => {
    const bare = new RegistryError('TOKEN_REJECTED', {
      message: 'GET was refused.',
      remedy: '',
      ...answered('GET https://ghcr.io/token', 403).exchange,
    });
    const error = new PermissionError('PUSH_DENIED', { message: 'May not push.', remedy: '', cause: bare });
    expect(explain(error, circumstances)).toMatchObject({ code: 'TOKEN_REJECTED' });
    const secrets = { ...circumstances.secrets, token: 'ghp_secret' };
    const pushed = new PermissionError('PUSH_DENIED', {
      message: 'May not push.',
      remedy: '',
      cause: new RegistryError('PUSH_DENIED', {
        message: 'HEAD was refused.',
        remedy: '',
        ...answered('HEAD https://ghcr.io/v2/octo-org/app/manifests/1', 403).exchange,
      }),
    });
    expect(explain(pushed, { ...circumstances, secrets })).toMatchObject({
      code: 'PUSH_DENIED',
      remedy: expect.stringContaining('https://github.com/settings/tokens'),
    });
  });

  test('of a login that was lost, whatever the answer was that told so', () => {
    const cause = new RegistryError('TOKEN_REJECTED', { message: 'GET was refused.', remedy: '', status: 401 });
    const error = new PermissionError('TOKEN_EXPIRED', { message: 'Refused now.', remedy: '', cause });
    expect(explain(error, circumstances)).toMatchObject({
      code: 'TOKEN_EXPIRED',
      message: expect.stringMatching(/^Refused now\. The token of a job ends/),
      cause: error,
    });
  });

  test('for the destination that the request was about', () => {
    const error = new RegistryError('PUSH_DENIED', {
      message: 'It failed. In ghcr.io/octo-org/app moved: 1.',
      remedy: '',
      ...answered('PUT https://registry.example:5000/v2/team/app/manifests/1', 403, 'DENIED: no').exchange,
    });
    expect(explain(error, circumstances)).toMatchObject({
      code: 'PUSH_DENIED',
      remedy: expect.stringContaining('in the settings of registry.example:5000.'),
    });
  });

  test('for the destination that its words name', () => {
    const error = new PermissionError('PUSH_DENIED', {
      message: 'The registry refused the push: failed to push registry.example:5000/team/app:1: denied: denied.',
      remedy: '',
    });
    expect(explain(error, circumstances)).toMatchObject({
      code: 'PUSH_DENIED',
      remedy:
        'Let the login of robot push to registry.example:5000/team/app, in the settings of registry.example:5000.',
    });
  });

  test.each([
    ['of a destination by what is known of its token', 'registry.example:5000', 'TOKEN_REJECTED'],
    ['of any other registry by itself', 'base.example', 'LOGIN_REFUSED'],
  ])('a login that was refused: %s', (_title, host, code) => {
    const error = new RegistryError('LOGIN_REFUSED', {
      message: `${host} refused the login.`,
      remedy: 'Check `registry-auth`.',
      ...answered(`GET https://${host}/v2/`, 401, 'UNAUTHORIZED: authentication required').exchange,
      repository: '',
    });
    const explained = explain(error, { ...circumstances, push: false });
    expect(explained).toMatchObject({ code });
    expect(explained === error).toBe(code === 'LOGIN_REFUSED');
  });

  test('with the event’s own reason on a pull request from a fork', () => {
    const event = parseEventPayload(
      '{"number": 7, "pull_request": {"number": 7, "head": {"repo": {"full_name": "mona/app"}}}}',
    );
    const run = { ...circumstances.run, eventName: 'pull_request', event };
    expect(explain(refusal, { ...circumstances, run })).toMatchObject({ code: 'RUN_READ_ONLY' });
  });

  test('without any secret in it', () => {
    for (const row of Object.values(rows)) {
      for (const each of row.printed) {
        const failure = typeof each === 'string' ? { text: each } : each;
        const error = new ToolError('PUSH_FAILED', { message: failure.text, remedy: '', detail: failure.output ?? '' });
        const explained = explain(error, circumstances);
        if (!(explained instanceof PublishError)) throw explained;
        expect(`${explained.message}${explained.remedy}`).not.toMatch(/ghs_secret|hunter2/);
      }
    }
  });

  test.each<[string, unknown]>([
    ['an input error', new InputError('INPUT_INVALID', { message: 'denied: denied', remedy: '' })],
    ['a cancelled step', new ToolError('CANCELLED', { message: 'denied: denied', remedy: '' })],
    [
      'a failed build step',
      new BuildError('BUILD_FAILED', { message: 'The build failed: no such stage.', remedy: '' }),
    ],
    ['what is no error of ours', new TypeError('denied: denied')],
  ])('but %s is what it was', (_title, error) => {
    expect(explain(error, circumstances)).toBe(error);
  });

  test('and without any destination it is what it was', () => {
    expect(explain(refusal, { ...circumstances, destinations: [] })).toBe(refusal);
  });
});
