import { describe, expect, test } from '@jest/globals';
import { absentImages } from '../../../src/engine/podman-manifest-list.ts';
import { readEntries } from '../../../src/image/image-index.ts';

const [one, two, three] = ['1', '2', '3'].map((digit) => `sha256:${digit.repeat(64)}`);
const mediaType = 'application/vnd.oci.image.manifest.v1+json';
const entries = [one, two].map((digest) => ({ mediaType, digest, size: 7 }));
const listed = readEntries({ bytes: Buffer.from(JSON.stringify({ manifests: entries })) });

describe('of the images that an index lists, absent from the storage are', () => {
  test.each([
    ['none where each is there', [{ Digest: one }, { Digest: two, RepoDigests: [] }], []],
    ['all where the storage is empty', [], [one, two]],
    ['all where Podman said nothing', undefined, [one, two]],
    ['those that no image is known by', [{ Digest: three }, { Digest: two, RepoDigests: null }], [one]],
    [
      'none that were pulled, which are known by the digest of the index that they came from, too',
      [{ Digest: three, RepoDigests: [`localhost:5000/octo/app@${one}`, `localhost:5000/octo/app@${three}`] }],
      [two],
    ],
    ['all where the answer is no list of images', ['x', 7, null], [one, two]],
  ])('%s', (_what, stored, absent) => {
    expect(absentImages(listed, stored)).toEqual(absent);
  });
});
