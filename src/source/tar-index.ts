/**
 * The table of contents of a tar archive: where each member's content begins, so that it can be read without unpacking.
 *
 * Headers of 512 bytes, each followed by content that fills up whole blocks; two blocks of zeros end the archive. Read
 * are ustar (POSIX.1-1988), pax (POSIX.1-2001, extended headers `x` and `g`) and GNU (long names `L` and `K`, sizes in
 * base 256): https://www.gnu.org/software/tar/manual/html_node/Standard.html,
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_01
 */

import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { InputError } from '../errors.ts';
import { bounds } from '../image/bounds.ts';

interface TarMember {
  /** Where the content begins, in bytes from the start of the archive. */
  readonly offset: number;
  /** bytes */
  readonly size: number;
}

/** Members by path, without a leading `./`; links lead to the member that they name. */
export type TarIndex = ReadonlyMap<string, TarMember>;

const blockSize = 512;
/** Bytes that are read at a time: the headers of small members are close together. */
const windowSize = 64 * 1024;
/** More than any extended header needs; a damaged one could ask for all memory. */
const largestExtension = 1024 * 1024;

/**
 * @param path of the archive, for messages
 * @param signal ends the reading: an archive may have hundreds of thousands of headers
 * @throws InputError SOURCE_DAMAGED, saying what is wrong and where; the reason of the signal
 */
export async function readTarIndex(file: FileHandle, path: string, signal: AbortSignal): Promise<TarIndex> {
  const { size: end } = await file.stat();
  if (end === 0) throw damaged(path, 'it is empty');
  const members = new Map<string, TarMember>();
  const links = new Map<string, string>();
  let global: Extension = {};
  let next: Extension = {};
  let count = 0;
  const readHeader = headerReader(file, path, signal);
  for (let at = 0; at < end; ) {
    const header = await readHeader(at);
    if (header.every((byte) => byte === 0)) break;
    if (!hasChecksum(header)) throw notTar(path, at);
    // Folders and extended headers, too.
    count += 1;
    if (count > bounds.headers) throw damaged(path, `it has more than ${bounds.headers} headers`);
    const type = String.fromCharCode(header[156] ?? 0);
    const offset = at + blockSize;
    const size = 'xgLK'.includes(type) ? parseSize(header) : (next.size ?? global.size ?? parseSize(header));
    if (!Number.isSafeInteger(size) || size < 0) throw notTar(path, at);
    if (offset + size > end) {
      throw damaged(path, `it is truncated: a member at byte ${at} has ${size} bytes, but only ${end - offset} follow`);
    }
    at = offset + Math.ceil(size / blockSize) * blockSize;
    if ('xgLK'.includes(type)) {
      if (size > largestExtension) throw damaged(path, `the extended header at byte ${offset} has ${size} bytes`);
      const content = await readAt(file, offset, size, path);
      if (type === 'x') next = { ...next, ...parsePax(content, path) };
      else if (type === 'g') global = { ...global, ...parsePax(content, path) };
      else if (type === 'L') next = { ...next, path: textOf(content) };
      else next = { ...next, linkPath: textOf(content) };
      continue;
    }
    const name = normalise(next.path ?? global.path ?? nameOf(header));
    const target = next.linkPath ?? global.linkPath ?? textOf(header.subarray(157, 257));
    if (type === 'S' || next.isSparse === true) {
      throw damaged(path, `"${name}" is stored without its holes; expected an archive of tar without --sparse`);
    }
    next = {};
    if (name.length > bounds.memberName)
      throw damaged(path, `a member at byte ${at} has a name of ${name.length} characters`);
    if (members.size + links.size > bounds.members) throw damaged(path, `it has more than ${bounds.members} members`);
    // A later member of the same name replaces the earlier one, as it does for whoever unpacks.
    members.delete(name);
    links.delete(name);
    if (type === '0' || type === '\0' || type === '7') members.set(name, { offset, size });
    else if (type === '1') links.set(name, normalise(target));
    else if (type === '2') links.set(name, normalise(posix.join(posix.dirname(name), target)));
  }
  for (const [name, target] of links) {
    const member = follow(target, members, links);
    if (member !== undefined) members.set(name, member);
  }
  return members;
}

