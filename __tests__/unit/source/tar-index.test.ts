/** The table of contents of archives that the machine's tar writes in each format. */

import { execFileSync } from 'node:child_process';
import { linkSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readTarIndex, type TarIndex } from '../../../src/source/tar-index.ts';
import { tarOf, writeTree } from '../../support/tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'tar-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

async function indexOf(archive: string): Promise<TarIndex> {
  const file = await open(archive);
  try {
    return await readTarIndex(file, archive, AbortSignal.any([]));
  } finally {
    await file.close();
  }
}

/** name → text, read at the places that the index gives. */
async function contentOf(archive: string): Promise<Readonly<Record<string, string>>> {
  const bytes = readFileSync(archive);
  const members = [...(await indexOf(archive))];
  return Object.fromEntries(
    members.map(([name, { offset, size }]) => [name, bytes.toString('utf8', offset, offset + size)]),
  );
}

const long = `${'a-long-folder-name/'.repeat(9)}file-${'x'.repeat(120)}`;
const files = { 'manifest.json': '[]', 'a/b/layer.tar': 'layer', empty: '', 'ünïcode ☃': 'snow', [long]: 'far away' };

function anArchive(...options: readonly string[]): string {
  const tree = writeTree(join(folder, `tree-${count++}`), files);
  linkSync(join(tree, 'a/b/layer.tar'), join(tree, 'a/hard'));
  symlinkSync('../a/b/layer.tar', join(tree, 'a', '..', 'a', 'nowhere'));
  symlinkSync('b/layer.tar', join(tree, 'a/soft'));
  return tarOf(tree, join(folder, `${count}.tar`), ...options);
}

describe('every member is found', () => {
  test.each([['gnu'], ['pax'], ['posix'], ['oldgnu']])('in the format %s', async (format) => {
    const found = await contentOf(anArchive(`--format=${format}`));
    expect(found).toMatchObject({ ...files, 'a/hard': 'layer', 'a/soft': 'layer' });
  });

  test('with a prefix, in the format ustar', async () => {
    const name = `${'folder/'.repeat(20)}file`;
    const tree = writeTree(join(folder, `tree-${count++}`), { [name]: 'ustar', short: 's' });
    expect(await contentOf(tarOf(tree, join(folder, 'ustar.tar'), '--format=ustar'))).toEqual({
      [name]: 'ustar',
      short: 's',
    });
  });

  test('after a global header', async () => {
    const archive = anArchive('--format=pax', '--pax-option=globexthdr.name=g,comment=for all');
    expect(await contentOf(archive)).toMatchObject(files);
  });

  test('that was added later, in place of the earlier one', async () => {
    const archive = anArchive();
    const tree = writeTree(join(folder, `tree-${count++}`), { 'manifest.json': '["newer"]' });
    execFileSync('tar', ['--append', '--file', archive, '--directory', tree, './manifest.json']);
    expect(await contentOf(archive)).toMatchObject({ 'manifest.json': '["newer"]' });
  });

  test('of 9 GB, whose size no octal field of twelve digits is needed for but base 256 may be used', async () => {
    const header = Buffer.alloc(512);
    header.write('large');
    header.write('ustar  \0', 257, 'latin1');
    header[156] = 0x30;
    header.writeBigUInt64BE(2n ** 63n, 124);
    header.writeBigUInt64BE(3n, 128);
    header.write('        ', 148, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const archive = join(folder, 'base256.tar');
    writeFileSync(archive, Buffer.concat([header, Buffer.from('abc'), Buffer.alloc(509 + 1024)]));
    expect(await contentOf(archive)).toEqual({ large: 'abc' });
  });
});

test('links that lead to nothing, or in a circle, are no members', async () => {
  const tree = writeTree(join(folder, `tree-${count++}`), { file: 'x' });
  symlinkSync('two', join(tree, 'one'));
  symlinkSync('one', join(tree, 'two'));
  symlinkSync('/etc/passwd', join(tree, 'out'));
  expect([...(await indexOf(tarOf(tree, join(folder, 'links.tar')))).keys()]).toEqual(['file']);
});

describe('what is refused', () => {
  test.each([
    ['a text', () => Buffer.from('no archive at all '.repeat(100)), 'it is no tar archive'],
    ['a ZIP', () => Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(2000, 7)]), 'it is no tar archive'],
    ['a file of no bytes, as a save that failed leaves it', () => Buffer.alloc(0), 'it is empty'],
    ['a file of a few bytes', () => Buffer.from('short'), 'it is truncated at byte 5'],
  ])('%s: %#', async (_, content, fault) => {
    const archive = join(folder, `bad-${count++}`);
    writeFileSync(archive, content());
    await expect(indexOf(archive)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' });
    await expect(indexOf(archive)).rejects.toThrow(fault);
  });

  test.each([['--format=gnu'], ['--format=pax'], ['--format=pax', '--sparse-version=0.0']])(
    'a member that is stored without its holes: %s %s',
    async (...options) => {
      const tree = join(folder, `tree-${count++}`);
      writeTree(tree, { 'layer.tar': 'the beginning' });
      truncateSync(join(tree, 'layer.tar'), 1024 * 1024);
      const archive = tarOf(tree, join(folder, `sparse-${count++}.tar`), '--sparse', ...options);
      await expect(indexOf(archive)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' });
      await expect(indexOf(archive)).rejects.toThrow(/layer\.tar" is stored without its holes.*without --sparse/);
    },
  );

  test('an archive that ends within a member', async () => {
    const tree = writeTree(join(folder, `tree-${count++}`), { 'layer.tar': Buffer.alloc(10_000, 1) });
    const archive = tarOf(tree, join(folder, 'cut.tar'));
    truncateSync(archive, 4096);
    await expect(indexOf(archive)).rejects.toThrow(/it is truncated: a member at byte \d+ has 10000 bytes/);
  });

  test('an archive with a damaged header in the middle', async () => {
    const archive = anArchive();
    const bytes = readFileSync(archive);
    const at = bytes.indexOf('./manifest.json');
    bytes.write('X', at, 'latin1');
    writeFileSync(archive, bytes);
    await expect(indexOf(archive)).rejects.toThrow(`there is no tar header at byte ${at}`);
  });

  test.each([['0 path=a\n'], ['99999 path=a\n'], ['nothing'], ['-7 a=b\n']])(
    'an extended header that is malformed: %j',
    async (record) => {
      const archive = join(folder, `pax-${count++}.tar`);
      const header = Buffer.alloc(512);
      header.write('pax');
      header[156] = 0x78;
      header.write(record.length.toString(8).padStart(11, '0'), 124, 'latin1');
      header.write('        ', 148, 'latin1');
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
      writeFileSync(archive, Buffer.concat([header, Buffer.alloc(512 * 3).fill(record, 0, record.length)]));
      await expect(indexOf(archive)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' });
    },
  );
});
