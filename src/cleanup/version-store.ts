/** Where versions are listed and deleted: GitHub's packages API, or a registry by its tags and manifests. */

import type { Digest } from '../image/digest.ts';
import type { Tag } from '../image/tag.ts';

/** A version as its store lists it. */
export interface StoredVersion {
  readonly digest: Digest;
  readonly tags: readonly Tag[];
  /** Milliseconds since the epoch; `undefined` if the store does not say. */
  readonly since: number | undefined;
}

export interface VersionStore {
  /** Whether the list has the versions without a tag, too. */
  readonly listsUntagged: boolean;
  /** @throws PublishError */
  list(): Promise<readonly StoredVersion[]>;
  /**
   * @returns why the version stays, as a clause; `undefined` if it is gone
   * @throws PublishError DELETE_DENIED, DELETE_UNSUPPORTED, RATE_LIMITED, REGISTRY_*
   */
  remove(version: Pick<StoredVersion, 'digest' | 'tags'>): Promise<string | undefined>;
  /**
   * Puts back a version that this store removed.
   * @returns whether it could
   */
  restore(digest: Digest): Promise<boolean>;
}
