/** An image in a registry: copied, or promoted where it is. */

import type { StoredManifest } from '../image/manifest.ts';
import { formatReference, type Reference } from '../image/reference.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { ImageSource } from './image-source.ts';

/**
 * @param reference with a tag or a digest; the digest decides
 * @throws RegistryError MANIFEST_UNKNOWN, DIGEST_MISMATCH, PULL_DENIED, TOKEN_REJECTED, REGISTRY_*
 */
export async function openRemote(client: RegistryClient, reference: Reference): Promise<ImageSource> {
  const { repository, tag, digest } = reference;
  const which = digest ?? tag;
  if (which === undefined) throw new Error(`${formatReference(reference)} has neither tag nor digest`);
  return {
    ...remoteContent(client, reference.repository, await client.getManifest(repository, which)),
    name: formatReference(reference),
  };
}

/** What hangs on a manifest of a repository. */
export function remoteContent(
  client: RegistryClient,
  repository: Reference['repository'],
  root: StoredManifest,
): ImageSource {
  return {
    name: formatReference({ repository, digest: root.digest }),
    root,
    repository,
    readManifest: ({ digest }) => client.getManifest(repository, digest),
    // The registry took the manifest only with all that it points at.
    assertBlob: () => {},
    openBlob: (blob) => client.getBlob(repository, blob),
    // The client proves what it reads.
    proveBlob: async () => {},
    close: async () => {},
  };
}
