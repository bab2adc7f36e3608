import { describe, expect, test } from '@jest/globals';
import { bounds } from '../../../src/image/bounds.ts';
import { digestOf } from '../../../src/image/digest.ts';
import { type Descriptor, mediaTypes, type StoredManifest, storedManifest } from '../../../src/image/manifest.ts';
import { readContent } from '../../../src/source/image-content.ts';
import type { ImageSource } from '../../../src/source/image-source.ts';

const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(Buffer.from('{}')), size: 2 };

function document(fields: Readonly<Record<string, unknown>>): StoredManifest {
  return storedManifest(Buffer.from(JSON.stringify({ schemaVersion: 2, ...fields })));
}

/** An image; `padding` makes it another one, and as large as is asked. */
function anImage(padding: string, fields: Readonly<Record<string, unknown>> = {}): StoredManifest {
  return document({ mediaType: mediaTypes.ociManifest, config, layers: [], annotations: { padding }, ...fields });
}

function anIndex(children: readonly StoredManifest[]): StoredManifest {
  const manifests = children.map(({ mediaType, digest, bytes }) => ({ mediaType, digest, size: bytes.length }));
  return document({ mediaType: mediaTypes.ociIndex, manifests });
}

/** A source of these manifests that counts what is read, and how much at a time. */
function aSource(root: StoredManifest, all: readonly StoredManifest[]) {
  const byDigest = new Map(all.map((each) => [each.digest, each]));
  const counts = { read: 0, now: 0, most: 0 };
  const source: ImageSource = {
    root,
    async readManifest({ digest }: Descriptor) {
      counts.read++;
      counts.now++;
      counts.most = Math.max(counts.most, counts.now);
      await new Promise((resolve) => setImmediate(resolve));
      counts.now--;
      const found = byDigest.get(digest);
      if (found === undefined) throw new Error(`no ${digest}`);
      return found;
    },
    assertBlob: () => {},
    openBlob: () => Promise.reject(new Error('nobody opens a blob')),
    proveBlob: async () => {},
    close: async () => {},
  };
  return { source, counts };
}

describe('the content of an image', () => {
  test('has each child once, however often an index lists it, and reads a few at a time', async () => {
    const images = Array.from({ length: 40 }, (_, index) => anImage(String(index)));
    const listed = Array.from({ length: 100 }, () => images).flat();
    const { source, counts } = aSource(anIndex(listed), images);
    const { manifests } = await readContent(source);
    expect(manifests.length).toBe(41);
    expect(counts.read).toBe(40);
    expect(counts.most).toBeLessThanOrEqual(8);
  });

  test('ends where an index lists itself by way of another', async () => {
    // A digest cannot be in what it is the digest of, so that only a source that lies has a circle.
    const inner = anIndex([anImage('a')]);
    const outer = anIndex([inner]);
    const { source } = aSource(outer, [inner, anImage('a')]);
    const lying: ImageSource = { ...source, readManifest: async () => ({ ...outer, digest: inner.digest }) };
    expect((await readContent(lying)).manifests.length).toBeLessThanOrEqual(2);
  });

  test.each([
    ['manifests', Array.from({ length: bounds.manifests + 1 }, (_, index) => anImage(String(index)))],
    ['bytes of manifests', Array.from({ length: 20 }, (_, index) => anImage(`${index}${'x'.repeat(4_000_000)}`))],
  ])('of more %s than any image has is refused', async (_what, images) => {
    const { source } = aSource(anIndex(images), images);
    await expect(readContent(source)).rejects.toThrowCode('MANIFEST_INVALID');
  });

  test('of indexes within indexes is refused beyond a depth', async () => {
    const chain = [anImage('a')];
    for (let depth = 0; depth <= bounds.depth + 1; depth++) chain.push(anIndex(chain.slice(-1)));
    const { source } = aSource(anIndex(chain.slice(-1)), chain);
    await expect(readContent(source)).rejects.toThrowCode('MANIFEST_INVALID');
  });

  test.each([
    ['an object', [{}]],
    ['a list that is nested 60 deep', JSON.parse('['.repeat(60) + ']'.repeat(60))],
    ['no list', 'https://example.com'],
  ])('with %s for the `urls` of a layer is refused', async (_what, urls) => {
    const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: config.digest, size: 1, urls };
    const { source } = aSource(anImage('a', { layers: [layer] }), []);
    await expect(readContent(source)).rejects.toThrowCode('MANIFEST_INVALID');
  });

  test.each(['1e400', '-1', '1.5', '"2"', '1152921504606846976'])(
    'with a config of %s bytes is refused',
    async (size) => {
      const text = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [] });
      const root = storedManifest(Buffer.from(text.replace('"size":2', `"size":${size}`)), mediaTypes.ociManifest);
      await expect(readContent(aSource(root, []).source)).rejects.toThrowCode('MANIFEST_INVALID');
    },
  );
});
