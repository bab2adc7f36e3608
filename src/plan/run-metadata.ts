/** What the metadata of an image is computed from, read from the workflow run. */

import type { Run } from '../github/workflow-run.ts';
import {
  type ContextOptions,
  defaultShortShaLength,
  type MetadataContext,
  runsOnDefaultBranch,
} from '../metadata/metadata-context.ts';

/** What is built is what is checked out, which need not be the commit of the run (`ref` of actions/checkout). */
function commitOf({ ref, event, sha }: Run, { usesPullRequestHead, checkedOutCommit }: ContextOptions): string {
  const headSha = usesPullRequestHead === true && ref.kind === 'pull' ? event.pullRequestHeadSha : undefined;
  return headSha ?? checkedOutCommit ?? sha;
}

/** When the commit that is built was made; `undefined` if neither the payload nor the API told. */
function commitTimeOf(run: Run, options: ContextOptions): Date | undefined {
  const { commitTimes, headCommitTime } = run.event;
  return commitTimes.get(commitOf(run, options)) ?? headCommitTime ?? options.commitDate;
}

/** The one time in a reproducible image: SOURCE_DATE_EPOCH, or that of the commit; `undefined` if nobody knows either. */
export function sourceDateOf(run: Run, options: ContextOptions): Date | undefined {
  return options.sourceDate ?? commitTimeOf(run, options);
}

/**
 * The facts of a run. What the payload says goes before what the API said.
 */
export function contextOf(run: Run, options: ContextOptions): MetadataContext {
  const { event } = run;
  const known = options.repository ?? {};
  const source = run.sourceRepository;
  const namesDefaultBranch = run.ref.kind === 'branch' && runsOnDefaultBranch(run.eventName);
  return {
    eventName: run.eventName,
    ref: run.ref,
    sha: commitOf(run, options),
    isPrerelease: event.isPrerelease === true,
    baseRef: run.ref.kind === 'tag' ? (event.baseRef ?? '').replace(/^refs\/heads\//, '') : run.baseRef,
    repository: {
      name: event.repositoryName ?? known.name ?? source?.name ?? '',
      description: event.repositoryDescription ?? known.description ?? '',
      url:
        event.repositoryUrl ??
        known.url ??
        (source === undefined ? '' : new URL(`${source.owner}/${source.name}`, run.serverUrl).href),
      license: event.repositoryLicense ?? known.license ?? '',
      defaultBranch: event.defaultBranch ?? known.defaultBranch ?? (namesDefaultBranch ? run.ref.name : ''),
    },
    now: options.now,
    commitDate: commitTimeOf(run, options) ?? options.now,
    shortShaLength: options.shortShaLength ?? defaultShortShaLength,
    annotationLevels: options.annotationLevels ?? ['manifest'],
    dockerfileLabels: options.dockerfileLabels ?? new Map(),
    existingTags: options.existingTags,
  };
}
