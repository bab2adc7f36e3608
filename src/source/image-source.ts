/**
 * An image wherever it is: the bytes of its manifest or index, and a way to open all that hangs on them. What pushes need
 * to know of a source, and no more.
 */

import type { Content } from '../http/http.ts';
import type { Blob, Descriptor, StoredManifest } from '../image/manifest.ts';
import type { Repository } from '../image/repository.ts';

export interface ImageSource {
  /** The manifest or index that is published. */
  readonly root: StoredManifest;
  /** The platforms that are there as well and not part of `root`. */
  readonly otherPlatforms?: readonly string[];
  /** A repository of a registry that holds all of it: what is there needs no upload, or a mount at most. */
  readonly repository?: Repository;
  /**
   * A manifest or index that an index lists.
   * @throws InputError SOURCE_INCOMPLETE; RegistryError MANIFEST_UNKNOWN, DIGEST_MISMATCH
   */
  readManifest(descriptor: Descriptor): Promise<StoredManifest>;
  /**
   * Looks for a blob as far as that costs nothing, so that a gap is found before anything is sent.
   * @throws InputError SOURCE_INCOMPLETE
   */
  assertBlob(blob: Blob): void;
  /** A blob from its beginning, each time. Whoever takes it in proves it: a registry does so at each commit. */
  openBlob(blob: Blob): Promise<Content>;
  /**
   * Reads a blob to tell whether it is what it is named after; asked where a registry says that it is not.
   * @throws RegistryError DIGEST_MISMATCH
   */
  proveBlob(blob: Blob): Promise<void>;
  /** Gives back what was opened. */
  close(): Promise<void>;
}
