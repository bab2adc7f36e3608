/**
 * What the event's payload lacks of the facts that names and labels are made of: asked of GitHub's REST API, and only then.
 * (https://docs.github.com/en/rest/repos/repos#get-a-repository, https://docs.github.com/en/rest/commits/commits#get-a-commit)
 */

import { isObject } from '../text/json.ts';
import type { GitHubApi, Rest } from './rest-api.ts';
import type { Run } from './workflow-run.ts';

/** Facts that the API told; those that it did not are absent. */
export interface GitHubFacts {
  readonly repository?: {
    readonly name?: string;
    readonly description?: string;
    readonly url?: string;
    readonly license?: string;
    readonly defaultBranch?: string;
  };
  readonly commitDate?: Date;
}

/** Which parts of the API are worth a question. */
interface MissingFacts {
  readonly repository: boolean;
  readonly commit: boolean;
}

/**
 * @param texts the inputs with expressions, of which only `commit_date` needs the commit's time
 */
export function findMissingFacts(run: Run, texts: readonly string[]): MissingFacts {
  const isKnown = run.sourceRepository !== undefined;
  const { event, sha } = run;
  return {
    repository: isKnown && event.repositoryName === undefined,
    commit:
      isKnown &&
      sha !== '' &&
      !event.commitTimes.has(sha) &&
      event.headCommitTime === undefined &&
      texts.some((text) => text.includes('commit_date')),
  };
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

/** A property of that name when the value is a string, ready to be spread. */
function ifText<Name extends string>(name: Name, value: unknown): { readonly [K in Name]?: string } {
  const record: { [K in Name]?: string } = {};
  if (typeof value === 'string') Object.assign(record, { [name]: value });
  return record;
}

/**
 * @param warn told of a question without an answer, which is no error: a label is then empty, a date is the clock's
 */
export async function readGitHubFacts(
  missing: MissingFacts,
  run: Run,
  api: Pick<GitHubApi, 'ask'>,
  warn: (message: string) => void,
): Promise<GitHubFacts> {
  const { owner, name } = run.sourceRepository ?? { owner: '', name: '' };
  const ask = async (what: string, question: (rest: Rest) => Promise<{ readonly data: unknown }>): Promise<unknown> => {
    try {
      const answer = await api.ask(question);
      if (answer === undefined) warn(`${run.apiUrl} does not know the ${what}, or does not show it to this token.`);
      return answer?.data;
    } catch (error) {
      warn(`${run.apiUrl} did not tell of the ${what}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const of = { owner, repo: name };
  const [repository, commit] = await Promise.all([
    missing.repository ? ask(`repository ${owner}/${name}`, (rest) => rest.repos.get(of)) : undefined,
    missing.commit ? ask(`commit ${run.sha}`, (rest) => rest.repos.getCommit({ ...of, ref: run.sha })) : undefined,
  ]);
  const time = at(commit, 'commit', 'committer', 'date');
  const commitDate = typeof time === 'string' ? new Date(time) : undefined;
  return {
    ...(isObject(repository)
      ? {
          repository: {
            ...ifText('name', repository.name),
            ...ifText('description', repository.description),
            ...ifText('url', repository.html_url),
            ...ifText('license', at(repository, 'license', 'spdx_id')),
            ...ifText('defaultBranch', repository.default_branch),
          },
        }
      : {}),
    ...(commitDate === undefined || Number.isNaN(commitDate.getTime()) ? {} : { commitDate }),
  };
}
