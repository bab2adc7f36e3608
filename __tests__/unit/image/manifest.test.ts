import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/image/digest.ts';
import {
  isIndexMediaType,
  linksOf,
  manifestMediaTypes,
  mediaTypes,
  parseIndex,
  type StoredManifest,
} from '../../../src/image/manifest.ts';

import '../../support/to-throw-code.ts';

const digest = digestOf(Buffer.from('a manifest'));
const entry = { mediaType: mediaTypes.ociManifest, digest, size: 7 };

function anIndex(value: unknown): StoredManifest {
  const bytes = Buffer.from(JSON.stringify(value));
  return { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), bytes };
}

test('an index is OCI’s or Docker’s list', () => {
  expect(manifestMediaTypes.filter(isIndexMediaType)).toEqual([mediaTypes.ociIndex, mediaTypes.dockerIndex]);
});

describe('the manifests of an index', () => {
  test.each([
    ['with a platform', { os: 'linux', architecture: 'amd64' }, { os: 'linux', architecture: 'amd64' }],
    [
      'with a variant',
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
    ],
    ['with an empty variant', { os: 'linux', architecture: 'arm', variant: '' }, { os: 'linux', architecture: 'arm' }],
    ['without a platform', undefined, undefined],
    ['with a platform that is none', 'linux/amd64', undefined],
    ['with half a platform', { os: 'linux' }, undefined],
    ['with the other half', { architecture: 'amd64' }, undefined],
  ])('%s', (_title, platform, expected) => {
    const found = parseIndex(anIndex({ manifests: [{ ...entry, platform }] }));
    expect(found).toEqual([{ ...entry, ...(expected && { platform: expected }) }]);
  });

  test.each([
    ['an entry that is no object', { manifests: ['x', null] }],
    ['an entry without media type', { manifests: [{ ...entry, mediaType: undefined }] }],
    ['an entry without size', { manifests: [{ ...entry, size: '7' }] }],
    ['an entry without digest', { manifests: [{ ...entry, digest: undefined }] }],
    ['an entry with a digest that is none', { manifests: [{ ...entry, digest: 'sha256:1' }] }],
  ])('%s is left out', (_title, value) => {
    expect(parseIndex(anIndex(value))).toEqual([]);
  });

  test.each([
    ['no object', ['x']],
    ['no list', {}],
    ['a list that is none', { manifests: 'x' }],
  ])('are not those of %s', (_title, value) => {
    expect(() => parseIndex(anIndex(value))).toThrowCode('MANIFEST_INVALID');
  });
});

describe('what a manifest leads to', () => {
  const digest = digestOf(Buffer.from('child'));
  const links = (fields: object) => {
    const bytes = Buffer.from(JSON.stringify(fields));
    return linksOf({ bytes, digest: digestOf(bytes) });
  };

  test('is what its index lists, also without a size or a media type, and what it refers to', () => {
    expect(
      links({ manifests: [{ digest }, { digest, mediaType: mediaTypes.ociManifest }], subject: { digest } }),
    ).toEqual({
      children: [digest, digest],
      contents: [],
      subject: digest,
      isCache: false,
    });
  });

  test('a cache of BuildKit lists layers, in an index or in an image', () => {
    const config = { digest, mediaType: 'application/vnd.buildkit.cacheconfig.v0' };
    expect(links({ manifests: [config] })).toMatchObject({ children: [], contents: [digest], isCache: true });
    expect(links({ config, layers: [] })).toMatchObject({ isCache: true });
  });

  test.each([
    { what: 'an entry without a digest', fields: { manifests: [{ size: 1 }] } },
    { what: 'an entry that is no object', fields: { manifests: ['x'] } },
    { what: 'a digest of an algorithm that nobody knows', fields: { subject: { digest: 'md5:00' } } },
    { what: 'a list that is none', fields: { manifests: {} } },
    { what: 'no object', fields: [] },
  ])('is an error for $what', ({ fields }) => {
    expect(() => links(fields)).toThrowCode('MANIFEST_INVALID');
  });
});
