import { describe, expect, test } from '@jest/globals';
import type { RegistryKind } from '../../../src/github/product-registries.ts';
import { digestOf } from '../../../src/image/digest.ts';
import type { Layer } from '../../../src/image/manifest.ts';
import { parseRepositoryName } from '../../../src/image/reference.ts';
import { checkLimits } from '../../../src/publish/registry-limits.ts';
import type { ImageContent } from '../../../src/source/image-content.ts';

const gigabyte = 1024 ** 3;
const to = parseRepositoryName('docker.ghes.example/octo-org/repo/app');
const digest = digestOf(Buffer.from('x'));
const gzip = 'application/vnd.oci.image.layer.v1.tar+gzip';

function contentOf(...layers: readonly Partial<Layer>[]): ImageContent {
  const whole = layers.map((layer) => ({ mediaType: gzip, digest, size: 1, urls: [], ...layer }));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 1 };
  const manifests = [{ mediaType, digest, bytes: Buffer.from('{}') }];
  return { manifests, blobs: [], images: [{ digest, mediaType, config, layers: whole }] };
}

describe('a layer', () => {
  test.each<[string, RegistryKind, number, boolean]>([
    ['5 GB to the Docker registry', 'docker', 5 * gigabyte, true],
    ['a byte more', 'docker', 5 * gigabyte + 1, false],
    ['10 GB to the Container registry', 'container', 10 * gigabyte, true],
    ['a byte more than that', 'container', 10 * gigabyte + 1, false],
    ['100 GB to any other registry', 'other', 100 * gigabyte, true],
  ])('of %s', (_, kind, size, isTaken) => {
    const check = () => checkLimits(contentOf({ size }), kind, to);
    if (isTaken) expect(check).not.toThrow();
    else expect(check).toThrowCode('LAYER_TOO_LARGE');
  });

  test('that is too large is named with its size and the limit', () => {
    expect(() => checkLimits(contentOf({ size: 6_500_000_000 }), 'docker', to)).toThrow(
      `The layer ${digest} has 6.5 GB: docker.ghes.example/octo-org/repo/app takes layers of at most 5 GB.`,
    );
  });

  test.each([
    ['with a foreign media type', { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }],
    ['that may not be distributed', { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip' }],
    ['that is kept elsewhere', { urls: ['https://example.com/layer'] }],
  ])('%s is refused by the Docker registry alone', (_, layer) => {
    expect(() => checkLimits(contentOf(layer), 'docker', to)).toThrowCode('LAYER_FOREIGN');
    expect(checkLimits(contentOf(layer), 'container', to)).toEqual([]);
  });
});

describe('an image of more than 10 GB', () => {
  const parts = Array.from({ length: 3 }, () => ({ size: 4 * gigabyte }));

  test('is worth a warning for the Docker registry', () => {
    expect(checkLimits(contentOf(...parts), 'docker', to)).toEqual([
      'The image has 12.9 GB: the Docker registry serves images of more than 10 GB badly.',
    ]);
  });

  test('is none elsewhere, and one of 10 GB is none there', () => {
    expect(checkLimits(contentOf(...parts), 'container', to)).toEqual([]);
    expect(checkLimits(contentOf({ size: 5 * gigabyte }, { size: 5 * gigabyte }), 'docker', to)).toEqual([]);
  });
});

test('an index is refused by the Docker registry', () => {
  const content = contentOf({});
  const twice = { ...content, manifests: [...content.manifests, ...content.manifests] };
  expect(() => checkLimits(twice, 'docker', to)).toThrowCode('INDEX_UNSUPPORTED');
  expect(checkLimits(twice, 'container', to)).toEqual([]);
});
