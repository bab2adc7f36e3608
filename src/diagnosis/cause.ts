/**
 * A cause: from the facts of a failure to its code, why it came about in this run, and what to do. Where the same words have
 * several causes, the run decides between them.
 */

import { type BuildError, type ErrorCode, InputError, PermissionError, RegistryError, ToolError } from '../errors.ts';
import type { Facts } from './failure-facts.ts';

/** Who can mend what was diagnosed. */
export const classOfCode = {
  TOKEN_MISSING: InputError,
  TOKEN_FOREIGN: InputError,
  LOGIN_MISSING: InputError,
  OWNER_UNKNOWN: InputError,
  OWNER_FOREIGN: InputError,
  REGISTRY_INVALID: InputError,
  REPOSITORY_INVALID: InputError,
  REPOSITORY_NOT_LOWERCASE: InputError,
  REFERENCE_INVALID: InputError,
  REFERENCE_UNQUALIFIED: InputError,
  TAG_INVALID: InputError,
  DIGEST_UNSUPPORTED: InputError,
  INDEX_UNSUPPORTED: InputError,
  TOKEN_REJECTED: PermissionError,
  TOKEN_EXPIRED: PermissionError,
  TOKEN_SCOPE_MISSING: PermissionError,
  TOKEN_KIND_UNSUPPORTED: PermissionError,
  TOKEN_SSO_MISSING: PermissionError,
  PUSH_DENIED: PermissionError,
  PACKAGES_WRITE_MISSING: PermissionError,
  RUN_READ_ONLY: PermissionError,
  PACKAGE_NOT_LINKED: PermissionError,
  PACKAGE_NOT_CREATABLE: PermissionError,
  PACKAGE_NOT_READABLE: PermissionError,
  CREDENTIALS_UNSAVED: ToolError,
  CREDENTIALS_UNENCRYPTED: ToolError,
  RUNNER_OUTDATED: ToolError,
  CA_UNKNOWN: ToolError,
  CERTIFICATE_MISMATCH: ToolError,
  ENGINE_INCOMPATIBLE: ToolError,
  FILE_REFUSED: ToolError,
  ANSWER_INVALID: RegistryError,
  HOST_UNKNOWN: RegistryError,
  HOST_BLOCKED: RegistryError,
  PLAIN_HTTP: RegistryError,
  REGISTRY_UNREACHABLE: RegistryError,
  RATE_LIMITED: RegistryError,
  REGISTRY_UNAVAILABLE: RegistryError,
  UPLOAD_TIMEOUT: RegistryError,
  UPLOAD_INTERRUPTED: RegistryError,
  UPLOAD_CHUNKED: RegistryError,
  PUSH_CONFLICT: RegistryError,
  MEDIA_TYPE_UNSUPPORTED: RegistryError,
  MANIFEST_UNKNOWN: RegistryError,
} as const satisfies Partial<Record<ErrorCode, typeof BuildError>>;

export interface Diagnosis {
  readonly code: keyof typeof classOfCode;
  /** Why, in this run: one sentence or two. */
  readonly cause: string;
  readonly remedy: string;
  /** Where the failure may pass by itself although the tool did not say so. */
  readonly retryable?: boolean;
}

/** @returns `undefined` where the words mean something else in this run */
export type Cause = (facts: Facts) => Diagnosis | undefined;

/** The lines that a job needs to publish with its own token. */
export const grantPackagesWrite = 'permissions:\n  contents: read\n  packages: write';

/** The entry of `registry-auth` for a registry. */
export function registryAuthFor(registry: string): string {
  return `registry-auth: |\n  - registry: ${registry}\n    username: octocat\n    password: \${{ secrets.REGISTRY_PASSWORD }}`;
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
