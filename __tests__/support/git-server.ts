/** A Git server with one private repository: dumb HTTP, from a bare repository on disk. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from './memory-registry.ts';

export interface GitServer extends Disposable {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** URL of the repository, `octo-org/app.git`. */
  readonly remote: string;
}

/**
 * @param token who gives it, as the password of any user, is given the repository
 * @param files path → text, of the one commit on `main`
 */
export async function startGitServer(token: string, files: Readonly<Record<string, string>>): Promise<GitServer> {
  const folder = mkdtempSync(join(tmpdir(), 'publish-git-'));
  const git = (...args: string[]): void => void execFileSync('git', args, { cwd: folder, stdio: 'ignore' });
  const bare = join(folder, 'octo-org/app.git');
  git('init', '--quiet', '--initial-branch', 'main');
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  git('add', '.');
  git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '--quiet', '-m', 'x');
  git('clone', '--quiet', '--bare', '.', bare);
  git('-C', bare, 'update-server-info');
  const server = createServer((request, response) => {
    const login = Buffer.from((request.headers.authorization ?? '').replace(/^basic /i, ''), 'base64').toString();
    const path = join(folder, new URL(request.url ?? '', 'http://x').pathname);
    if (!login.endsWith(`:${token}`)) response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    else if (statSync(path, { throwIfNoEntry: false })?.isFile()) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  const origin = `http://127.0.0.1:${await listen(server)}`;
  return {
    origin,
    remote: `${origin}/octo-org/app.git`,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