/** What extended headers say in place of the header. */
interface Extension {
  readonly path?: string;
  readonly linkPath?: string;
  readonly size?: number;
  /** Whether the content is a sparse file without its holes (GNU tar, "Storing Sparse Files"). */
  readonly isSparse?: true;
}

/** Records of the form `LENGTH KEY=VALUE\n`, where LENGTH counts all of the record. */
function parsePax(content: Buffer, path: string): Extension {
  let found: Extension = {};
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(' ', at);
    const digits = space < 0 ? '' : content.toString('latin1', at, space);
    const length = /^[0-9]{1,7}$/.test(digits) ? Number(digits) : Number.NaN;
    if (!(length > space - at + 1 && at + length <= content.length)) {
      throw damaged(path, 'an extended header is malformed');
    }
    const record = content.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === 'path') found = { ...found, path: value };
    if (key === 'linkpath') found = { ...found, linkPath: value };
    if (key === 'size') found = { ...found, size: /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN };
    if (key.startsWith('GNU.sparse.')) found = { ...found, isSparse: true };
    at += length;
  }
  return found;
}

/** Octal text; or, with the highest bit of the first byte set, a number in base 256. */
function parseSize(header: Buffer): number {
  const field = header.subarray(124, 136);
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0)
    return field.reduce((sum, byte, index) => sum * 256 + (index === 0 ? byte & 0x7f : byte), 0);
  const digits = textOf(field).trim();
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** The sum of the header's bytes, with the field of the sum itself taken as spaces. */
function hasChecksum(header: Buffer): boolean {
  const digits = textOf(header.subarray(148, 156)).trim();
  let sum = 8 * 0x20;
  // Hundreds of thousands of headers: a function for each byte would take seconds.
  for (let at = 0; at < blockSize; at++) if (at < 148 || at >= 156) sum += header[at] ?? 0;
  return /^[0-7]+$/.test(digits) && Number.parseInt(digits, 8) === sum;
}

function nameOf(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  // The prefix is POSIX's; GNU has other things in its place.
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? textOf(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

function normalise(name: string): string {
  return posix.normalize(name).replace(/^\/+|(?<!\/)\/+$/g, '');
}

function follow(name: string, members: TarIndex, links: ReadonlyMap<string, string>): TarMember | undefined {
  let at: string | undefined = name;
  for (let hops = 0; at !== undefined && hops < 16; hops++) {
    const member = members.get(at);
    if (member !== undefined) return member;
    at = links.get(at);
  }
  return undefined;
}

/** @returns reads a header at a place; it stays until the next one is read */
function headerReader(file: FileHandle, path: string, signal: AbortSignal): (at: number) => Promise<Buffer> {
  const window = Buffer.alloc(windowSize);
  let [start, length] = [0, 0];
  return async (at) => {
    if (at < start || at + blockSize > start + length) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(window, 0, windowSize, at);
      [start, length] = [at, bytesRead];
      if (length < blockSize) throw damaged(path, `it is truncated at byte ${at + length}`);
    }
    return window.subarray(at - start, at - start + blockSize);
  };
}

async function readAt(file: FileHandle, position: number, length: number, path: string): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw damaged(path, `it is truncated at byte ${position + bytesRead}`);
  return buffer;
}

function notTar(path: string, at: number): InputError {
  return damaged(path, at === 0 ? 'it is no tar archive' : `there is no tar header at byte ${at}`);
}

export function damaged(path: string, fault: string): InputError {
  return new InputError('SOURCE_DAMAGED', {
    message: `"${path}" holds no image: ${fault}.`,
    remedy: 'Write it again. Check that the step that writes it succeeds, and that the file arrives whole.',
  });
}
