/**
 * One typed error for everything that can go wrong. A subclass says who can fix it; the code is stable API and a
 * heading of docs/TROUBLESHOOTING.md.
 */

/** Who can fix a failure. */
type Fixer =
  /** The author of the workflow. */
  | 'author'
  /** An administrator of the repository, the package, the organisation or the registry. */
  | 'administrator'
  /** Whoever runs the runner. */
  | 'runner'
  /** The author of the Dockerfile. */
  | 'dockerfile'
  /** Whoever runs the registry, or the network between it and the runner. */
  | 'registry'
  /** The authors of this action. */
  | 'us';

/** Every code that this action can print, and who can fix the failure. To rename a code is a breaking change. */
export const errorCodes = {
  INPUT_INVALID: 'author',
  INPUTS_INVALID: 'author',
  INPUTS_CONTRADICT: 'author',
  SECRET_MISSING: 'author',
  BUILDER_MISSING: 'author',
  REGISTRY_INVALID: 'author',
  REPOSITORY_INVALID: 'author',
  REFERENCE_INVALID: 'author',
  TAG_INVALID: 'author',
  TAG_RULE_INVALID: 'author',
  FLAVOR_INVALID: 'author',
  EXPRESSION_INVALID: 'author',
  IMAGES_INVALID: 'author',
  LABEL_INVALID: 'author',
  ANNOTATION_INVALID: 'author',
  DIGEST_INVALID: 'author',
  DIGEST_UNSUPPORTED: 'author',
  PLATFORM_INVALID: 'author',
  REGISTRY_AUTH_INVALID: 'author',
  TOKEN_MISSING: 'author',
  TOKEN_FOREIGN: 'author',
  IDENTITY_INVALID: 'author',
  ID_TOKEN_MISSING: 'author',
  CONTEXT_MISSING: 'author',
  DOCKERFILE_MISSING: 'author',
  BAKE_INVALID: 'author',
  BAKE_REFUSED: 'author',
  RUN_UNKNOWN: 'author',
  REPOSITORY_NOT_LOWERCASE: 'author',
  REFERENCE_UNQUALIFIED: 'author',
  OWNER_UNKNOWN: 'author',
  OWNER_FOREIGN: 'author',
  LOGIN_MISSING: 'author',
  SOURCE_INVALID: 'author',
  SOURCE_MISSING: 'author',
  SOURCE_AMBIGUOUS: 'author',
  SOURCE_DAMAGED: 'author',
  SOURCE_INCOMPLETE: 'author',
  MANIFEST_INVALID: 'author',
  TAG_EXISTS: 'author',
  LAYER_TOO_LARGE: 'author',
  LAYER_FOREIGN: 'author',
  LEG_MISSING: 'author',
  LEG_TWICE: 'author',
  LEG_FOREIGN: 'author',
  LEG_INVALID: 'author',
  INDEX_UNSUPPORTED: 'author',
  ATTESTATION_UNSUPPORTED: 'author',
  CLEANUP_UNSUPPORTED: 'author',
  CLEANUP_UNREADABLE: 'author',
  LAST_VERSION: 'author',
  LOGIN_REFUSED: 'administrator',
  IDENTITY_REFUSED: 'administrator',
  TOKEN_REJECTED: 'administrator',
  PUSH_DENIED: 'administrator',
  PACKAGES_WRITE_MISSING: 'administrator',
  RUN_READ_ONLY: 'administrator',
  PACKAGE_NOT_LINKED: 'administrator',
  PACKAGE_NOT_CREATABLE: 'administrator',
  PACKAGE_NOT_READABLE: 'administrator',
  TOKEN_SCOPE_MISSING: 'administrator',
  TOKEN_KIND_UNSUPPORTED: 'administrator',
  TOKEN_SSO_MISSING: 'administrator',
  TOKEN_EXPIRED: 'administrator',
  PULL_DENIED: 'administrator',
  ATTESTATION_DENIED: 'administrator',
  DELETE_DENIED: 'administrator',
  QUOTA_EXCEEDED: 'administrator',
  REPOSITORY_MISSING: 'administrator',
  ENGINE_MISSING: 'runner',
  ENGINE_DOWN: 'runner',
  ENGINE_CANNOT: 'runner',
  PLATFORM_UNSUPPORTED: 'runner',
  BUILDER_DOWN: 'runner',
  BUILDER_FAILED: 'runner',
  BUILDX_MISSING: 'runner',
  BUILDX_UNTRUSTED: 'runner',
  COMMAND_FAILED: 'runner',
  CANCELLED: 'runner',
  PUSH_FAILED: 'runner',
  PULL_FAILED: 'runner',
  CONTENT_TRUST_FAILED: 'runner',
  DOCKER_CONFIG_INVALID: 'runner',
  FILE_REFUSED: 'runner',
  CREDENTIALS_UNSAVED: 'runner',
  CREDENTIALS_UNENCRYPTED: 'runner',
  RUNNER_OUTDATED: 'runner',
  CA_UNKNOWN: 'runner',
  CERTIFICATE_MISMATCH: 'runner',
  ENGINE_INCOMPATIBLE: 'runner',
  DIGEST_MISSING: 'runner',
  BUILD_FAILED: 'dockerfile',
  CHECK_FAILED: 'dockerfile',
  REGISTRY_UNREACHABLE: 'registry',
  REGISTRY_REFUSED: 'registry',
  REGISTRY_UNAVAILABLE: 'registry',
  REGISTRY_UNTRUSTED: 'registry',
  ANSWER_INVALID: 'registry',
  HOST_UNKNOWN: 'registry',
  HOST_BLOCKED: 'registry',
  PLAIN_HTTP: 'registry',
  RATE_LIMITED: 'registry',
  UPLOAD_TIMEOUT: 'registry',
  UPLOAD_INTERRUPTED: 'registry',
  UPLOAD_CHUNKED: 'registry',
  PUSH_CONFLICT: 'registry',
  MEDIA_TYPE_UNSUPPORTED: 'registry',
  DELETE_UNSUPPORTED: 'registry',
  MANIFEST_UNKNOWN: 'registry',
  DIGEST_MISMATCH: 'registry',
  BLOB_MISSING: 'registry',
  ATTESTATION_FAILED: 'registry',
  IMAGE_BROKEN: 'registry',
  INTERNAL: 'us',
} as const satisfies Readonly<Record<string, Fixer>>;

