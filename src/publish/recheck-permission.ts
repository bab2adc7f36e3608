/**
 * Handles a refusal during a publish that the registry had allowed at first. Asks the registry again whether the login
 * expired, the permission is gone, or neither: the words of an engine do not say it.
 */

import { means } from '../engine/tool-output.ts';
import { type ErrorCode, PublishError, RegistryError, withFacts } from '../errors.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { RegistryClient } from '../registry/client.ts';

/** What engines and registries make of a 401 or 403. */
const refusals: readonly ErrorCode[] = ['PUSH_DENIED', 'PULL_DENIED', 'PUSH_FAILED', 'BUILD_FAILED', 'TOKEN_REJECTED'];

function isRefusal(error: unknown): error is PublishError {
  if (!(error instanceof PublishError) || !refusals.includes(error.code)) return false;
  const isAnswer = error instanceof RegistryError && error.status !== 0;
  return isAnswer ? error.status === 401 || error.status === 403 : means(error.message, 'refused');
}

/**
 * Runs what follows once the registries have agreed.
 * @param repositories to which it pushes
 * @throws RegistryError TOKEN_EXPIRED where a registry takes the login no more, PUSH_DENIED where it refuses the push; any other
 *   error of `work` as it is
 */
export async function withConsent<Result>(
  repositories: readonly Repository[],
  registry: Pick<RegistryClient, 'mayPush'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw isRefusal(error) ? await askAgain(error, repositories, registry) : error;
  }
}

async function askAgain(
  error: PublishError,
  repositories: readonly Repository[],
  registry: Pick<RegistryClient, 'mayPush'>,
): Promise<PublishError> {
  for (const repository of repositories) {
    const permission = await registry.mayPush(repository).catch(() => undefined);
    if (permission?.answer !== 'refused') continue;
    const { message, detail, remedy } = error;
    const { error: refusal } = permission;
    const name = formatRepository(repository);
    return refusal.code === 'TOKEN_REJECTED'
      ? withFacts(refusal, {
          code: 'TOKEN_EXPIRED',
          message: `${message} The registry accepted the login for ${name} when this step began, and refuses it now: ${refusal.message}`,
          remedy: 'Log in again: run the job again, or renew `token`.',
          detail,
          cause: error,
        })
      : withFacts(refusal, {
          code: 'PUSH_DENIED',
          message: `${message} This run could push to ${name} when this step began, and now it cannot: ${refusal.message}`,
          remedy,
          detail,
          cause: error,
        });
  }
  return error;
}
