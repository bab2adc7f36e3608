/**
 * An OCI image layout, in a folder or a tar archive
 * (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
 */

import { InputError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { type Blob, type Descriptor, mediaTypeOfManifest, parseIndex, type StoredManifest } from '../image/manifest.ts';
import { formatPlatform } from '../image/platform.ts';
import { chooseImage, type ListedImage } from './choose-image.ts';
import type { Files } from './image-files.ts';
import type { ImageSource } from './image-source.ts';
import { damaged } from './tar-index.ts';
import { proveBytes, proveContent } from './verify-content.ts';

/** An entry of the layout's index.json. */
interface LayoutImage extends ListedImage {
  readonly descriptor: Descriptor;
}

/** A blob, with what the index says of its platform. */
type Located = Blob & Pick<Descriptor, 'platform'>;

/**
 * The name of the spec is a tag or a whole reference; containerd and buildx add the whole one
 * (https://github.com/containerd/containerd/blob/main/core/images/annotations.go).
 */
const nameAnnotations = ['org.opencontainers.image.ref.name', 'io.containerd.image.name'] as const;

/**
 * @param name which of several images (`chooseImage`); `undefined` where there is only one
 * @throws InputError SOURCE_DAMAGED, SOURCE_INCOMPLETE, SOURCE_AMBIGUOUS, SOURCE_MISSING
 */
export async function openLayout(files: Files, name: string | undefined): Promise<ImageSource> {
  const images = await readImages(files);
  const { descriptor } = chooseImage(images, name, files.path);
  const readManifest = async (child: Descriptor): Promise<StoredManifest> => {
    assertBlob(child);
    const bytes = await files.read(pathOfBlob(child.digest));
    proveBytes(bytes, child, whereIs(child));
    return { mediaType: child.mediaType || mediaTypeOfManifest(bytes), digest: child.digest, bytes };
  };
  const whereIs = ({ digest, platform }: Located): string =>
    `"${pathOfBlob(digest)}"${platform === undefined ? '' : ` (${formatPlatform(platform)})`} in "${files.path}"`;
  const assertBlob = (blob: Located): void => {
    const size = files.sizeOf(pathOfBlob(blob.digest));
    if (size === blob.size) return;
    const whole = 'Write the whole image again. It must have every platform of its index, and every layer.';
    throw new InputError('SOURCE_INCOMPLETE', {
      message: `${whereIs(blob)} ${size === undefined ? 'is not there' : `has ${size} bytes`}: expected ${blob.size} bytes.`,
      remedy:
        files.sizeOf('manifest.json') === undefined
          ? whole
          : `${whole} Named \`docker-archive:\`, it is published for the one platform that its "manifest.json" lists.`,
    });
  };
  return {
    root: await readManifest(descriptor),
    readManifest,
    assertBlob,
    async openBlob(blob) {
      const path = pathOfBlob(blob.digest);
      // As some build tools link layers of base images; a registry would find out only after it got all of it.
      if (files.leadsOut(path)) await proveContent(files.open(path), blob, whereIs(blob));
      return files.open(path);
    },
    proveBlob: (blob) => proveContent(files.open(pathOfBlob(blob.digest)), blob, whereIs(blob)),
    close: () => files.close(),
  };
}

export function pathOfBlob(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`;
}

async function readImages(files: Files): Promise<readonly LayoutImage[]> {
  if (files.sizeOf('index.json') === undefined || files.sizeOf('oci-layout') === undefined) {
    const isDocker = files.sizeOf('manifest.json') !== undefined;
    throw damaged(
      files.path,
      isDocker
        ? 'it is a docker-archive, no OCI layout'
        : 'an OCI layout has the files "oci-layout" and "index.json" at its top',
    );
  }
  const bytes = await files.read('index.json');
  return readIndex(bytes, files.path).map((descriptor) => ({
    descriptor,
    id: descriptor.digest,
    names: nameAnnotations.flatMap((annotation) => descriptor.annotations?.[annotation] ?? []),
  }));
}

function readIndex(bytes: Buffer, path: string): readonly Descriptor[] {
  try {
    return parseIndex({ bytes });
  } catch (cause) {
    throw damaged(path, `"index.json" is not an index (${cause instanceof Error ? cause.message : cause})`);
  }
}
