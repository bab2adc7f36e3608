/**
 * What Git says of a checkout, for runs outside of a workflow: the variables that the runner would have set.
 */

import { createCommandRunner } from '../engine/command.ts';
import { findNumbers, isPrereleaseName } from '../metadata/version.ts';
import type { Environment } from '../text/environment.ts';

/** Runs `git` and gives what it printed, trimmed; `undefined` where it failed. */
type AskGit = (args: readonly string[]) => Promise<string | undefined>;

/**
 * The server and repository that a remote's URL names: `https://HOST/OWNER/NAME[.git]`, `ssh://git@HOST/…` or
 * `git@HOST:OWNER/NAME.git` (git-clone, "Git URLs").
 * `ssh.github.com` is github.com behind a firewall
 * (https://docs.github.com/en/authentication/troubleshooting-ssh/using-ssh-over-the-https-port).
 * @returns `undefined` for a folder (also one on a drive: `C:/…`) and anything deeper or shallower than OWNER/NAME
 */
export function parseRemoteUrl(url: string): { readonly server: string; readonly repository: string } | undefined {
  const scp = url.match(/^(?:[^@/]+@)?(?<host>[^:/]{2,}):(?!\/\/)(?<path>.+)$/)?.groups;
  const parsed = scp === undefined && URL.canParse(url) ? new URL(url) : undefined;
  const host = (scp?.host ?? parsed?.hostname ?? '').replace(/^ssh\.github\.com$/, 'github.com');
  const repository = (scp?.path ?? parsed?.pathname ?? '')
    .replace(/^\/+/, '')
    .replace(/(?<!\/)\/+$/, '')
    .replace(/\.git$/, '');
  if (host === '' || !/^[^/]+\/[^/]+$/.test(repository)) return undefined;
  return { server: `https://${host}`, repository };
}

/**
 * The tag that says most of a commit: of `v1`, `v1.2` and `v1.2.3` the last one, which the others follow from release to release.
 * @param tags the newest first, which decides between those that say as much
 */
function mostPrecise(tags: readonly string[]): string {
  const rank = (tag: string): number =>
    2 * (findNumbers(tag)?.split(/[._-]/).length ?? 0) - Number(isPrereleaseName(tag));
  return tags.reduce((best, tag) => (rank(tag) > rank(best) ? tag : best));
}

/** The variables of a run that a checkout can replace; if Git does not know one, it is absent. */
export async function readGitRun(askGit: AskGit): Promise<Readonly<Record<string, string>>> {
  const [branch, tags, sha, remote] = await Promise.all([
    askGit(['symbolic-ref', '--quiet', 'HEAD']),
    askGit(['tag', '--points-at', 'HEAD', '--sort=-creatordate']),
    askGit(['rev-parse', 'HEAD']),
    askGit(['remote', 'get-url', 'origin']),
  ]);
  const ref = branch ?? (tags === undefined ? undefined : `refs/tags/${mostPrecise(tags.split(/\r?\n/))}`);
  const source = remote === undefined ? undefined : parseRemoteUrl(remote);
  return {
    ...(ref === undefined ? {} : { GITHUB_REF: ref }),
    ...(sha === undefined ? {} : { GITHUB_SHA: sha }),
    ...(source === undefined ? {} : { GITHUB_SERVER_URL: source.server, GITHUB_REPOSITORY: source.repository }),
  };
}

/** Asks the `git` of this machine, about the folder that this process works in. */
export function askGitOf(env: Environment): AskGit {
  const { run } = createCommandRunner(new AbortController().signal);
  return async (args) => {
    const { exitCode, stdout } = await run(['git', ...args], { env }).catch(() => ({ exitCode: 1, stdout: '' }));
    return exitCode === 0 && stdout.trim() !== '' ? stdout.trim() : undefined;
  };
}
