/** The folder that Podman copies an index into: what is compressed, what stays, and what is no such folder. */

import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/image/digest.ts';
import { contentMediaTypes, mediaTypes } from '../../../src/image/manifest.ts';
import { type ImageContent, readContent } from '../../../src/source/image-content.ts';
import { openFolder } from '../../../src/source/image-files.ts';
import type { ImageSource } from '../../../src/source/image-source.ts';
import { openDirectory } from '../../../src/source/podman-dir.ts';
import { type Described, writeTree } from '../../support/tar.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import '../../support/to-throw-code.ts';

const { ociConfig, ociLayer, ociGzipLayer, dockerConfig, dockerLayer, dockerGzipLayer } = contentMediaTypes;
const { ociIndex, ociManifest, dockerManifest } = mediaTypes;

/** A folder of the form, under construction. */
function aFolder() {
  const files: Record<string, string> = { version: 'Directory Transport Version: 1.1\n' };
  const add = (mediaType: string, content: string, suffix = ''): Described => {
    const digest = digestOf(Buffer.from(content));
    files[`${digest.replace('sha256:', '')}${suffix}`] = content;
    return { mediaType, digest, size: content.length };
  };
  return {
    files,
    image(architecture: string, layers: readonly { readonly mediaType: string; readonly content: string }[]) {
      const isDocker = layers.some(({ mediaType }) => mediaType.includes('docker'));
      const mediaType = isDocker ? dockerManifest : ociManifest;
      const manifest = {
        schemaVersion: 2,
        mediaType,
        config: add(isDocker ? dockerConfig : ociConfig, JSON.stringify({ architecture, os: 'linux' })),
        layers: layers.map((layer) => add(layer.mediaType, layer.content)),
        annotations: { of: architecture },
      };
      return add(mediaType, JSON.stringify(manifest), '.manifest.json');
    },
    /** @param entries descriptors with further fields */
    index(...entries: readonly object[]) {
      files['manifest.json'] = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: entries });
    },
  };
}

interface Opened {
  readonly source: ImageSource;
  readonly content: ImageContent;
  readonly temp: string;
  /** The folder of the image. */
  readonly path: string;
}

async function opened(files: Readonly<Record<string, string>>): Promise<Opened> {
  const [temp, path] = [temporaryFolder(), temporaryFolder()];
  const source = await openDirectory(await openFolder(writeTree(path, files), AbortSignal.any([])), temp);
  return { source, content: await readContent(source), temp, path };
}

async function bytesOf(source: ImageSource, digest: string, content: ImageContent): Promise<Buffer> {
  const blob = content.blobs.find((each) => each.digest === digest);
  if (blob === undefined) throw new Error(`no blob ${digest}`);
  const pieces: Buffer[] = [];
  for await (const piece of await source.openBlob(blob)) pieces.push(Buffer.from(piece));
  const bytes = Buffer.concat(pieces);
  expect({ size: bytes.length, digest: digestOf(bytes) }).toEqual({ size: blob.size, digest: blob.digest });
  return bytes;
}

const documentOf = ({ bytes }: { readonly bytes: Uint8Array }) => JSON.parse(Buffer.from(bytes).toString());

describe.each([
  { form: 'OCI', plain: ociLayer, compressed: ociGzipLayer, manifest: ociManifest },
  { form: 'Docker', plain: dockerLayer, compressed: dockerGzipLayer, manifest: dockerManifest },
])('an image in $form’s form', ({ plain, compressed, manifest }) => {
  test('has its plain layers compressed, and all else as it was', async () => {
    const folder = aFolder();
    const entry = folder.image('arm64', [
      { mediaType: plain, content: 'one' },
      { mediaType: plain, content: 'two' },
    ]);
    const platform = { os: 'linux', architecture: 'arm64', variant: 'v8', 'os.features': ['x'] };
    folder.index({ ...entry, platform, annotations: { a: '1' } });
    const { source, content } = await opened(folder.files);
    const [child] = content.manifests;
    if (child === undefined) throw new Error('no manifest');
    expect(documentOf(source.root)).toEqual({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [
        { mediaType: manifest, digest: child.digest, size: child.bytes.length, platform, annotations: { a: '1' } },
      ],
    });
    expect(source.root.digest).toBe(digestOf(source.root.bytes));
    const before = JSON.parse(folder.files[`${entry.digest.replace('sha256:', '')}.manifest.json`] ?? '');
    const { layers, ...others } = documentOf(child);
    expect({ ...others, layers: before.layers }).toEqual(before);
    const texts = [];
    for (const { mediaType, digest } of layers) {
      expect(mediaType).toBe(compressed);
      texts.push(gunzipSync(await bytesOf(source, digest, content)).toString());
    }
    expect(texts).toEqual(['one', 'two']);
    await bytesOf(source, others.config.digest, content);
  });
});

