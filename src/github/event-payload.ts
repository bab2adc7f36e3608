/**
 * The event that started the run, read from its webhook payload
 * (https://docs.github.com/en/webhooks/webhook-events-and-payloads). Only what the action decides upon is kept; a part
 * that a kind of event does not have is absent.
 */

import { InputError } from '../errors.ts';
import { isObject, type JsonObject } from '../text/json.ts';

/** What ended, on a `workflow_run` event. */
interface EndedWorkflowRun {
  /** Whether a pull request or a fork may have started it, or its payload does not say. */
  readonly isOfStranger: boolean;
  /** Of the pull request that started it; absent for one of a fork, which GitHub does not tell. */
  readonly pullRequestNumber?: number;
}

export interface EventPayload {
  /** What happened, such as `published` of a release. */
  readonly action?: string;
  readonly defaultBranch?: string;
  readonly repositoryName?: string;
  readonly repositoryDescription?: string;
  readonly repositoryUrl?: string;
  readonly repositoryLicense?: string;
  /** Whether anybody may see the repository; absent if the payload does not say. */
  readonly isPublic?: boolean;
  /** `repository.owner.type` */
  readonly ownerType?: 'Organization' | 'User';
  readonly pullRequestNumber?: number;
  /** The newest commit of a pull request (its merge commit is `GITHUB_SHA`). */
  readonly pullRequestHeadSha?: string;
  /** `OWNER/REPOSITORY` that a pull request comes from; absent when that repository was deleted. */
  readonly pullRequestHeadRepository?: string;
  /** Of a release event: the git tag, and whether the release is marked as a prerelease. */
  readonly releaseTag?: string;
  readonly isPrerelease?: boolean;
  readonly isDraft?: boolean;
  /** Only on `workflow_run`. */
  readonly workflowRun?: EndedWorkflowRun;
  /** `base_ref` of a push event. */
  readonly baseRef?: string;
  /** Commit id → its time, of the commits that the payload names. */
  readonly commitTimes: ReadonlyMap<string, Date>;
  readonly headCommitTime?: Date;
}

function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isObject(value) ? value : {};
}

/** A property of the given name when it is a string, ready to be spread. */
function text<Name extends string>(name: Name, value: unknown): { readonly [K in Name]?: string } {
  // A computed key of a generic type widens to string, so this is a guarded record.
  const record: { [K in Name]?: string } = {};
  if (typeof value === 'string') Object.assign(record, { [name]: value });
  return record;
}

function timeOf(commit: unknown): Date | undefined {
  if (!isObject(commit) || typeof commit.timestamp !== 'string') return undefined;
  const time = new Date(commit.timestamp);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function parseObject(json: string): JsonObject {
  if (json === '') return {};
  try {
    const value: unknown = JSON.parse(json);
    if (isObject(value)) return value;
  } catch (cause) {
    throw unreadable(cause);
  }
  throw unreadable(undefined);
}

function unreadable(cause: unknown): InputError {
  return new InputError('RUN_UNKNOWN', {
    message: 'The event payload (the file that GITHUB_EVENT_PATH names) is not a JSON object.',
    remedy: 'Let the runner write it, or unset GITHUB_EVENT_PATH.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function endedWorkflowRun(run: JsonObject, repository: JsonObject): EndedWorkflowRun {
  const isOfPullRequest = typeof run.event !== 'string' || run.event.startsWith('pull_request');
  const head = objectAt(run, 'head_repository').full_name;
  const isOfFork = typeof head !== 'string' || head !== repository.full_name;
  const [first] = Array.isArray(run.pull_requests) ? run.pull_requests : [];
  const number = isObject(first) ? first.number : undefined;
  return {
    isOfStranger: isOfPullRequest || isOfFork,
    ...(isOfPullRequest && typeof number === 'number' ? { pullRequestNumber: number } : {}),
  };
}

/**
 * @param json the payload's text; empty for no payload
 * @throws InputError RUN_UNKNOWN for text that is no JSON object
 */
export function parseEventPayload(json: string): EventPayload {
  const payload = parseObject(json);
  const repository = objectAt(payload, 'repository');
  const owner = objectAt(repository, 'owner');
  const pullRequest = objectAt(payload, 'pull_request');
  const head = objectAt(pullRequest, 'head');
  const number = pullRequest.number ?? (isObject(payload.pull_request) ? payload.number : undefined);
  const release = objectAt(payload, 'release');
  const commits = Array.isArray(payload.commits) ? payload.commits : [];
  const commitTimes = new Map<string, Date>();
  for (const commit of [...commits, payload.head_commit]) {
    const time = timeOf(commit);
    if (time !== undefined && isObject(commit) && typeof commit.id === 'string') commitTimes.set(commit.id, time);
  }
  const headCommitTime = timeOf(payload.head_commit);
  return {
    ...text('action', payload.action),
    ...text('defaultBranch', repository.default_branch),
    ...text('repositoryName', repository.name),
    ...text('repositoryDescription', repository.description),
    ...text('repositoryUrl', repository.html_url),
    ...text('repositoryLicense', objectAt(repository, 'license').spdx_id),
    ...(typeof repository.private === 'boolean' ? { isPublic: !repository.private } : {}),
    ...(owner.type === 'Organization' || owner.type === 'User' ? { ownerType: owner.type } : {}),
    ...(typeof number === 'number' ? { pullRequestNumber: number } : {}),
    ...text('pullRequestHeadSha', head.sha),
    ...text('pullRequestHeadRepository', objectAt(head, 'repo').full_name),
    ...text('releaseTag', release.tag_name),
    ...(typeof release.prerelease === 'boolean' ? { isPrerelease: release.prerelease } : {}),
    ...(typeof release.draft === 'boolean' ? { isDraft: release.draft } : {}),
    ...(isObject(payload.workflow_run) ? { workflowRun: endedWorkflowRun(payload.workflow_run, repository) } : {}),
    ...text('baseRef', payload.base_ref),
    commitTimes,
    ...(headCommitTime === undefined ? {} : { headCommitTime }),
  };
}
