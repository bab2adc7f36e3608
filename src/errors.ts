/**
 * One typed error for everything that can go wrong. A subclass says who can fix it; the code is stable API and a
 * heading of docs/TROUBLESHOOTING.md.
 */

/** Every code this action can print. Renaming one is a breaking change. */
export const errorCodes = [
  // InputError: the author of the workflow
  'INPUT_INVALID',
  'INPUTS_INVALID',
  'INPUTS_CONTRADICT',
  'SECRET_MISSING',
  'BUILDER_MISSING',
  'REGISTRY_INVALID',
  'REPOSITORY_INVALID',
  'REFERENCE_INVALID',
  'TAG_INVALID',
  'TAG_RULE_INVALID',
  'FLAVOR_INVALID',
  'EXPRESSION_INVALID',
  'IMAGES_INVALID',
  'LABEL_INVALID',
  'ANNOTATION_INVALID',
  'DIGEST_INVALID',
  'DIGEST_UNSUPPORTED',
  'PLATFORM_INVALID',
  'REGISTRY_AUTH_INVALID',
  'TOKEN_MISSING',
  'TOKEN_FOREIGN',
  'CONTEXT_MISSING',
  'DOCKERFILE_MISSING',
  'RUN_UNKNOWN',
  'REPOSITORY_NOT_LOWERCASE',
  'REFERENCE_UNQUALIFIED',
  'OWNER_UNKNOWN',
  'OWNER_FOREIGN',
  'LOGIN_MISSING',
  'SOURCE_INVALID',
  'SOURCE_MISSING',
  'SOURCE_AMBIGUOUS',
  'SOURCE_DAMAGED',
  'SOURCE_INCOMPLETE',
  'MANIFEST_INVALID',
  'TAG_EXISTS',
  'LAYER_TOO_LARGE',
  'LAYER_FOREIGN',
  'LEG_MISSING',
  'LEG_TWICE',
  'LEG_FOREIGN',
  'LEG_INVALID',
  'INDEX_UNSUPPORTED',
  // PermissionError: an administrator of the repository, the package or the organisation
  'LOGIN_REFUSED',
  'TOKEN_REJECTED',
  'PUSH_DENIED',
  'PACKAGES_WRITE_MISSING',
  'RUN_READ_ONLY',
  'PACKAGE_NOT_LINKED',
  'PACKAGE_NOT_CREATABLE',
  'PACKAGE_NOT_READABLE',
  'TOKEN_SCOPE_MISSING',
  'TOKEN_KIND_UNSUPPORTED',
  'TOKEN_SSO_MISSING',
  'TOKEN_EXPIRED',
  // ToolError: whoever keeps the runner
  'ENGINE_MISSING',
  'ENGINE_DOWN',
  'ENGINE_CANNOT',
  'BUILDER_DOWN',
  'BUILDER_FAILED',
  'BUILDX_MISSING',
  'BUILDX_UNTRUSTED',
  'COMMAND_FAILED',
  'CANCELLED',
  'PUSH_FAILED',
  'PULL_FAILED',
  'DOCKER_CONFIG_INVALID',
  'FILE_REFUSED',
  'CREDENTIALS_UNSAVED',
  'CREDENTIALS_UNENCRYPTED',
  'RUNNER_OUTDATED',
  'CA_UNKNOWN',
  'CERTIFICATE_MISMATCH',
  'ENGINE_INCOMPATIBLE',
  // BuildError: the author of the Dockerfile
  'BUILD_FAILED',
  'CHECK_FAILED',
  // RegistryError: the registry or the way to it
  'REGISTRY_UNREACHABLE',
  'REGISTRY_REFUSED',
  'REGISTRY_UNAVAILABLE',
  'REGISTRY_UNTRUSTED',
  'ANSWER_INVALID',
  'HOST_UNKNOWN',
  'HOST_BLOCKED',
  'PLAIN_HTTP',
  'RATE_LIMITED',
  'UPLOAD_TIMEOUT',
  'UPLOAD_INTERRUPTED',
  'UPLOAD_CHUNKED',
  'PUSH_CONFLICT',
  'MEDIA_TYPE_UNSUPPORTED',
  'PULL_DENIED',
  'MANIFEST_UNKNOWN',
  'DIGEST_MISSING',
  'DIGEST_MISMATCH',
  'BLOB_MISSING',
  // InternalError: us
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorFacts {
  /** What failed, with the offending value and the expected form; one sentence or two, ending in a full stop. */
  readonly message: string;
  /** What to do about it in this very run; may hold YAML. */
  readonly remedy: string;
  /** The last lines of the tool that failed, for a collapsed group of the log. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** Whether the same attempt may succeed later (style.md 4.3: only such failures are tried again). */
  readonly retryable?: boolean;
}

export class PublishError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly detail: string;
  readonly retryable: boolean;

  constructor(code: ErrorCode, facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.code = code;
    this.remedy = facts.remedy;
    this.detail = facts.detail ?? '';
    this.retryable = facts.retryable ?? false;
  }
}

/** The author of the workflow can fix it. */
export class InputError extends PublishError {}

/** An administrator of the repository, the package or the organisation can fix it. */
export class PermissionError extends PublishError {}

/** Whoever keeps the runner can fix it. */
export class ToolError extends PublishError {}

/** The author of the Dockerfile can fix it. */
export class BuildError extends PublishError {}

/** The registry, or the way to it, failed. */
export class RegistryError extends PublishError {
  /** HTTP status, or 0 where there was no answer. */
  readonly status: number;
  /** Codes of the answer's `errors` (distribution-spec, "Error Codes"). */
  readonly ociCodes: readonly string[];

  constructor(
    code: ErrorCode,
    facts: ErrorFacts & { readonly status?: number; readonly ociCodes?: readonly string[] },
  ) {
    super(code, facts);
    this.status = facts.status ?? 0;
    this.ociCodes = facts.ociCodes ?? [];
  }
}

/** A defect of this action. */
export class InternalError extends PublishError {}

/** Several faults of one kind that are reported together, so that a workflow is mended in one go. */
export class InputFaults extends InputError {
  readonly faults: readonly InputError[];

  constructor(faults: readonly InputError[]) {
    super('INPUTS_INVALID', {
      message: `${faults.length} inputs are invalid:\n${faults.map((fault) => `- ${fault.code}: ${fault.message}`).join('\n')}`,
      remedy: [...new Set(faults.map((fault) => fault.remedy))].join('\n'),
    });
    this.faults = faults;
  }
}

/** Gathers the input errors of several checks, so that they are reported together. */
export interface Faults {
  /** Runs a check and keeps its `InputError`, giving `undefined`; any other error goes up. */
  attempt<T>(check: () => T): T | undefined;
  /** Gives each gathered fault away, for those that are no reason to stop. */
  report(tell: (fault: InputError) => void): void;
  /** Throws what was gathered: a single fault as it is, several as `InputFaults`. */
  throwIfAny(): void;
}

export function gatherFaults(): Faults {
  const faults: InputError[] = [];
  return {
    attempt(check) {
      try {
        return check();
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        if (error instanceof InputFaults) faults.push(...error.faults);
        else faults.push(error);
        return undefined;
      }
    },
    report: (tell) => faults.forEach(tell),
    throwIfAny() {
      const [first] = faults;
      if (faults.length > 1) throw new InputFaults(faults);
      if (first !== undefined) throw first;
    },
  };
}
