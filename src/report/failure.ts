/**
 * An error, as a person sees it.
 */

import { type ErrorCode, InternalError, PublishError } from '../errors.ts';

/** Where the codes are explained. */
const troubleshooting = 'https://github.com/org/publish-docker-package/blob/v1/docs/TROUBLESHOOTING.md';

/** The heading that explains a code. */
export function troubleshootingUrl(code: ErrorCode): string {
  return `${troubleshooting}#${code.toLowerCase()}`;
}

/** Any thrown value as one of our errors: what is none of them is a defect of ours. */
export function toPublishError(error: unknown): PublishError {
  if (error instanceof PublishError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new InternalError('INTERNAL', {
    message: `An unexpected error: ${message}${message.endsWith('.') ? '' : '.'}`,
    remedy: 'This is a defect of the action: please open an issue with this message and the `plan` output.',
    detail: error instanceof Error ? (error.stack ?? '') : '',
    cause: error,
  });
}

/** `CODE: what`, the remedy, and the link, each on lines of its own: a remedy may end in YAML. */
export function formatFailure(error: PublishError): string {
  const again = error.retryable ? '\nThe failure may pass: run the job again.' : '';
  return `${error.code}: ${error.message}\n${error.remedy}${again}\n${troubleshootingUrl(error.code)}`;
}
