/**
 * Reading back what was just written. A registry of several nodes, or behind a cache, may answer for a moment with what
 * it had before its own 201. distribution-spec says that a manifest exists after its push, and says nothing of when.
 */

import { RegistryError } from '../errors.ts';
import { backOff, type RetryPorts } from '../http/retry.ts';
import type { Digest } from '../image/digest.ts';
import type { StoredManifest } from '../image/manifest.ts';
import { formatDigestReference, formatManifestReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import { sideBySide, widthOfRequests } from './concurrency.ts';

/**
 * Asks until the answer is what was written, or the attempts are used up.
 * @param what is looked for, for the log: "ghcr.io/octo/app:1.2"
 * @param ask must give an answer, not an error, for what is not there
 * @returns the last answer, whether it is the one or not: the caller words the error
 */
export type UntilSeen = <Answer>(
  what: string,
  ask: () => Promise<Answer>,
  isSeen: (answer: Answer) => boolean,
) => Promise<Answer>;

export function createUntilSeen(options: RetryPorts & { readonly retries: number }): UntilSeen {
  const { retries, random, sleep, log } = options;
  return async (what, ask, isSeen) => {
    for (let number = 1; ; number++) {
      const answer = await ask();
      if (isSeen(answer) || number >= retries) return answer;
      const wait = backOff(number, random());
      log(
        `The registry does not show ${what} yet (attempt ${number} of ${retries}). Asking again in ${(wait / 1000).toFixed(1)} s.`,
      );
      await sleep(wait);
    }
  };
}

/** Of the distribution client, what reading back a manifest needs. */
interface PushedReader {
  findManifest(repository: Repository, which: Tag | Digest): Promise<StoredManifest | undefined>;
  readonly untilSeen: UntilSeen;
}

/**
 * A manifest that this job or an earlier one pushed a moment ago.
 * @param digest that a tag is to have by then; absent for whichever manifest it has
 * @returns what the registry has after all attempts, if anything
 * @throws RegistryError as `getManifest`
 */
export function findPushed(
  { findManifest, untilSeen }: PushedReader,
  repository: Repository,
  which: Tag | Digest,
  digest?: Digest,
): Promise<StoredManifest | undefined> {
  return untilSeen(
    formatManifestReference(repository, which),
    () => findManifest(repository, which),
    (found) => found !== undefined && (digest === undefined || found.digest === digest),
  );
}

/** @returns `unreadable` if the registry lets this login push and not read, as for a robot that only pushes */
export async function ifReadable<Result>(ask: () => Promise<Result>): Promise<Result | 'unreadable'> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'PULL_DENIED') return 'unreadable';
    throw error;
  }
}

/**
 * Asks for each blob of an image.
 * @throws RegistryError BLOB_MISSING
 */
export async function verifyBlobs(
  client: { headBlob(repository: Repository, digest: Digest): Promise<boolean>; readonly untilSeen: UntilSeen },
  repository: Repository,
  root: Digest,
  blobs: readonly Digest[],
): Promise<void> {
  const found = await sideBySide(blobs, widthOfRequests, (digest) =>
    client.untilSeen(
      `the blob ${digest} in ${formatRepository(repository)}`,
      () => client.headBlob(repository, digest),
      (seen) => seen,
    ),
  );
  const missing = blobs.filter((_, index) => !found[index]);
  if (missing.length === 0) return;
  throw new RegistryError('BLOB_MISSING', {
    message: `${formatDigestReference(repository, root)} is not whole: the registry lacks ${missing.join(', ')}.`,
    remedy: 'Run the job again. If the error stays, the registry has lost content. Tell the people who run it.',
  });
}
