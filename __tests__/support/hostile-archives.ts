/**
 * Archives of others that are nearly right, made header by header: a valid member list, of which fields, sizes, sums, types and extended
 * headers are others; and the compressed forms of an archive, cut, joined, or with a wrong sum.
 */

import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';

const block = 512;

/** How a number stands in a header (https://www.gnu.org/software/tar/manual/html_node/Standard.html). */
type SizeForm =
  | { readonly as: 'octal' | 'base-256' | 'without end'; readonly off: number }
  | { readonly as: 'text'; readonly text: string };

/** A record of an extended header; `length` undefined: the right one. */
interface PaxRecord {
  readonly key: string;
  readonly value: string;
  readonly length?: string;
}

/** What one member becomes. */
interface HostileMember {
  readonly type: string;
  readonly size: SizeForm;
  readonly sum: 'right' | 'signed' | 'wrong' | 'blank';
  readonly magic: string;
  readonly prefix: string;
  readonly name: 'own' | 'long' | string;
  readonly link: string;
  readonly pax: readonly PaxRecord[];
  readonly paxType: 'x' | 'g' | 'L' | 'K';
  readonly padding: 'right' | 'none' | 'more';
}

const hugeNumbers = ['1e400', '1e3', '-1', '0x10', '12.5', ' 12', '9'.repeat(400), '', '9007199254740993', 'NaN'];

const sizeForm: fc.Arbitrary<SizeForm> = fc.oneof(
  { weight: 12, arbitrary: fc.constant<SizeForm>({ as: 'octal', off: 0 }) },
  {
    weight: 3,
    arbitrary: fc.record({
      as: fc.constantFrom('octal' as const, 'base-256' as const, 'without end' as const),
      off: fc.constantFrom(0, 0, -1, 1, 512, -512, 1 << 20, 2 ** 33, 2 ** 52),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      as: fc.constant('text' as const),
      text: fc.constantFrom(
        '8',
        '-7',
        '0o7',
        '1e3',
        '\u0080'.repeat(12),
        '\u00ff'.repeat(12),
        ' '.repeat(12),
        '77777777777',
      ),
    }),
  },
);

const paxRecord: fc.Arbitrary<PaxRecord> = fc.record(
  {
    key: fc.constantFrom(
      'path',
      'linkpath',
      'size',
      'GNU.sparse.map',
      'GNU.sparse.name',
      '__proto__',
      'a=b',
      '',
      'mtime',
    ),
    value: fc.oneof(
      fc.constantFrom(
        'index.json',
        'manifest.json',
        '../../etc/passwd',
        '\0',
        '\n',
        'x'.repeat(5000),
        '.',
        '/',
        ...hugeNumbers,
      ),
      fc.nat(4096).map(String),
    ),
    length: fc.constantFrom('0', '1', '-5', '1e3', '99999999', '12.5', '', '0x20', ' 9'),
  },
  { requiredKeys: ['key', 'value'] },
);

const usual = <Value>(value: Value, others: fc.Arbitrary<Value>, weight = 9): fc.Arbitrary<Value> =>
  fc.oneof({ weight, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: others });

const hostileMember: fc.Arbitrary<HostileMember> = fc.record({
  type: usual(
    '0',
    fc.constantFrom('\0', '1', '2', '3', '5', '6', '7', 'S', 'x', 'g', 'L', 'K', 'D', 'V', 'z', '\u00ff'),
  ),
  size: sizeForm,
  sum: usual<HostileMember['sum']>('right', fc.constantFrom('signed', 'wrong', 'blank'), 30),
  magic: usual('ustar\x0000', fc.constantFrom('ustar  \0', '', 'ustar\0\0\0', '\0')),
  prefix: usual('', fc.constantFrom('a', '..', '/', 'x'.repeat(155))),
  name: usual(
    'own',
    fc.constantFrom('long', '', '..', '/', './', 'index.json', 'manifest.json', 'blobs', '\u00e9'.repeat(40)),
  ),
  link: usual('', fc.constantFrom('index.json', '.', '..', '../../../etc/passwd', 'x'.repeat(100), 'layer.tar')),
  pax: usual<readonly PaxRecord[]>([], fc.array(paxRecord, { maxLength: 4 }), 5),
  paxType: usual<HostileMember['paxType']>('x', fc.constantFrom('g', 'L', 'K'), 4),
  padding: usual<HostileMember['padding']>('right', fc.constantFrom('none', 'more'), 40),
});

