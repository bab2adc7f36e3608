/**
 * What Git says of a checkout, for runs outside of a workflow: the variables that the runner would have set.
 */

import { spawn } from 'node:child_process';

/** Runs `git` and gives what it printed, trimmed; `undefined` where it failed. */
export type AskGit = (args: readonly string[]) => Promise<string | undefined>;

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
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  if (host === '' || !/^[^/]+\/[^/]+$/.test(repository)) return undefined;
  return { server: `https://${host}`, repository };
}

/** The variables of a run that a checkout can stand in for; those that Git cannot tell are absent. */
export async function readGitRun(askGit: AskGit): Promise<Readonly<Record<string, string>>> {
  const [branch, tag, sha, remote] = await Promise.all([
    askGit(['symbolic-ref', '--quiet', 'HEAD']),
    askGit(['describe', '--tags', '--exact-match', 'HEAD']),
    askGit(['rev-parse', 'HEAD']),
    askGit(['remote', 'get-url', 'origin']),
  ]);
  const ref = branch ?? (tag === undefined ? undefined : `refs/tags/${tag}`);
  const source = remote === undefined ? undefined : parseRemoteUrl(remote);
  return {
    ...(ref === undefined ? {} : { GITHUB_REF: ref }),
    ...(sha === undefined ? {} : { GITHUB_SHA: sha }),
    ...(source === undefined ? {} : { GITHUB_SERVER_URL: source.server, GITHUB_REPOSITORY: source.repository }),
  };
}

export const askGit: AskGit = (args) =>
  new Promise((resolve) => {
    const child = spawn('git', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 && stdout.trim() !== '' ? stdout.trim() : undefined));
  });
