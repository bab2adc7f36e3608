/**
 * The facts that names are made of, as values: nothing here asks the environment, the clock or a registry.
 */

import { InputError } from '../errors.ts';
import type { Scope } from './template.ts';
import { parseVersionOf } from './version.ts';

/** What describes the source repository in labels. */
interface RepositoryFacts {
  readonly name: string;
  readonly description: string;
  readonly url: string;
  /** SPDX identifier. */
  readonly license: string;
  readonly defaultBranch: string;
}

export interface MetadataContext {
  readonly eventName: string;
  readonly ref: { readonly kind: 'branch' | 'tag' | 'pull' | 'none'; readonly name: string };
  /** The commit that is described; empty where none is known. */
  readonly sha: string;
  /** Whether the run is of a release that is marked as a prerelease. */
  readonly isPrerelease: boolean;
  /** The branch that a pull request asks to be merged into, or that a pushed tag is said to come from; or empty. */
  readonly baseRef: string;
  readonly repository: RepositoryFacts;
  readonly now: Date;
  readonly commitDate: Date;
  readonly shortShaLength: number;
  /** The levels of annotations that name none. */
  readonly annotationLevels: readonly string[];
  /** What the Dockerfile gives as labels: name → value, `undefined` for one that only the build knows. */
  readonly dockerfileLabels: ReadonlyMap<string, string | undefined>;
  /** Tags that the registry already has; `undefined` where nobody asked it. */
  readonly existingTags: readonly string[] | undefined;
}

/** What a run does not say of itself. */
export interface ContextOptions {
  readonly now: Date;
  /** SOURCE_DATE_EPOCH, if it is set: then `now` is the same. */
  readonly sourceDate?: Date;
  /** Facts that the API gave, for those that the payload lacks. */
  readonly repository?: Partial<RepositoryFacts>;
  /** The commit's time as the API gave it, for payloads that lack it. */
  readonly commitDate?: Date;
  /** `DOCKER_METADATA_PR_HEAD_SHA`: describe the newest commit of a pull request instead of the merge commit. */
  readonly usesPullRequestHead?: boolean;
  readonly shortShaLength?: number;
  readonly annotationLevels?: readonly string[];
  readonly dockerfileLabels?: ReadonlyMap<string, string | undefined>;
  /** The commit that the build context is checked out at, where it is a Git checkout. */
  readonly checkedOutCommit?: string | undefined;
  readonly existingTags?: readonly string[] | undefined;
}

export const defaultShortShaLength = 7;

/**
 * @param text `DOCKER_METADATA_SHORT_SHA_LENGTH`; empty for the default
 * @throws InputError INPUT_INVALID for anything but a positive whole number
 */
export function parseShortShaLength(text: string): number {
  if (text === '') return defaultShortShaLength;
  if (/^[1-9][0-9]*$/.test(text)) return Number(text);
  throw new InputError('INPUT_INVALID', {
    message: `DOCKER_METADATA_SHORT_SHA_LENGTH is "${text}": expected a positive whole number, such as 12.`,
    remedy: 'Correct DOCKER_METADATA_SHORT_SHA_LENGTH in `env`, or remove it for 7 characters.',
  });
}

export function shortSha({ sha, shortShaLength }: MetadataContext): string {
  return sha.slice(0, shortShaLength);
}

/**
 * These events always run for the newest commit of the default branch, whatever the ref says
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows).
 */
const defaultBranchEvents = /discussion|issues|schedule/;

/** Whether the run is for the default branch by its event alone, so that its ref names that branch. */
export function runsOnDefaultBranch(eventName: string): boolean {
  return defaultBranchEvents.test(eventName);
}

function isDefaultBranch({ eventName, ref, repository }: MetadataContext): boolean {
  if (ref.kind === 'none') return false;
  return (ref.kind === 'branch' && ref.name === repository.defaultBranch) || runsOnDefaultBranch(eventName);
}

/**
 * The names that expressions may use. Those that are true or false are booleans, so that
 * `{{#if is_default_branch}}` holds only on the default branch.
 */
export function scopeOf(context: MetadataContext, warn: Scope['warn']): Scope {
  const { ref } = context;
  const isSemver = ref.kind === 'tag' && parseVersionOf('semver', ref.name) !== undefined;
  return {
    names: {
      branch: ref.kind === 'branch' ? ref.name : '',
      tag: ref.kind === 'tag' ? ref.name : '',
      sha: shortSha(context),
      base_ref: ref.kind === 'tag' || ref.kind === 'pull' ? context.baseRef : '',
      is_default_branch: isDefaultBranch(context),
      is_not_default_branch: !isDefaultBranch(context),
      is_semver: isSemver,
      is_not_semver: !isSemver,
    },
    dates: { date: context.now, commit_date: context.commitDate },
    warn,
  };
}
