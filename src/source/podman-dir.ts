/**
 * The folder that `podman manifest push --all LIST dir:FOLDER` writes (containers-transports(5), "dir:path";
 * https://github.com/containers/image/blob/main/directory/directory_transport.go): the index is "manifest.json", each manifest
 * that it lists "HEX.manifest.json", each blob "HEX". All is as Podman's storage has it, so an image in Docker's form keeps
 * that form. In the OCI layouts that Podman writes it would lose what only Docker's form has, such as HEALTHCHECK. What the
 * storage has without compression gets it here, and the manifests say so.
 */

import { InputError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { parseDocument, type RawDescriptor } from '../image/image-index.ts';
import {
  type Blob,
  contentMediaTypes,
  type Descriptor,
  parseImageManifest,
  parseIndex,
  type StoredManifest,
  storedManifest,
} from '../image/manifest.ts';
import { isObject } from '../text/json.ts';
import { type Layers, openWithLayers } from './compressed-layers.ts';
import type { Files } from './image-files.ts';
import type { ImageSource } from './image-source.ts';
import { proveBytes } from './verify-content.ts';

/** What a plain layer is called once it is compressed. */
const compressedTypes: Readonly<Record<string, string>> = {
  [contentMediaTypes.ociLayer]: contentMediaTypes.ociGzipLayer,
  [contentMediaTypes.dockerLayer]: contentMediaTypes.dockerGzipLayer,
};

/** Fields of descriptors that become others, by the digest that the descriptor had. */
type Changes = ReadonlyMap<unknown, RawDescriptor>;

/**
 * Compresses the plain layers, so that all digests are known before anything is sent.
 * @param temp a folder for the compressed layers
 * @throws InputError MANIFEST_INVALID, SOURCE_DAMAGED, SOURCE_INCOMPLETE; RegistryError DIGEST_MISMATCH
 */
export function openDirectory(files: Files, temp: string): Promise<ImageSource> {
  return openWithLayers(files, temp, async (compressed) => {
    const stored = storedManifest(await files.read('manifest.json'));
    const manifests = new Map<Digest, StoredManifest>();
    const changes = new Map<Digest, RawDescriptor>();
    const layers = new Map<Digest, RawDescriptor>();
    for (const child of parseIndex(stored)) {
      const found = await readManifest(files, child);
      await compressLayers(found, compressed, layers);
      const manifest = changed(found, 'layers', layers);
      manifests.set(manifest.digest, manifest);
      changes.set(child.digest, { digest: manifest.digest, size: manifest.bytes.length });
    }
    return {
      root: changed(stored, 'manifests', changes),
      async readManifest({ digest }) {
        const manifest = manifests.get(digest);
        if (manifest === undefined) throw new Error(`${digest} is not listed`);
        return manifest;
      },
      assertBlob(blob) {
        // What was compressed here is no file of the folder.
        if (compressed.open(blob) !== undefined || files.sizeOf(hexOf(blob)) === blob.size) return;
        throw new InputError('SOURCE_INCOMPLETE', {
          message: `"${hexOf(blob)}" in "${files.path}" does not have ${blob.size} bytes, which the image in it needs.`,
          remedy: 'Create the list again. Every layer of every platform must be in the storage.',
        });
      },
      open: (blob) => compressed.open(blob) ?? files.open(hexOf(blob)),
    };
  });
}

function hexOf({ digest }: Blob): string {
  return digest.slice(digest.indexOf(':') + 1);
}

async function readManifest(files: Files, child: Descriptor): Promise<StoredManifest> {
  const name = `${hexOf(child)}.manifest.json`;
  const bytes = await files.read(name);
  proveBytes(bytes, child, `"${name}" in "${files.path}"`);
  return { mediaType: child.mediaType, digest: child.digest, bytes };
}

/** @param done grows by the compressed form of each plain layer; images share layers */
async function compressLayers(
  manifest: StoredManifest,
  compressed: Layers,
  done: Map<Digest, RawDescriptor>,
): Promise<void> {
  for (const layer of parseImageManifest(manifest).layers) {
    const mediaType = compressedTypes[layer.mediaType];
    if (mediaType === undefined || done.has(layer.digest)) continue;
    // The digest of a plain layer is that of its content.
    done.set(layer.digest, { mediaType, ...(await compressed.add(hexOf(layer), layer.digest)) });
  }
}

/** The same manifest or index with other descriptors in it: with the very same bytes where none is another. */
function changed(manifest: StoredManifest, list: 'layers' | 'manifests', changes: Changes): StoredManifest {
  const document = parseDocument(manifest.bytes);
  const before: unknown = document[list];
  const descriptors = (Array.isArray(before) ? before : []).map((descriptor: unknown) =>
    isObject(descriptor) ? { ...descriptor, ...changes.get(descriptor.digest) } : descriptor,
  );
  const text = JSON.stringify({ ...document, [list]: descriptors });
  return text === JSON.stringify(document) ? manifest : storedManifest(Buffer.from(text), manifest.mediaType);
}
