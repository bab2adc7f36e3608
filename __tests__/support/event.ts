/** Events that start a run: the variables and the payload that the runner prepares for each. */

export interface RunEvent {
  readonly env: Readonly<Record<string, string>>;
  /** Of the webhook payload what docs.github.com documents for the event, beside `repository`. */
  readonly payload: Readonly<Record<string, unknown>>;
}

export const headSha = '90dd6032fac8bda1b6c4436a2e65de27961ed071';

export function branchPush(branch: string): RunEvent {
  const ref = `refs/heads/${branch}`;
  return { env: { GITHUB_EVENT_NAME: 'push', GITHUB_REF: ref }, payload: { ref, after: headSha } };
}

export function tagPush(tag: string): RunEvent {
  const ref = `refs/tags/${tag}`;
  return { env: { GITHUB_EVENT_NAME: 'push', GITHUB_REF: ref }, payload: { ref, after: headSha } };
}

export function pullRequest(number: number): RunEvent {
  return {
    env: {
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_REF: `refs/pull/${number}/merge`,
      GITHUB_BASE_REF: 'main',
      GITHUB_HEAD_REF: 'topic',
    },
    payload: { action: 'opened', number, pull_request: { number, head: { sha: headSha }, base: { ref: 'main' } } },
  };
}
