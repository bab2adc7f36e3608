/**
 * The credential that actions/checkout before v6 leaves in `.git/config` (`persist-credentials`): a Dockerfile with
 * `COPY . .` publishes it with the image, while the token is still good.
 */

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { urlSecrets } from '../text/url-secrets.ts';
import type { BuildRequest } from './build-request.ts';
import { dockerfilePath } from './context-path.ts';

/** Empty for what cannot be read: then nothing is copied from there either. */
function textOf(...path: readonly string[]): string {
  try {
    return readFileSync(resolve(...path), 'utf8');
  } catch {
    return '';
  }
}

function holdsCredential(gitConfig: string): boolean {
  return /^[ \t]*extraheader[ \t]*=[ \t]*authorization\b/im.test(gitConfig) || urlSecrets(gitConfig).length > 0;
}

/** Whether an instruction takes all of the build context, and not of another stage. */
function copiesAll(dockerfile: string): boolean {
  return /^[ \t]*(?:copy|add)[ \t]+(?!.*--from=)(?:--\S+[ \t]+)*(?:\[[ \t]*")?(?:\.\/?|\*|\/)["\s]/im.test(dockerfile);
}

/** Whether `.git` stays behind (https://docs.docker.com/build/concepts/context/#dockerignore-files): the last word counts. */
function leavesGit(dockerignore: string): boolean {
  const word = dockerignore
    .split('\n')
    .map((line) => line.trim().replace(/^(!?)\.?\//, '$1'))
    .findLast((line) => /^!?(?:\*\*\/)?(?:\.git\*?(?:\/(?:\*\*?|config)?)?|\.\*|\*\*?)$/.test(line));
  return word !== undefined && !word.startsWith('!');
}

/**
 * @param workingFolder what relative paths are relative to
 * @returns a warning, where the image gets a credential of Git
 */
export function warnOfCopiedCredential(
  request: Pick<BuildRequest, 'context' | 'file' | 'inlineDockerfile'>,
  workingFolder: string,
): string | undefined {
  const { context } = request;
  const dockerfile = dockerfilePath(request);
  if (dockerfile === undefined || !holdsCredential(textOf(workingFolder, context, '.git', 'config'))) return undefined;
  const ignored =
    textOf(workingFolder, `${dockerfile}.dockerignore`) || textOf(workingFolder, context, '.dockerignore');
  if (leavesGit(ignored) || !copiesAll(textOf(workingFolder, dockerfile))) return undefined;
  return `${join(context, '.git', 'config')} holds a credential, and ${dockerfile} copies the whole build context: whoever can pull the image can read it. Add \`.git\` to .dockerignore, or set \`persist-credentials: false\` on actions/checkout.`;
}
