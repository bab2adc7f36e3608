/** An image in a registry: copied, or promoted where it is. */

import { InputError, RegistryError } from '../errors.ts';
import type { Descriptor, StoredManifest } from '../image/manifest.ts';
import { formatPlatform } from '../image/platform.ts';
import { formatReference, type Reference } from '../image/reference.ts';
import type { RegistryClient } from '../registry/client.ts';
import { findPushed } from '../registry/read-back.ts';
import type { ImageSource } from './image-source.ts';

/**
 * @param reference with a tag or a digest; the digest decides
 * @throws RegistryError MANIFEST_UNKNOWN, DIGEST_MISMATCH, PULL_DENIED, TOKEN_REJECTED, REGISTRY_*
 */
export async function openRemote(client: RegistryClient, reference: Reference): Promise<ImageSource> {
  const { repository, tag, digest } = reference;
  const which = digest ?? tag;
  if (which === undefined) throw new Error(`${formatReference(reference)} has neither tag nor digest`);
  const name = formatReference(reference);
  return {
    ...remoteContent(client, repository, await client.getManifest(repository, which)),
    readManifest: (child) =>
      client.getManifest(repository, child.digest).catch((cause: unknown) => {
        throw cause instanceof RegistryError && cause.code === 'MANIFEST_UNKNOWN' ? lacking(name, child, cause) : cause;
      }),
  };
}

function lacking(name: string, { digest, platform }: Descriptor, cause: RegistryError): InputError {
  const what = platform === undefined ? digest : `${digest} (${formatPlatform(platform)})`;
  return new InputError('SOURCE_INCOMPLETE', {
    message: `${name} lists ${what}, which its repository does not have: it was deleted, as a cleanup of untagged versions does.`,
    remedy: 'Publish the image there again with all its platforms, or name the digest of an image that exists.',
    cause,
  });
}

/** What hangs on a manifest of a repository. */
export function remoteContent(
  client: RegistryClient,
  repository: Reference['repository'],
  root: StoredManifest,
): ImageSource {
  return {
    root,
    repository,
    // An image that was just pushed may be shown in parts.
    readManifest: async ({ digest }) =>
      (await findPushed(client, repository, digest)) ?? client.getManifest(repository, digest),
    // The registry took the manifest only with all that it points at.
    assertBlob: () => {},
    openBlob: (blob) => client.getBlob(repository, blob),
    // The client proves what it reads.
    proveBlob: async () => {},
    close: async () => {},
  };
}