export type ErrorCode = keyof typeof errorCodes;

/** The codes of the failures that somebody can fix. */
export type CodeOf<Who extends Fixer> = {
  [Code in ErrorCode]: (typeof errorCodes)[Code] extends Who ? Code : never;
}[ErrorCode];

export interface ErrorFacts {
  /** What failed, with the offending value and the expected form: one sentence or two, ending in a full stop. */
  readonly message: string;
  /** What to do about it in this run; may contain YAML. */
  readonly remedy: string;
  /** The last lines of the tool that failed, for a collapsed group of the log. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** Whether the same attempt may succeed later: only such failures are retried. */
  readonly retryable?: boolean;
  /** The least wait before another attempt that the other side asked for, in milliseconds. */
  readonly delay?: number | undefined;
}

/** Of a message or remedy: the characters of a line, and the lines, which may be values of others. */
const longestLine = 1000;
const mostLines = 60;

/** A text with … in the middle of what is too long: the value begins it, and what is expected ends it. */
function shorten(text: string): string {
  if (text.length <= longestLine) return text;
  const lines = text.split('\n');
  const shown = lines.length > mostLines ? [...lines.slice(0, mostLines - 10), '…', ...lines.slice(-9)] : lines;
  return shown.map(shortenLine).join('\n');
}

function shortenLine(line: string): string {
  if (line.length <= longestLine) return line;
  const end = line.slice(-longestLine / 4);
  // From a word on, so that no half of a secret is shown. The log takes the text before a … for the beginning of one.
  const word = end.indexOf(' ');
  return `${line.slice(0, longestLine / 2).toWellFormed()}…${word === -1 ? '' : end.slice(word)}`;
}

/**
 * Any failure of this action. The subclass follows from who can fix it, so use the subclasses to make one; a `RegistryError` alone
 * may have any code.
 */
export class PublishError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly detail: string;
  readonly retryable: boolean;
  readonly delay: number | undefined;

  constructor(code: ErrorCode, facts: ErrorFacts) {
    super(shorten(facts.message), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.code = code;
    this.remedy = shorten(facts.remedy);
    this.detail = facts.detail ?? '';
    this.retryable = facts.retryable ?? false;
    this.delay = facts.delay;
  }
}

/** A failure whose codes are those of one fixer. */
class FailureOf<Who extends Fixer> extends PublishError {
  constructor(code: CodeOf<Who>, facts: ErrorFacts) {
    super(code, facts);
  }
}

/** The author of the workflow can fix it. */
export class InputError extends FailureOf<'author'> {}

/** An administrator of the repository, the package, the organisation or the registry can fix it. */
export class PermissionError extends FailureOf<'administrator'> {}

/** Whoever runs the runner can fix it. */
export class ToolError extends FailureOf<'runner'> {}

/** The author of the Dockerfile can fix it. */
export class BuildError extends FailureOf<'dockerfile'> {}

