/**
 * An error, as a person sees it.
 */

import { type ErrorCode, InternalError, PublishError, ToolError } from '../errors.ts';

/** Where the codes are explained. */
const troubleshooting = 'https://github.com/org/publish-docker-package/blob/v1/docs/TROUBLESHOOTING.md';

/** The heading that explains a code. */
export function troubleshootingUrl(code: ErrorCode): string {
  return `${troubleshooting}#${code.toLowerCase()}`;
}

/** What a file system answers where the runner is at fault (errno(3)). */
const refusals: Readonly<Record<string, string>> = {
  ENOSPC: 'Free space on the disk of the runner: the step keeps its own below RUNNER_TEMP.',
  EDQUOT: 'Free space, or raise the quota of the user of the runner: the step keeps its own below RUNNER_TEMP.',
  EROFS: 'Give the runner a folder for RUNNER_TEMP that can be written.',
  EACCES: 'Let the user of the runner read and write there; what a container left may belong to root.',
  EPERM: 'Let the user of the runner read and write there; what a container left may belong to root.',
  ENOTDIR: 'Correct the path: RUNNER_TEMP is a folder.',
  ELOOP: 'Correct the path: RUNNER_TEMP is a folder.',
  ENAMETOOLONG: 'Give the runner a folder for RUNNER_TEMP with a shorter path.',
  EMFILE: 'Let the user of the runner open more files (`ulimit -n`).',
  ENFILE: 'Let the machine open more files (fs.file-max).',
  EIO: 'Check the disk of the runner: the step keeps its own below RUNNER_TEMP.',
  EISDIR: 'Correct the path: GITHUB_OUTPUT, GITHUB_STATE and GITHUB_ENV are files.',
};

/** A file system's answer has the path, or is one to a write; that of a socket or a process has neither. */
function refusalOf(error: unknown): PublishError | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  const isOfFile = error.syscall === 'write' || (error.syscall !== 'connect' && 'path' in error);
  // A folder cannot be made where none can be: /proc, or a disk that is gone.
  const isNowhere = error.code === 'ENOENT' && (error.syscall === 'mkdir' || error.syscall === 'mkdtemp');
  const code = isNowhere ? 'EROFS' : error.code;
  const remedy = isOfFile && typeof code === 'string' ? refusals[code] : undefined;
  if (remedy === undefined) return undefined;
  const message = `The file system of the runner returned an error: ${error.message}.`;
  return new ToolError('FILE_REFUSED', { message, remedy, cause: error });
}

/** Any thrown value as one of our errors: any other value is a defect of this action. */
export function toPublishError(error: unknown): PublishError {
  if (error instanceof PublishError) return error;
  const refusal = refusalOf(error);
  if (refusal !== undefined) return refusal;
  const message = error instanceof Error ? error.message : String(error);
  return new InternalError('INTERNAL', {
    message: `An unexpected error: ${message}${message.endsWith('.') ? '' : '.'}`,
    remedy: 'This is a bug in the action. Please open an issue with this message and the `plan` output.',
    detail: error instanceof Error ? (error.stack ?? '') : '',
    cause: error,
  });
}

/** `CODE: what`, the remedy, and the link, each on lines of its own: a remedy may end in YAML. */
export function formatFailure(error: PublishError): string {
  const again = error.retryable ? '\nThe failure may be temporary: run the job again.' : '';
  return `${error.code}: ${error.message}\n${error.remedy}${again}\n${troubleshootingUrl(error.code)}`;
}
