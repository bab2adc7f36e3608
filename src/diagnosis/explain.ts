/**
 * Why it failed, in this run, and what to do: the words of tools and registries, turned into one of our errors.
 */

import { type ErrorCode, PublishError, RegistryError, withFacts } from '../errors.ts';
import type { Product } from '../github/product.ts';
import type { RegistryKind } from '../github/product-registries.ts';
import { readOnlyRun } from '../github/read-only-token.ts';
import { tokenForm } from '../github/token-form.ts';
import type { Run } from '../github/workflow-run.ts';
import type { Registry } from '../image/registry-name.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Diagnosis } from './cause.ts';
import { type DiagnosisContext, type Failure, readFacts } from './failure-facts.ts';
import { knownMessages, recognises } from './known-messages.ts';

/** How many of a tool's last lines are looked at. */
const mostLines = 50;

/**
 * @returns `undefined` for words that are not known, or known for nothing in this run
 */
export function diagnose(failure: Failure, context: DiagnosisContext): Diagnosis | undefined {
  const known =
    failure.code !== undefined && ofBuilder.includes(failure.code)
      ? knownMessages.filter((each) => each.isOfMachine)
      : knownMessages;
  for (const words of [failure.text, ...outputOf(failure)]) {
    for (const message of known) {
      const diagnosis = recognises(message, words, failure)
        ? message.cause(readFacts(failure, context, words))
        : undefined;
      if (diagnosis !== undefined) return diagnosis;
    }
  }
  return undefined;
}

/** The last lines of a tool, latest first. A build's are those of the Dockerfile's own processes, too, and are left out. */
function outputOf({ output = '', code }: Failure): readonly string[] {
  if (code === 'BUILD_FAILED') return [];
  const lines = output.trim().split('\n').slice(-mostLines).toReversed();
  return lines.filter((line) => line !== '' && !/^(?:WARNING|#[0-9]+ [0-9]+\.)/.test(line));
}

/** Errors of a builder have a remedy already, unless the machine of the builder is at fault. */
const ofBuilder: readonly ErrorCode[] = ['BUILDER_FAILED', 'BUILDER_DOWN'];

/** What may have come from a tool or a registry; any other error already says what it is. */
const explained: readonly ErrorCode[] = [
  ...ofBuilder,
  'LOGIN_REFUSED',
  'TOKEN_REJECTED',
  'TOKEN_EXPIRED',
  'PUSH_DENIED',
  'PULL_DENIED',
  'COMMAND_FAILED',
  'PUSH_FAILED',
  'PULL_FAILED',
  'BUILD_FAILED',
  'REGISTRY_UNREACHABLE',
  'REGISTRY_REFUSED',
  'REGISTRY_UNAVAILABLE',
  'ANSWER_INVALID',
  'MANIFEST_UNKNOWN',
];

/** What is known of a step when something in it fails. */
export interface Circumstances {
  readonly product: Product;
  readonly destinations: readonly {
    readonly registry: { readonly registry: Registry; readonly kind: RegistryKind };
    readonly repository: Repository;
    readonly credential:
      | { readonly kind: 'token' | 'registry-auth' | 'identity'; readonly username: string }
      | { readonly kind: 'runner' };
  }[];
  readonly push: boolean;
  readonly run: Pick<Run, 'sourceRepository' | 'event' | 'eventName' | 'actor'>;
  /** Looked at for the form of a token only. */
  readonly secrets: {
    readonly token: string;
    readonly registryAuth: readonly { readonly registry: string; readonly password: string }[];
  };
}

/** The answer of a registry behind an error: its own, or that of what caused it. */
function exchangeIn(error: unknown): RegistryError | undefined {
  if (error instanceof RegistryError) return error;
  return error instanceof Error ? exchangeIn(error.cause) : undefined;
}

/**
 * An error with its cause and remedy for this run, if they are known. Its message begins as it did, so that it has the words of the
 * tool or registry; `cause` is the error itself.
 * @returns any other thrown value as it is
 */
export function explain(error: unknown, circumstances: Circumstances): unknown {
  if (!(error instanceof PublishError) || !explained.includes(error.code)) return error;
  const answer = exchangeIn(error);
  // An engine that could not reach a registry has words of its own.
  const exchange = answer?.url === '' ? undefined : answer;
  // For a refusal in the middle of a publish, the step already checked which of the two it is.
  const code = error.code === 'TOKEN_EXPIRED' ? error.code : (answer?.code ?? error.code);
  const failure = { text: exchange?.words ?? error.message, output: error.detail, code, exchange };
  const context = diagnosisContextOf(failure, circumstances);
  const diagnosis = context && diagnose(failure, context);
  if (diagnosis === undefined) return error;
  const { cause, remedy, retryable = error.retryable } = diagnosis;
  return withFacts(error, { code: diagnosis.code, message: `${error.message} ${cause}`, remedy, retryable });
}

/**
 * The context of the destination that a failure is about, by its repository or else its registry; else of the first.
 * @returns `undefined` for a login to another registry: what is known of the run does not explain it
 */
function diagnosisContextOf(failure: Failure, circumstances: Circumstances): DiagnosisContext | undefined {
  const { product, destinations, push, run, secrets } = circumstances;
  const [first] = failure.code === 'LOGIN_REFUSED' ? [] : destinations;
  const destination = findDestination(failure, destinations) ?? first;
  if (destination === undefined) return undefined;
  const { registry, repository, credential } = destination;
  const password =
    credential.kind === 'token'
      ? secrets.token
      : (secrets.registryAuth.find((each) => each.registry === registry.registry)?.password ?? '');
  return {
    product,
    kind: registry.kind,
    repository,
    tokenForm: credential.kind === 'runner' ? 'none' : tokenForm(password),
    username: credential.kind === 'runner' ? '' : credential.username,
    sourceRepository: run.sourceRepository,
    ownerType: run.event.ownerType,
    readOnlyRun: readOnlyRun(run),
    push,
  };
}

type Destination = Circumstances['destinations'][number];

function findDestination(
  { text, output, exchange }: Failure,
  destinations: readonly Destination[],
): Destination | undefined {
  if (exchange !== undefined) {
    const host = URL.parse(exchange.url)?.host;
    return (
      destinations.find(({ repository }) => formatRepository(repository) === exchange.repository) ??
      destinations.find(({ registry }) => registry.registry === host)
    );
  }
  const words = `${text}\n${output ?? ''}`;
  return (
    destinations.find(({ repository }) => words.includes(formatRepository(repository))) ??
    destinations.find(({ repository }) => words.includes(`${repository.registry}/v2/${repository.path}/`)) ??
    destinations.find(({ registry }) => words.includes(registry.registry))
  );
}
