/** What the metadata of an image is computed from, read from the workflow run. */

import type { Run } from '../github/workflow-run.ts';
import {
  type ContextOptions,
  defaultShortShaLength,
  type MetadataContext,
  runsOnDefaultBranch,
} from '../metadata/metadata-context.ts';

/**
 * The facts of a run. What the payload says goes before what the API said.
 */
export function contextOf(run: Run, options: ContextOptions): MetadataContext {
  const { event } = run;
  const known = options.repository ?? {};
  const source = run.sourceRepository;
  const headSha =
    options.usesPullRequestHead === true && run.ref.kind === 'pull' ? event.pullRequestHeadSha : undefined;
  // What is built is what is checked out, which need not be the commit of the run (`ref` of actions/checkout).
  const sha = headSha ?? options.checkedOutCommit ?? run.sha;
  const namesDefaultBranch = run.ref.kind === 'branch' && runsOnDefaultBranch(run.eventName);
  return {
    eventName: run.eventName,
    ref: run.ref,
    sha,
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
    commitDate: event.commitTimes.get(sha) ?? event.headCommitTime ?? options.commitDate ?? options.now,
    shortShaLength: options.shortShaLength ?? defaultShortShaLength,
    annotationLevels: options.annotationLevels ?? ['manifest'],
    dockerfileLabels: options.dockerfileLabels ?? new Map(),
    existingTags: options.existingTags,
  };
}