function writeSize(header: Buffer, size: number, form: SizeForm): void {
  const at = 124;
  if (form.as === 'text') header.write(form.text, at, 12, 'latin1');
  else if (form.as === 'base-256') {
    header.fill(0, at, at + 12);
    header[at] = 0x80;
    header.writeBigUInt64BE(BigInt.asUintN(64, BigInt(size) + BigInt(form.off)), at + 4);
  } else {
    const digits = Math.max(0, size + form.off).toString(8);
    header.write(form.as === 'octal' ? `${digits.padStart(11, '0')}\0` : digits.padStart(12, '0'), at, 12, 'latin1');
  }
}

function headerOf(name: string, type: string, size: number, from: HostileMember): Buffer {
  const header = Buffer.alloc(block);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  writeSize(header, size, from.size);
  header.write(type, 156, 1, 'latin1');
  header.write(from.link, 157, 100);
  header.write(from.magic, 257, 8, 'latin1');
  header.write(from.prefix, 345, 155);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  const signed = header.reduce((total, byte) => total + (byte > 127 ? byte - 256 : byte), 0);
  const said = { right: sum, signed, wrong: sum + 1, blank: Number.NaN }[from.sum];
  if (!Number.isNaN(said)) header.write(`${Math.abs(said).toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return header;
}

function padded(content: Buffer, padding: HostileMember['padding']): Buffer {
  const right = (block - (content.length % block)) % block;
  const size = { right, none: 0, more: right + block }[padding];
  return Buffer.concat([content, Buffer.alloc(size)]);
}

function paxContent(records: readonly PaxRecord[], type: string): Buffer {
  if (type === 'L' || type === 'K') return Buffer.from(`${records[0]?.value ?? ''}\0`);
  return Buffer.from(
    records
      .map(({ key, value, length }) => {
        const rest = ` ${key}=${value}\n`;
        let right = Buffer.byteLength(rest) + 1;
        while (right < Buffer.byteLength(rest) + String(right).length) right++;
        return `${length ?? right}${rest}`;
      })
      .join(''),
  );
}

const plainMember: HostileMember = {
  type: '0',
  size: { as: 'octal', off: 0 },
  sum: 'right',
  magic: 'ustar\x0000',
  prefix: '',
  name: 'own',
  link: '',
  pax: [],
  paxType: 'x',
  padding: 'right',
};

function bytesOf(name: string, content: Buffer, member: HostileMember): Buffer {
  const named = { own: name, long: `${name}${'x'.repeat(200)}` }[member.name] ?? member.name;
  const extension = paxContent(member.pax, member.paxType);
  const before =
    member.pax.length === 0
      ? []
      : [headerOf('pax', member.paxType, extension.length, plainMember), padded(extension, 'right')];
  return Buffer.concat([
    ...before,
    headerOf(named, member.type, content.length, member),
    padded(content, member.padding),
  ]);
}

/** Archives of these files, of which a few members are hostile, repeated or out of order. */
export function hostileTar(files: Readonly<Record<string, string | Buffer>>): fc.Arbitrary<Buffer> {
  const valid = Object.entries(files);
  const change = fc.record({ at: fc.nat(1000), member: hostileMember });
  const more = fc.record({
    at: fc.nat(1000),
    content: fc.nat(2000),
    member: hostileMember,
    times: usual(1, fc.constant(300)),
  });
  const end = usual(2, fc.constantFrom(0, 1, 40), 6);
  return fc
    .tuple(fc.array(change, { maxLength: 2 }), fc.array(more, { maxLength: 2 }), end, fc.boolean())
    .map(([changes, additions, blocks, isReversed]) => {
      const hostile = new Map(changes.map(({ at, member }) => [at % valid.length, member]));
      const members = valid.map(([name, content], index) =>
        bytesOf(name, Buffer.from(content), hostile.get(index) ?? plainMember),
      );
      for (const { at, content, member, times } of additions) {
        const added = bytesOf('more', Buffer.alloc(content, 'x'), member);
        members.splice(at % (members.length + 1), 0, ...Array<Buffer>(times).fill(added));
      }
      return Buffer.concat([...(isReversed ? members.toReversed() : members), Buffer.alloc(blocks * block)]);
    });
}

type Pack = (plain: Buffer) => Buffer;

const skippable = Buffer.from('502a4d1804000000deadbeef', 'hex');

/** A head of gzip with all of its optional fields (RFC 1952 2.3). */
function withLongHead(plain: Buffer): Buffer {
  const packed = gzipSync(plain);
  const extra = Buffer.alloc(60_000, 'e');
  const head = Buffer.from([
    0x1f,
    0x8b,
    8,
    0x04 | 0x08 | 0x10,
    0,
    0,
    0,
    0,
    0,
    3,
    extra.length & 0xff,
    extra.length >> 8,
  ]);
  return Buffer.concat([head, extra, Buffer.from(`${'n'.repeat(50_000)}\0comment\0`), packed.subarray(10)]);
}

/** At which part of a text. */
const place = fc.double({ min: 0, max: 1, noNaN: true });
const at = (bytes: Buffer, part: number): number => Math.floor(bytes.length * part);

function inTwo(pack: Pack, between: Buffer): fc.Arbitrary<Pack> {
  return place.map((part) => (plain) => {
    const middle = at(plain, part);
    return Buffer.concat([pack(plain.subarray(0, middle)), between, pack(plain.subarray(middle))]);
  });
}

function damagedPack(pack: Pack): fc.Arbitrary<Pack> {
  return fc.oneof(
    place.map((part) => (plain: Buffer) => pack(plain).subarray(0, at(pack(plain), part))),
    // The last bytes are the sum, and in gzip the size.
    fc.integer({ min: 1, max: 8 }).map((back) => (plain: Buffer) => {
      const packed = Buffer.from(pack(plain));
      packed[packed.length - back] = (packed[packed.length - back] ?? 0) ^ 0x5a;
      return packed;
    }),
    fc.tuple(place, fc.nat(255)).map(([part, byte]) => (plain: Buffer) => {
      const packed = Buffer.from(pack(plain));
      packed[at(packed, part)] = byte;
      return packed;
    }),
    fc.constant((plain: Buffer) => Buffer.concat([pack(plain), Buffer.from('garbage')])),
    inTwo(pack, Buffer.alloc(0)),
    inTwo(pack, Buffer.alloc(1)),
  );
}

/** Small as a file, 16 MiB without its compression. */
const swollen: Pack = (plain) => gzipSync(Buffer.concat([plain, Buffer.alloc(16 << 20)]));

/** Ways to compress content, whole ones among them. */
export const hostilePack: fc.Arbitrary<Pack> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Pack>((plain) => plain) },
  { weight: 2, arbitrary: fc.constantFrom<Pack>(gzipSync, zstdCompressSync, withLongHead) },
  { weight: 4, arbitrary: damagedPack(gzipSync) },
  { weight: 4, arbitrary: damagedPack(zstdCompressSync) },
  { weight: 1, arbitrary: inTwo(zstdCompressSync, skippable) },
  { weight: 1, arbitrary: fc.constant<Pack>((plain) => Buffer.concat([skippable, zstdCompressSync(plain)])) },
  { weight: 1, arbitrary: fc.constant<Pack>((plain) => gzipSync(gzipSync(plain))) },
  { weight: 1, arbitrary: fc.constant(swollen) },
);

/** A whole archive of these files. */
export function tarOfFiles(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const members = Object.entries(files).map(([name, content]) => bytesOf(name, Buffer.from(content), plainMember));
  return Buffer.concat([...members, Buffer.alloc(2 * block)]);
}
