import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/image/digest.ts';
import { openDockerArchive } from '../../../src/source/docker-archive.ts';
import { closedOnFailure, openFolder } from '../../../src/source/image-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const hexOf = (bytes: Buffer): string => digestOf(bytes).slice('sha256:'.length);

/** An archive, unpacked, of an image with one compressed layer; `entry` replaces that of manifest.json. */
async function open(layer: Buffer, promised: Buffer, entry: Readonly<Record<string, unknown>> = {}) {
  const folder = temporaryFolder();
  const config = Buffer.from(
    JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digestOf(promised)] } }),
  );
  const names = { Config: `${hexOf(config)}.json`, Layers: [`${hexOf(layer)}.tar.gz`], RepoTags: ['app:1'] };
  writeFileSync(join(folder, names.Config), config);
  writeFileSync(join(folder, names.Layers[0] ?? ''), layer);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify([{ ...names, ...entry }]));
  const files = await openFolder(folder, AbortSignal.any([]));
  return closedOnFailure(files, (opened) => openDockerArchive(opened, undefined, temporaryFolder()));
}

const content = Buffer.from('the content of a layer');

test('a compressed layer that is what the config says is taken as it is', async () => {
  const layer = gzipSync(content);
  const source = await open(layer, content);
  expect(JSON.parse(Buffer.from(source.root.bytes).toString())).toMatchObject({
    layers: [{ digest: digestOf(layer) }],
  });
  await source.close();
});

describe('is refused, although its layer is named after its own digest,', () => {
  test.each([
    ['if that is another layer than the config says', gzipSync('something else')],
    ['if that cannot be decompressed', Buffer.concat([gzipSync(content).subarray(0, 20), Buffer.alloc(20)])],
  ])('%s', async (_what, layer) => {
    await expect(open(layer, content)).rejects.toThrowCode('SOURCE_DAMAGED');
  });
});

test.each([
  ['an object for the config', { Config: {} }],
  ['an object for a layer', { Layers: [{}] }],
  ['lists in lists for a layer', { Layers: [[[['a']]]] }],
  ['a text for the layers', { Layers: 'a' }],
])('%s in manifest.json is refused', async (_what, entry) => {
  await expect(open(gzipSync(content), content, entry)).rejects.toThrowCode('SOURCE_DAMAGED');
});

test('names that are no texts are no names', async () => {
  await (await open(gzipSync(content), content, { RepoTags: [{}, 1, 'app:1'] })).close();
});
