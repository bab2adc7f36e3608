/** Builders for the tests of names: a run with overrides, and the description that inputs give on it. */

import { parseRun } from '../../../src/github/workflow-run.ts';
import { describeImage, type ImageDescription } from '../../../src/metadata/describe-image.ts';
import { parseFlavor } from '../../../src/metadata/flavor.ts';
import { parseAnnotations, parseLabels } from '../../../src/metadata/labels.ts';
import type { ContextOptions, MetadataContext } from '../../../src/metadata/metadata-context.ts';
import { parseTagRules } from '../../../src/metadata/tag-rules.ts';
import { contextOf } from '../../../src/plan/run-metadata.ts';
import '../../support/expressions.ts';

export const sha = '860c1904a1ce19322e91ac35af1ab07466440c37';
export const pullRequestHead = 'ffac537e6cbbf934b08745a378932722df287a53';

export interface RunWish {
  /** `GITHUB_REF`; `refs/heads/main` if not said. */
  readonly ref?: string;
  /** `push` if not said. */
  readonly event?: string;
  /** `GITHUB_SHA`; a known commit if not said. */
  readonly commit?: string;
  /** Joined to the payload of a repository with the default branch `main`. */
  readonly payload?: Readonly<Record<string, unknown>>;
}

export interface NamingWish extends RunWish, Partial<ContextOptions> {
  readonly tags?: string;
  readonly flavor?: string;
  readonly labels?: string;
  readonly annotations?: string;
  /** Tags that the registry has. */
  readonly existing?: readonly string[];
}

export function aContext({
  ref,
  event,
  commit,
  payload,
  ...options
}: RunWish & Partial<ContextOptions> = {}): MetadataContext {
  const eventName = event ?? 'push';
  const isPullRequest = eventName.startsWith('pull_request');
  const env = {
    GITHUB_EVENT_NAME: eventName,
    GITHUB_REF: ref ?? (eventName === 'pull_request' ? 'refs/pull/15/merge' : 'refs/heads/main'),
    GITHUB_SHA: commit ?? sha,
    GITHUB_BASE_REF: isPullRequest ? 'main' : '',
    GITHUB_REPOSITORY: 'octo-org/octo-app',
  };
  const pullRequest = { number: 15, pull_request: { number: 15, head: { sha: pullRequestHead } } };
  const repository = {
    name: 'octo-app',
    default_branch: 'main',
    description: 'An app of octocat',
    html_url: 'https://github.com/octo-org/octo-app',
    license: { spdx_id: 'MIT' },
  };
  const json = JSON.stringify({ repository, ...(isPullRequest ? pullRequest : {}), ...payload });
  return contextOf(parseRun(env, json), { now: new Date('2026-01-02T04:30:45Z'), ...options });
}

export function aDescription({
  tags = '',
  flavor = '',
  labels = '',
  annotations = '',
  existing,
  ...run
}: NamingWish): ImageDescription {
  return describeImage(
    {
      rules: parseTagRules(tags),
      flavor: parseFlavor(flavor),
      labels: parseLabels(labels),
      annotations: parseAnnotations(annotations),
    },
    aContext({ ...run, existingTags: existing }),
  );
}

/** The names alone, between spaces. */
export function tagsOf(wish: NamingWish): string {
  return aDescription(wish)
    .tags.map(({ tag }) => tag)
    .join(' ');
}

/** The codes of everything that is wrong with the inputs; empty where nothing is. */
export function codesOf(action: () => unknown): readonly string[] {
  try {
    action();
    return [];
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('code' in error)) throw error;
    const faults = 'faults' in error && Array.isArray(error.faults) ? error.faults : [error];
    return faults.map((fault) => fault.code);
  }
}
