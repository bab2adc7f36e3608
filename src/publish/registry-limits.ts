/**
 * What GitHub's registries do not take, found before the push
 * (https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry#troubleshooting,
 * https://docs.github.com/en/enterprise-server@3.16/packages/working-with-a-github-packages-registry/working-with-the-docker-registry).
 */

import { InputError } from '../errors.ts';
import type { RegistryKind } from '../github/product-registries.ts';
import { isForeign } from '../image/manifest.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { ImageContent } from '../source/image-content.ts';
import { formatSize } from '../text/size.ts';

/** GitHub does not say which gigabyte it means; the larger one refuses nothing that would have been taken. */
const gigabyte = 1024 ** 3;
const largestLayer: Readonly<Record<RegistryKind, number>> = {
  container: 10 * gigabyte,
  docker: 5 * gigabyte,
  other: Number.POSITIVE_INFINITY,
};
const largeImage = 10 * gigabyte;

/**
 * Judges an image for one destination.
 * @returns warnings, as sentences
 * @throws InputError LAYER_TOO_LARGE, LAYER_FOREIGN, INDEX_UNSUPPORTED
 */
export function checkLimits(
  { images, manifests }: ImageContent,
  kind: RegistryKind,
  to: Repository,
): readonly string[] {
  const name = formatRepository(to);
  const [fault] = [
    ...(kind === 'docker' && manifests.length > 1 ? [indexUnsupported(name)] : []),
    ...images
      .flatMap(({ layers }) => layers)
      .flatMap((layer): InputError[] => {
        if (kind === 'docker' && isForeign(layer)) return [foreignLayer(layer.digest, name)];
        return layer.size > largestLayer[kind] ? [layerTooLarge(layer.digest, layer.size, kind, name)] : [];
      }),
  ];
  if (fault !== undefined) throw fault;
  if (kind !== 'docker') return [];
  const sizes = images.map(({ layers }) => layers.reduce((sum, { size }) => sum + size, 0));
  return sizes
    .filter((size) => size > largeImage)
    .map((size) => `The image has ${formatSize(size)}: the Docker registry serves images of more than 10 GB badly.`);
}

function layerTooLarge(digest: string, size: number, kind: RegistryKind, name: string): InputError {
  return new InputError('LAYER_TOO_LARGE', {
    message: `The layer ${digest} has ${formatSize(size)}: ${name} takes layers of at most ${largestLayer[kind] / gigabyte} GB.`,
    remedy:
      'Split the instruction of the Dockerfile that makes it, or leave files out of the image (.dockerignore, a multi-stage build).',
  });
}

function foreignLayer(digest: string, name: string): InputError {
  return new InputError('LAYER_FOREIGN', {
    message: `The layer ${digest} is foreign (as those of Windows base images are): the Docker registry of ${name} takes none.`,
    remedy:
      'Publish to the Container registry (`registry: container`), or build on a base image without foreign layers.',
  });
}

function indexUnsupported(name: string): InputError {
  return new InputError('INDEX_UNSUPPORTED', {
    message: `${name} is in a Docker registry, which supports neither an index of several platforms nor attestations: expected one image.`,
    remedy:
      'Publish to the Container registry (`registry: container`), or publish one platform without attestations, each under its own tag. In a registry each has a digest: `source: docker://NAME@DIGEST`.',
  });
}