test('a layer that images share is compressed once', async () => {
  const folder = aFolder();
  const shared = { mediaType: ociLayer, content: 'shared' };
  folder.index(
    folder.image('amd64', [shared]),
    folder.image('arm64', [shared, { mediaType: ociLayer, content: 'own' }]),
  );
  const { source, temp } = await opened(folder.files);
  expect(readdirSync(temp)).toHaveLength(2);
  await source.close();
  expect(readdirSync(temp)).toEqual([]);
});

test('what is compressed already stays, to the byte', async () => {
  const folder = aFolder();
  folder.index(folder.image('amd64', [{ mediaType: ociGzipLayer, content: 'compressed' }]));
  const index = `${folder.files['manifest.json']}\n`;
  const { source, content } = await opened({ ...folder.files, 'manifest.json': index });
  expect(Buffer.from(source.root.bytes).toString()).toBe(index);
  expect((await bytesOf(source, digestOf(Buffer.from('compressed')), content)).toString()).toBe('compressed');
});

const hexOf = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('a folder that is not whole is refused, and nothing is left', () => {
  const refused = async (spoil: (files: Record<string, string>) => void) => {
    const [folder, temp] = [aFolder(), temporaryFolder()];
    const plain = { mediaType: ociLayer, content: 'plain' };
    folder.index(folder.image('amd64', [{ mediaType: ociLayer, content: 'first' }, plain]));
    spoil(folder.files);
    const files = await openFolder(writeTree(temporaryFolder(), folder.files), AbortSignal.any([]));
    return { opening: openDirectory(files, temp), temp };
  };
  test.each([
    ['without its index', 'SOURCE_INCOMPLETE', 'manifest.json', undefined],
    ['whose index is none', 'MANIFEST_INVALID', 'manifest.json', '{}'],
    ['without a manifest', 'SOURCE_INCOMPLETE', '.manifest.json', undefined],
    ['with another manifest', 'DIGEST_MISMATCH', '.manifest.json', '{}'],
    ['without a plain layer', 'SOURCE_INCOMPLETE', hexOf('plain'), undefined],
    ['with another plain layer', 'SOURCE_DAMAGED', hexOf('plain'), 'PLAIN'],
  ] as const)('%s: %s', async (_what, code, suffix, text) => {
    const { opening, temp } = await refused((files) => {
      const name = Object.keys(files).find((each) =>
        suffix.startsWith('.') ? each.endsWith(suffix) : each === suffix,
      );
      if (name === undefined) throw new Error('nothing to spoil');
      if (text === undefined) delete files[name];
      else files[name] = text;
    });
    await expect(opening).rejects.toThrowCode(code);
    expect(readdirSync(temp)).toEqual([]);
  });

  test.each([
    ['a compressed layer', ociGzipLayer],
    ['a config', ''],
  ])('without %s, before anything is sent', async (_what, mediaType) => {
    const folder = aFolder();
    folder.index(folder.image('amd64', [{ mediaType: ociGzipLayer, content: 'compressed' }]));
    const config = JSON.stringify({ architecture: 'amd64', os: 'linux' });
    delete folder.files[hexOf(mediaType === '' ? config : 'compressed')];
    await expect(opened(folder.files)).rejects.toThrowCode('SOURCE_INCOMPLETE');
  });
});

test('content that a registry finds to be another is proved against its digest', async () => {
  const folder = aFolder();
  folder.index(folder.image('amd64', [{ mediaType: ociGzipLayer, content: 'compressed' }]));
  const { source, content, path } = await opened(folder.files);
  const [, layer] = content.blobs;
  if (layer === undefined) throw new Error('no layer');
  await expect(source.proveBlob(layer)).resolves.toBeUndefined();
  writeTree(path, { [hexOf('compressed')]: 'COMPRESSED' });
  await expect(source.proveBlob(layer)).rejects.toThrowCode('DIGEST_MISMATCH');
});