/** A request to a registry, and what came of it. */
export interface Exchange {
  /** Empty if there was no request of this action's own client. */
  readonly method: string;
  /** Without user, query and fragment, where credentials and upload states stand. */
  readonly url: string;
  /** `registry/path` of the repository that the request was about; empty if it was about none. */
  readonly repository: string;
  /** HTTP status, or 0 if there was no answer. */
  readonly status: number;
  /** Codes of the answer's `errors` (distribution-spec, "Error Codes"). */
  readonly ociCodes: readonly string[];
  /** The registry's own words, or the system's if there was no answer; nothing of this action's. */
  readonly words: string;
}

/**
 * A registry refused a request, or the request did not reach it. The code says who can fix it, which may be anybody: a registry also
 * answers for a right that is missing.
 */
export class RegistryError extends PublishError implements Exchange {
  readonly method: string;
  readonly url: string;
  readonly repository: string;
  readonly status: number;
  readonly ociCodes: readonly string[];
  readonly words: string;

  constructor(code: ErrorCode, facts: ErrorFacts & Partial<Exchange>) {
    super(code, facts);
    this.method = facts.method ?? '';
    this.url = facts.url ?? '';
    this.repository = facts.repository ?? '';
    this.status = facts.status ?? 0;
    this.ociCodes = facts.ociCodes ?? [];
    this.words = facts.words ?? '';
  }
}

/** A defect of this action. */
export class InternalError extends FailureOf<'us'> {}

const classes: Readonly<Record<Fixer, typeof PublishError>> = {
  author: InputError,
  administrator: PermissionError,
  runner: ToolError,
  dockerfile: BuildError,
  registry: RegistryError,
  us: InternalError,
};

/** Whether somebody can fix a failure. */
export function isFixedBy(error: PublishError, who: Fixer): boolean {
  return errorCodes[error.code] === who;
}

/**
 * The same failure with more known about it.
 * @param changes what is different; everything else stays, including what a registry answered
 * @returns a new error of the class that its code asks for, or a `RegistryError` if it was one; `error` is its cause
 */
export function withFacts(
  error: PublishError,
  { code = error.code, ...changes }: Partial<ErrorFacts & Exchange> & { readonly code?: ErrorCode },
): PublishError {
  const { message, remedy, detail, retryable, delay } = error;
  const facts = { message, remedy, detail, retryable, delay, cause: error, ...changes };
  if (!(error instanceof RegistryError)) return new classes[errorCodes[code]](code, facts);
  const { method, url, repository, status, ociCodes, words } = error;
  return new RegistryError(code, { method, url, repository, status, ociCodes, words, ...facts });
}

/** The same failure with one more sentence about it; see `withFacts`. */
export function withContext(error: PublishError, sentence: string): PublishError {
  return withFacts(error, { message: `${error.message} ${sentence}` });
}

/**
 * An input that does not have the expected form.
 * @param what the input and its value, as a clause: "The input `push` is "maybe""
 * @param expected the form, after "expected"
 */
export function inputError(
  code: CodeOf<'author'>,
  what: string,
  expected: string,
  remedy: string,
  cause?: unknown,
): InputError {
  return new InputError(code, { message: `${what}: expected ${expected}.`, remedy, cause });
}

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
  /**
   * Runs the last check, and throws what it and those before it found.
   * @returns what the check gives, if there is no fault at all
   */
  settle<T>(check: () => T): T;
  /** Throws what was gathered: a single fault as it is, several as `InputFaults`. */
  throwIfAny(): void;
}

export function gatherFaults(): Faults {
  const faults: InputError[] = [];
  const keep = (error: unknown): void => {
    if (!(error instanceof InputError)) throw error;
    if (error instanceof InputFaults) faults.push(...error.faults);
    else faults.push(error);
  };
  const combined = (): InputError | undefined => (faults.length > 1 ? new InputFaults(faults) : faults[0]);
  const throwIfAny = (): void => {
    const error = combined();
    if (error !== undefined) throw error;
  };
  return {
    attempt(check) {
      try {
        return check();
      } catch (error) {
        keep(error);
        return undefined;
      }
    },
    settle<T>(check: () => T): T {
      let given: T;
      try {
        given = check();
      } catch (error) {
        keep(error);
        throw combined();
      }
      throwIfAny();
      return given;
    },
    report: (tell) => faults.forEach(tell),
    throwIfAny,
  };
}

/**
 * Makes values of which all are needed or none.
 * @param makers by the names of the values
 * @throws InputError, or InputFaults with the fault of every value that could not be made
 */
export function gather<Values extends object>(makers: { readonly [Name in keyof Values]: () => Values[Name] }): Values {
  const faults = gatherFaults();
  const made: Partial<Values> = {};
  for (const name in makers) {
    const value = faults.attempt(() => makers[name]());
    if (value !== undefined) made[name] = value;
  }
  faults.throwIfAny();
  return made as Values;
}
