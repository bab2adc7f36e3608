import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { type Digest, digestOf, parseDigest } from '../../../src/image/digest.ts';
import { mediaTypes, type StoredManifest } from '../../../src/image/manifest.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { parseRepository } from '../../../src/image/repository.ts';
import { parseTag } from '../../../src/image/tag.ts';
import { type ContentPort, compare, parseContent, parseHistory, weigh } from '../../../src/report/image-sizes.ts';

const repository = parseRepository(parseRegistry('ghcr.io'), 'octo-org/app');
const digestNumber = (number: number): Digest => parseDigest(`sha256:${String(number).padStart(64, '0')}`);
const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

function stored(mediaType: string, value: unknown): StoredManifest {
  const bytes = bytesOf(value);
  return { mediaType, digest: digestOf(bytes), bytes };
}

/** A registry that holds these. */
function aRegistry(contents: readonly Uint8Array[], manifests: readonly StoredManifest[] = []): ContentPort {
  return {
    async getManifest(_repository, digest) {
      const found = manifests.find((each) => each.digest === digest);
      if (found === undefined) throw new Error(`no manifest ${digest}`);
      return found;
    },
    async getBlob(_repository, { digest }) {
      const found = contents.find((each) => digestOf(each) === digest);
      if (found === undefined) throw new Error(`no blob ${digest}`);
      return Readable.from([found]);
    },
  };
}

const config = bytesOf({
  history: [
    { created_by: 'ENV A=1', empty_layer: true },
    { created_by: 'COPY app /app # buildkit' },
    { created_by: 'RUN /bin/sh -c npm ci # buildkit' },
  ],
});

function anImage(sizes: readonly number[]): StoredManifest {
  return stored(mediaTypes.ociManifest, {
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
    layers: sizes.map((size, index) => ({ mediaType: 'layer', digest: digestNumber(index), size })),
  });
}

describe('an image weighs', () => {
  test('its layers and its config, and each layer has its instruction', async () => {
    const manifest = anImage([1000, 2000]);
    expect(await weigh(aRegistry([config]), repository, manifest, { platform: 'linux/amd64' })).toEqual([
      {
        platform: 'linux/amd64',
        digest: manifest.digest,
        size: 3000 + config.length,
        layers: [
          { digest: digestNumber(0), size: 1000, instruction: 'COPY app /app' },
          { digest: digestNumber(1), size: 2000, instruction: 'RUN npm ci' },
        ],
      },
    ]);
  });

  test('the same where its history cannot be read', async () => {
    const [image] = await weigh(aRegistry([]), repository, anImage([5]), { platform: 'linux/amd64' });
    expect(image?.layers).toEqual([{ digest: digestNumber(0), size: 5, instruction: '' }]);
  });

  test('the same with a config that was read already', async () => {
    const known = { platform: 'linux/amd64', config };
    const [image] = await weigh(aRegistry([]), repository, anImage([5, 6]), known);
    expect(image?.layers.map(({ instruction }) => instruction)).toEqual(['COPY app /app', 'RUN npm ci']);
  });

  test('the same where the history counts other layers', async () => {
    const [image] = await weigh(aRegistry([config]), repository, anImage([1, 2, 3]), { platform: 'linux/amd64' });
    expect(image?.layers.map(({ instruction }) => instruction)).toEqual(['', '', '']);
  });

  test('on each platform of an index, without its attestations', async () => {
    const [amd64, arm64, attestation] = [anImage([1, 2]), anImage([3, 4]), anImage([9])];
    const entry = (manifest: StoredManifest, architecture: string, os = 'linux') => ({
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.bytes.length,
      platform: { os, architecture },
    });
    const index = stored(mediaTypes.ociIndex, {
      manifests: [entry(amd64, 'amd64'), entry(arm64, 'arm64'), entry(attestation, 'unknown', 'unknown')],
    });
    const images = await weigh(aRegistry([config], [amd64, arm64]), repository, index, { platform: '' });
    expect(images.map(({ platform, digest, size }) => ({ platform, digest, size }))).toEqual([
      { platform: 'linux/amd64', digest: amd64.digest, size: 3 + config.length },
      { platform: 'linux/arm64', digest: arm64.digest, size: 7 + config.length },
    ]);
  });
});

test.each([
  ['no layers', {}],
  [
    'layers that are none',
    { layers: [{ digest: 'sha256:1', size: 1 }, { digest: digestNumber(1), size: -1 }, 'layer'] },
  ],
  ['a list', []],
])('a manifest with %s has nothing to weigh', (_what, manifest) => {
  expect(parseContent({ bytes: bytesOf(manifest) })).toEqual({ config: undefined, layers: [] });
});

test.each([
  ['buildkit’s COPY', 'COPY app /app # buildkit', 'COPY app /app'],
  ['buildkit’s RUN', 'RUN /bin/sh -c npm ci # buildkit', 'RUN npm ci'],
  [
    'buildkit’s RUN with build arguments, whose values are left out',
    'RUN |1 TOKEN=secret /bin/sh -c npm ci # buildkit',
    'RUN npm ci',
  ],
  ['the classic builder’s COPY', '/bin/sh -c #(nop) COPY file:1f2e in / ', 'COPY file:1f2e in /'],
  ['the classic builder’s RUN', '/bin/sh -c npm ci', 'RUN npm ci'],
  ['the classic builder’s RUN with build arguments', '|2 A=1 TOKEN=secret /bin/sh -c npm ci', 'RUN npm ci'],
  ['another tool', 'bazel build ...', 'bazel build ...'],
  ['nobody', undefined, ''],
])('the history of %s is read', (_whose, createdBy, instruction) => {
  expect(parseHistory(bytesOf({ history: [{ created_by: createdBy }] }))).toEqual([instruction]);
});

describe('since the image before', () => {
  const before = parseTag('1.0');

  test('an image has grown or shrunk, and has layers that are new', async () => {
    const images = await weigh(aRegistry([config]), repository, anImage([100, 20]), { platform: 'linux/amd64' });
    const smaller = stored(mediaTypes.ociManifest, {
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestNumber(9), size: 5 },
      layers: [{ mediaType: 'layer', digest: digestNumber(0), size: 100 }],
    });
    // The config of the image before is nowhere: nobody needs it.
    const [image] = await compare(aRegistry([]), repository, images, { tag: before, manifest: smaller });
    expect(image?.change).toEqual({ since: '1.0', bytes: 20 + config.length - 5, newLayers: 1 });
    const [same] = await compare(aRegistry([]), repository, images, { tag: before, manifest: anImage([100, 20]) });
    expect(same?.change).toEqual({ since: '1.0', bytes: 0, newLayers: 0 });
  });

  test('each platform is compared with itself, and a new one with nothing', async () => {
    const [amd64, arm64] = [anImage([100]), anImage([70])];
    const entry = ({ mediaType, digest, bytes }: StoredManifest, architecture: string) => ({
      ...{ mediaType, digest, size: bytes.length },
      platform: { os: 'linux', architecture },
    });
    const indexOf = (...manifests: readonly object[]) => stored(mediaTypes.ociIndex, { manifests });
    const port = aRegistry([config], [amd64, arm64]);
    const index = indexOf(entry(amd64, 'amd64'), entry(arm64, 'arm64'));
    const images = await weigh(port, repository, index, { platform: '' });
    const manifest = indexOf(entry(arm64, 'amd64'));
    const compared = await compare(port, repository, images, { tag: before, manifest });
    expect(compared.map(({ change }) => change?.bytes)).toEqual([30, undefined]);
  });
});
