/** What a clean-up cannot read, it cannot judge: then it deletes nothing. */

import { InputError } from '../errors.ts';

/** @param what cannot be read, as a clause */
export function unreadable(what: string, remedy: string, cause?: unknown): InputError {
  return new InputError('CLEANUP_UNREADABLE', {
    message: `Not everything in the repository can be read, so nobody knows what it needs: ${what}.`,
    remedy: `${remedy} Then run the clean-up again.`,
    cause,
  });
}
