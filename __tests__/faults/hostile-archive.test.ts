/** Archives that were damaged at random, or made to deceive: thousands of them end in an image that is read, or in a typed error. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InternalError, PublishError } from '../../src/errors.ts';
import { digestOf } from '../../src/image/digest.ts';
import { isIndexMediaType, parseImageManifest, parseIndex } from '../../src/image/manifest.ts';
import { openDockerArchive } from '../../src/source/docker-archive.ts';
import { closedOnFailure, openArchive } from '../../src/source/image-files.ts';
import type { ImageSource } from '../../src/source/image-source.ts';
import { openLayout } from '../../src/source/oci-layout.ts';
import { hostilePack, hostileTar, tarOfFiles } from '../support/hostile-archives.ts';
import { aLayout, named, tarOf, writeTree } from '../support/tar.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const json = (value: unknown): string => JSON.stringify(value);

/** A docker-archive of one layer, which is a tar of nothing. */
function dockerFiles(): Record<string, string | Buffer> {
  const layer = Buffer.alloc(1024);
  const config = json({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    history: [{ created_by: 'test' }],
  });
  const manifest = [{ Config: 'config.json', RepoTags: ['octo/app:1'], Layers: ['layer.tar'] }];
  return { 'manifest.json': json(manifest), 'config.json': config, 'layer.tar': layer };
}

function ociFiles(): Record<string, string | Buffer> {
  const layout = aLayout();
  return layout.list(named(layout.index([layout.image('one'), layout.image('two')]), 'latest')).files;
}

/** What is done to the bytes of an archive. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({
    kind: fc.constant('text' as const),
    at: fc.nat(),
    text: fc.constantFrom('../../', '\0', '"', '{', '[]', 'null', '9'.repeat(40), '-1', 'sha256:'),
  }),
  fc.record({ kind: fc.constant('move' as const), from: fc.nat(), to: fc.nat() }),
);
type Damage = typeof damage extends fc.Arbitrary<infer Value> ? Value : never;

const block = 512;

/** A header whose sum is wrong would end the reading at once: it is put right, so that what it says is looked at. */
function withSums(bytes: Buffer): Buffer {
  for (let at = 0; at + block <= bytes.length; at += block) {
    if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    bytes.fill(' ', at + 148, at + 156);
    const sum = bytes.subarray(at, at + block).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
  return bytes;
}

function damaged(original: Buffer, damages: readonly Damage[]): Buffer {
  const bytes = Buffer.from(original);
  let end = bytes.length;
  for (const each of damages) {
    if (each.kind === 'flip') bytes[each.at % bytes.length] = each.byte;
    else if (each.kind === 'cut') end = each.at % bytes.length;
    else if (each.kind === 'text') bytes.write(each.text, each.at % bytes.length);
    else {
      const from = (each.from % Math.floor(bytes.length / block)) * block;
      bytes.copy(bytes, (each.to % Math.floor(bytes.length / block)) * block, from, from + block);
    }
  }
  return withSums(bytes).subarray(0, end);
}

/** Reads all of an image, as a push does. */
async function readAll(source: ImageSource): Promise<void> {
  const { root } = source;
  const listed = isIndexMediaType(root.mediaType) ? parseIndex(root) : [];
  const manifests = listed.length === 0 ? [root] : await Promise.all(listed.map((each) => source.readManifest(each)));
  for (const manifest of manifests) {
    const { config, layers } = parseImageManifest(manifest);
    for (const blob of [config, ...layers]) {
      source.assertBlob(blob);
      for await (const _ of await source.openBlob(blob));
      await source.proveBlob(blob);
    }
  }
}

/** @returns whether all of it could be read */
async function isWhole(bytes: Buffer, folder: string, isDocker: boolean): Promise<boolean> {
  const path = join(folder, 'image.tar');
  writeFileSync(path, bytes);
  try {
    const source = await closedOnFailure(await openArchive(path, folder, AbortSignal.any([])), (opened) =>
      isDocker ? openDockerArchive(opened, undefined, folder) : openLayout(opened, undefined),
    );
    try {
      await readAll(source);
    } finally {
      await source.close();
    }
    return true;
  } catch (error) {
    if (!(error instanceof PublishError) || error instanceof InternalError) throw error;
    return false;
  }
}

const numRuns = Number(process.env.FUZZ_RUNS ?? 300);
/** Milliseconds: what takes longer would never end. */
const tooLong = 10_000;
/** More bytes than a reader may hold at once. */
const tooMuch = 256 * 1024 * 1024;

/** What the process holds outside of the heap of JavaScript, where bytes are. */
const held = (): number => process.memoryUsage().arrayBuffers;

/** Reads archives that are made of hostile parts; gives how many were whole. */
async function readHostile(archives: fc.Arbitrary<Buffer>, isDocker: boolean): Promise<number> {
  const folder = temporaryFolder();
  let whole = 0;
  await fc.assert(
    fc.asyncProperty(archives, async (bytes) => {
      const [start, before] = [performance.now(), held()];
      if (await isWhole(bytes, folder, isDocker)) whole++;
      expect(performance.now() - start).toBeLessThan(tooLong);
      expect(held() - before).toBeLessThan(tooMuch);
      expect(readdirSync(folder)).toEqual(['image.tar']);
    }),
    { numRuns },
  );
  return whole;
}

describe.each([
  { form: 'OCI archives', files: ociFiles, isDocker: false },
  { form: 'Docker archives', files: dockerFiles, isDocker: true },
])('$form', ({ files, isDocker }) => {
  let original: Buffer;
  beforeAll(() => {
    const folder = temporaryFolder();
    original = readFileSync(tarOf(writeTree(join(folder, 'tree'), files()), join(folder, 'a.tar'), '--format=ustar'));
  });

  test('that are whole are read', async () => {
    expect(await isWhole(original, temporaryFolder(), isDocker)).toBe(true);
  });

  test('that were damaged at random: read, or refused with a typed error; nothing is left beside them', async () => {
    const folder = temporaryFolder();
    let whole = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        if (await isWhole(damaged(original, damages), folder, isDocker)) whole++;
      }),
      { numRuns: 5 * numRuns },
    );
    expect(whole).toBeGreaterThan(0);
    expect(whole).toBeLessThan(5 * numRuns);
    expect(readdirSync(folder)).toEqual(['image.tar']);
  });

  test('whose headers, sizes, sums, types and extended headers are hostile: read, or refused with a typed error', async () => {
    const whole = await readHostile(hostileTar(files()), isDocker);
    expect(whole).toBeGreaterThan(0);
    expect(whole).toBeLessThan(numRuns);
  });

  test('whose compression is cut, joined, damaged or deep: read, or refused with a typed error', async () => {
    const whole = await readHostile(
      fc.tuple(hostilePack, fc.oneof(fc.constant(original), hostileTar(files()))).map(([pack, bytes]) => pack(bytes)),
      isDocker,
    );
    expect(whole).toBeGreaterThan(0);
    expect(whole).toBeLessThan(numRuns);
  });
});

test('Layers of a Docker archive whose compression is cut, joined, damaged or deep: read, or refused with a typed error', async () => {
  const whole = await readHostile(
    hostilePack.map((pack) => {
      const files = dockerFiles();
      return tarOfFiles({ ...files, 'layer.tar': pack(Buffer.from(files['layer.tar'] ?? '')) });
    }),
    true,
  );
  expect(whole).toBeGreaterThan(0);
  expect(whole).toBeLessThan(numRuns);
});
