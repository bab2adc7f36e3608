/**
 * The workflow run this step belongs to: where, of which repository, at which ref and commit, started by what.
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/variables)
 */

import { InputError } from '../errors.ts';
import type { Environment } from '../text/environment.ts';
import { type EventPayload, parseEventPayload } from './event-payload.ts';

/** What `GITHUB_REF` points at. */
type GitRef =
  | { readonly kind: 'branch' | 'tag'; readonly name: string }
  /** A pull request's merge ref; the name is its number. */
  | { readonly kind: 'pull'; readonly name: string }
  | { readonly kind: 'none'; readonly name: '' };

export interface SourceRepository {
  readonly owner: string;
  readonly name: string;
}

export interface Run {
  /** `https://github.com`, `https://SUB.ghe.com` or a GHES. */
  readonly serverUrl: URL;
  readonly apiUrl: string;
  /** `push`, `pull_request`, …; empty in a terminal. */
  readonly eventName: string;
  readonly event: EventPayload;
  readonly ref: GitRef;
  /** The commit; empty where none is known. */
  readonly sha: string;
  /** The branch that a pull request asks to be merged into. */
  readonly baseRef: string;
  /** `undefined` outside of any repository (a terminal). */
  readonly sourceRepository: SourceRepository | undefined;
  readonly actor: string;
  readonly runId: string;
  readonly attempt: string;
  /** Whether the job may ask for an ID token: it has `id-token: write`, and is not of a fork. */
  readonly hasIdToken: boolean;
}

/** @param ref `refs/heads/NAME`, `refs/tags/NAME`, `refs/pull/NUMBER/merge` or anything else */
export function parseGitRef(ref: string): GitRef {
  if (ref.startsWith('refs/heads/')) return { kind: 'branch', name: ref.slice('refs/heads/'.length) };
  if (ref.startsWith('refs/tags/')) return { kind: 'tag', name: ref.slice('refs/tags/'.length) };
  if (ref.startsWith('refs/pull/')) {
    return { kind: 'pull', name: ref.slice('refs/pull/'.length).replace(/\/merge$/, '') };
  }
  return { kind: 'none', name: '' };
}

/**
 * What the run is about. GITHUB_REF is the base branch on `pull_request_target`, and after a pull request was merged.
 * It is the default branch on `workflow_run`. On `release` it may be empty, or name a draft.
 */
function refOf(eventName: string, event: EventPayload, text: string): GitRef {
  const ref = parseGitRef(text);
  if (eventName === 'pull_request' || eventName === 'pull_request_target') {
    if (ref.kind === 'pull') return ref;
    return event.pullRequestNumber === undefined ? noRef : { kind: 'pull', name: String(event.pullRequestNumber) };
  }
  if (eventName === 'workflow_run' && event.workflowRun?.isOfStranger === true) {
    const { pullRequestNumber: number } = event.workflowRun;
    return number === undefined ? noRef : { kind: 'pull', name: String(number) };
  }
  if (eventName === 'release' && (text === '' || isDraftTag(ref))) {
    const tag: GitRef = { kind: 'tag', name: event.releaseTag ?? '' };
    return tag.name === '' || isDraftTag(tag) ? noRef : tag;
  }
  return isDraftTag(ref) ? noRef : ref;
}

const noRef: GitRef = { kind: 'none', name: '' };

/** GitHub names the git tag of a draft that has none yet `untagged-` and a hash. */
function isDraftTag({ kind, name }: GitRef): boolean {
  return kind === 'tag' && /^untagged-[0-9a-f]+$/.test(name);
}

function parseSourceRepository(fullName: string): SourceRepository | undefined {
  if (fullName === '') return undefined;
  const [owner = '', name = '', ...rest] = fullName.split('/');
  if (owner === '' || name === '' || rest.length > 0) {
    throw new InputError('RUN_UNKNOWN', {
      message: `GITHUB_REPOSITORY is "${fullName}": expected OWNER/REPOSITORY.`,
      remedy: 'Run inside a workflow, or set `owner` and `image`.',
    });
  }
  return { owner, name };
}

function parseServerUrl(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw new InputError('RUN_UNKNOWN', {
    message: `GITHUB_SERVER_URL is "${text}": expected a URL such as https://github.com.`,
    remedy: 'Run inside a workflow, or set GITHUB_SERVER_URL to the address of your GitHub.',
  });
}

/** Whether GitHub gives this job ID tokens (https://docs.github.com/en/actions/reference/security/oidc). */
export function mayRequestIdToken(env: Environment): boolean {
  return Boolean(env.ACTIONS_ID_TOKEN_REQUEST_URL && env.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
}

/**
 * @param env the environment of the step
 * @param eventJson content of the file that `GITHUB_EVENT_PATH` names; empty where there is none
 * @throws InputError RUN_UNKNOWN for a malformed variable or payload
 */
export function parseRun(env: Environment, eventJson: string): Run {
  const serverUrl = parseServerUrl(env.GITHUB_SERVER_URL || 'https://github.com');
  const event = parseEventPayload(eventJson);
  const eventName = env.GITHUB_EVENT_NAME ?? '';
  return {
    serverUrl,
    apiUrl: env.GITHUB_API_URL || 'https://api.github.com',
    eventName,
    event,
    ref: refOf(eventName, event, env.GITHUB_REF ?? ''),
    sha: env.GITHUB_SHA ?? '',
    baseRef: env.GITHUB_BASE_REF ?? '',
    sourceRepository: parseSourceRepository(env.GITHUB_REPOSITORY ?? ''),
    actor: env.GITHUB_ACTOR ?? '',
    runId: env.GITHUB_RUN_ID ?? '',
    attempt: env.GITHUB_RUN_ATTEMPT ?? '1',
    hasIdToken: mayRequestIdToken(env),
  };
}
