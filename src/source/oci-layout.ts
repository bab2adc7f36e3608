/**
 * An OCI image layout, in a folder or a tar archive
 * (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
 */

import { InputError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { type Descriptor, mediaTypeOfManifest, parseIndex, type StoredManifest } from '../image/manifest.ts';
import { parseReference } from '../image/reference.ts';
import type { Files } from './files.ts';
import type { Blob, ImageSource } from './image-source.ts';
import { proveBytes, proveContent } from './prove.ts';
import { damaged } from './tar.ts';

/** An image of the layout's index.json, with the names it has there. */
interface LayoutImage {
  readonly descriptor: Descriptor;
  readonly names: readonly string[];
}

/**
 * The name of the spec is a tag or a whole reference; containerd and buildx add the whole one
 * (https://github.com/containerd/containerd/blob/main/core/images/annotations.go).
 */
const nameAnnotations = ['org.opencontainers.image.ref.name', 'io.containerd.image.name'] as const;

/**
 * @param name which of several images; `undefined` where there is only one
 * @throws InputError SOURCE_DAMAGED, SOURCE_INCOMPLETE, SOURCE_AMBIGUOUS, SOURCE_MISSING
 */
export async function openLayout(files: Files, name: string | undefined): Promise<ImageSource> {
  const images = await readImages(files);
  const descriptor = chooseImage(images, name, files.path);
  const readManifest = async (child: Descriptor): Promise<StoredManifest> => {
    assertBlob(child);
    const bytes = await files.read(pathOf(child.digest));
    proveBytes(bytes, child, whereIs(child));
    return { mediaType: child.mediaType || mediaTypeOfManifest(bytes), digest: child.digest, bytes };
  };
  const whereIs = ({ digest }: Blob): string => `"${pathOf(digest)}" in "${files.path}"`;
  const assertBlob = (blob: Blob): void => {
    const size = files.sizeOf(pathOf(blob.digest));
    if (size === blob.size) return;
    throw new InputError('SOURCE_INCOMPLETE', {
      message: `${whereIs(blob)} ${size === undefined ? 'is not there' : `has ${size} bytes`}: expected ${blob.size} bytes.`,
      remedy: 'Write the image anew, whole: every platform of an index and every layer has to be in it.',
    });
  };
  return {
    name: files.path,
    root: await readManifest(descriptor),
    readManifest,
    assertBlob,
    openBlob: async ({ digest }) => files.open(pathOf(digest)),
    proveBlob: (blob) => proveContent(files.open(pathOf(blob.digest)), blob, whereIs(blob)),
    close: () => files.close(),
  };
}

function pathOf(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`;
}

async function readImages(files: Files): Promise<readonly LayoutImage[]> {
  if (files.sizeOf('index.json') === undefined || files.sizeOf('oci-layout') === undefined) {
    const isDocker = files.sizeOf('manifest.json') !== undefined;
    throw damaged(
      files.path,
      isDocker ? 'it is a docker-archive, no OCI layout' : 'an OCI layout has the files "oci-layout" and "index.json"',
    );
  }
  const bytes = await files.read('index.json');
  const images = new Map<Digest, LayoutImage>();
  const entries = readIndex(bytes, files.path);
  for (const descriptor of entries) {
    const names = nameAnnotations.flatMap((annotation) => descriptor.annotations?.[annotation] ?? []);
    images.set(descriptor.digest, { descriptor, names: [...(images.get(descriptor.digest)?.names ?? []), ...names] });
  }
  return [...images.values()];
}

function readIndex(bytes: Buffer, path: string): readonly Descriptor[] {
  try {
    return parseIndex({ bytes });
  } catch (cause) {
    throw damaged(path, `"index.json" is no index (${cause instanceof Error ? cause.message : cause})`);
  }
}

function chooseImage(images: readonly LayoutImage[], name: string | undefined, path: string): Descriptor {
  const fitting = name === undefined ? images : images.filter(({ names }) => names.some((each) => isNamed(each, name)));
  const [image, ...others] = fitting;
  if (image !== undefined && others.length === 0) return image.descriptor;
  throw notOne(
    path,
    name,
    fitting.length,
    images.map(({ descriptor, names }) => names[0] ?? `${descriptor.digest}, without a name`),
  );
}

/** Whether a name in an archive is the one that was asked for: as it is written, completed as Docker does, or its tag. */
export function isNamed(inArchive: string, asked: string): boolean {
  if (inArchive === asked) return true;
  try {
    const found = parseReference(inArchive);
    const { repository, tag = 'latest' } = parseReference(asked);
    const isSame = found.repository.registry === repository.registry && found.repository.path === repository.path;
    return found.tag === asked || (isSame && (found.tag ?? 'latest') === tag);
  } catch {
    return false;
  }
}

/**
 * @param names of all images there are
 * @param found how many of them fit
 */
export function notOne(path: string, name: string | undefined, found: number, names: readonly string[]): InputError {
  const listed = names.length === 0 ? 'It holds none.' : `It holds:\n${names.map((each) => `- ${each}`).join('\n')}`;
  if (found === 0 && name !== undefined) {
    return new InputError('SOURCE_MISSING', {
      message: `"${path}" has no image "${name}". ${listed}`,
      remedy: 'Correct the name after the path in `source`, or leave it out where there is only one image.',
    });
  }
  if (found === 0) return damaged(path, 'it lists no image');
  return new InputError('SOURCE_AMBIGUOUS', {
    message: `"${path}" has ${found} images${name === undefined ? '' : ` named "${name}"`}: expected one, named after the path. ${listed}`,
    remedy: 'Add the name of one of them to `source`, after a colon, such as `oci:build:1.0`.',
  });
}
