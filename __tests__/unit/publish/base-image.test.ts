import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { RegistryError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/image/digest.ts';
import { mediaTypes, storedManifest } from '../../../src/image/manifest.ts';
import { parseRepositoryName } from '../../../src/image/reference.ts';
import { readBaseDigest, readBaseImage, withBase } from '../../../src/publish/base-image.ts';
import { aBuild } from '../../support/builders.ts';

const digest = digestOf(Buffer.from('base'));
const texts = { 'org.opencontainers.image.base.digest': digest };
const repository = parseRepositoryName('registry.example.com/octo/app');

describe('the base image, as it is now', () => {
  const ask = async (name: string, answer: () => unknown) => {
    const asked: string[] = [];
    const lines: string[] = [];
    const headManifest = async (_: unknown, which: string) => {
      asked.push(which);
      return answer() as never;
    };
    return { base: await readBaseImage({ headManifest }, name, (line) => void lines.push(line)), asked, lines };
  };

  test.each([
    ['alpine:3.22', '3.22'],
    ['alpine', 'latest'],
  ])('of %s is asked for by its tag', async (name, tag) => {
    expect(await ask(name, () => ({ digest }))).toEqual({ base: { name, digest }, asked: [tag], lines: [] });
  });

  test('with a digest is known', async () => {
    const name = `alpine:3@${digest}`;
    expect(await ask(name, () => undefined)).toEqual({ base: { name, digest }, asked: [], lines: [] });
  });

  test.each([
    { what: 'is not there', answer: () => undefined },
    {
      what: 'cannot be read',
      answer: () => {
        throw new RegistryError('PULL_DENIED', { message: 'No.', remedy: 'None.' });
      },
    },
  ])('that $what is unknown, and said to be so', async ({ answer }) => {
    const { base, lines } = await ask('alpine', answer);
    expect(base).toBe('unknown');
    expect(lines).toEqual([expect.stringContaining('so the step builds')]);
  });
});

describe('the base that an image names', () => {
  const imageOf = (fields: object, labels?: object) => {
    const config = Buffer.from(JSON.stringify(labels === undefined ? {} : { config: { Labels: labels } }));
    const descriptor = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: 9 };
    const bytes = Buffer.from(
      JSON.stringify({ mediaType: mediaTypes.ociManifest, config: descriptor, layers: [], ...fields }),
    );
    return { manifest: storedManifest(bytes), config };
  };
  const read = ({ manifest, config }: ReturnType<typeof imageOf>, root = manifest) =>
    readBaseDigest(
      {
        getManifest: async (_, which) => (which === root.digest ? root : manifest),
        getBlob: async () => Readable.from([config]),
      },
      repository,
      root.digest,
    );

  test.each([
    ['in an annotation', { annotations: texts }, undefined, digest],
    ['in a label', {}, texts, digest],
    ['nowhere', {}, { other: 'label' }, undefined],
    ['nowhere, not even in a config', {}, undefined, undefined],
  ])('%s', async (_, fields, labels, expected) => {
    expect(await read(imageOf(fields, labels))).toBe(expected);
  });

  test('of an index is that of the index, or of its first image', async () => {
    const image = imageOf({}, texts);
    const platform = { os: 'linux', architecture: 'amd64' };
    const manifests = [{ mediaType: mediaTypes.ociManifest, digest: image.manifest.digest, size: 1, platform }];
    const indexOf = (fields: object) =>
      storedManifest(Buffer.from(JSON.stringify({ mediaType: mediaTypes.ociIndex, manifests, ...fields })));
    expect(await read(image, indexOf({}))).toBe(digest);
    expect(
      await read(image, indexOf({ annotations: { ...texts, 'org.opencontainers.image.base.digest': 'other' } })),
    ).toBe('other');
    expect(await read(image, indexOf({ manifests: [] }))).toBeUndefined();
  });

  test('a config that is too large is an error', async () => {
    const config = { mediaType: '', digest, size: 5_000_000 };
    await expect(read(imageOf({ config }))).rejects.toThrow('config');
  });
});

test('a build names its base, unless `labels` does, and takes it from the registry', () => {
  const base = { name: 'alpine:3', digest };
  expect(withBase(aBuild({ labels: ['a=b'] }), base)).toMatchObject({
    pull: true,
    labels: ['a=b', 'org.opencontainers.image.base.name=alpine:3', `org.opencontainers.image.base.digest=${digest}`],
  });
  const given = ['org.opencontainers.image.base.name=mine', 'org.opencontainers.image.base.digest=sha256:mine'];
  expect(withBase(aBuild({ labels: given }), base).labels).toEqual(given);
});
