/** Documents of others that are nearly right: a valid one, of which some values are replaced, repeated or taken away. */

import fc from 'fast-check';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const digest = `sha256:${'a'.repeat(64)}`;

/** What a program may not expect in any place. */
const hostileValue: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    0,
    -1,
    0.5,
    1e21,
    2 ** 53 + 2,
    '',
    ' ',
    'a/b:c@d',
    digest,
    '../..',
    '\0',
    '\ud800',
  ),
  fc.constantFrom<Json>(
    '__proto__',
    'constructor',
    'x'.repeat(5000),
    '9'.repeat(400),
    'sha256:',
    'unknown',
    '{{version}}',
    '\n::error::x',
  ),
  fc.constantFrom<Json>([], {}, [null], [[]], [{}], { toString: 1, valueOf: 1 }, { length: 1e9 }, [{ toString: null }]),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
);

type Change =
  | { readonly kind: 'replace' | 'nest'; readonly at: number; readonly value: Json }
  | { readonly kind: 'remove' | 'repeat'; readonly at: number; readonly times: number };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constantFrom('replace' as const, 'nest' as const), at: fc.nat(10_000), value: hostileValue }),
  fc.record({
    kind: fc.constantFrom('remove' as const, 'repeat' as const),
    at: fc.nat(10_000),
    times: fc.integer({ min: 2, max: 60 }),
  }),
);

const isMap = (value: Json): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value with one change, made at the place that a number leads to. */
function changed(value: Json, how: Change): Json {
  const names = Array.isArray(value) ? [...value.keys()].map(String) : isMap(value) ? Object.keys(value) : [];
  const turn = how.at % (names.length + 1);
  const name = names[turn - 1];
  if (name === undefined) {
    if (how.kind === 'replace') return how.value;
    if (how.kind === 'nest') return [value];
    if (how.kind === 'repeat' && Array.isArray(value)) return Array<Json>(how.times).fill(value[0] ?? null);
    return how.kind === 'remove' ? {} : value;
  }
  const child = Array.isArray(value)
    ? (value[Number(name)] ?? null)
    : ((value as { readonly [name: string]: Json })[name] ?? null);
  const deeper = changed(child, { ...how, at: Math.floor(how.at / (names.length + 1)) });
  if (Array.isArray(value)) return value.with(Number(name), deeper);
  return { ...(value as object), [name]: deeper };
}

/** Damage to the text, after which it may be no JSON at all. */
const spoil: fc.Arbitrary<(text: string) => string> = fc.oneof(
  { weight: 6, arbitrary: fc.constant((text: string) => text) },
  { weight: 1, arbitrary: fc.nat(5000).map((at) => (text: string) => text.slice(0, at)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.nat(5000),
        fc.constantFrom('"', '{', ']', '\\', '\0', '\ufeff', '1e400', '\\ud800', '[['.repeat(5000), '-'),
      )
      .map(
        ([at, piece]) =>
          (text: string) =>
            text.slice(0, at) + piece + text.slice(at),
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('', 'null', '[', '{"a":'.repeat(100_000), '['.repeat(200_000), '"')
      .map((other) => () => other),
  },
);

/** JSON that is nearly one of some valid documents. */
export function nearly(...valid: readonly unknown[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...(valid as readonly Json[])), fc.array(change, { maxLength: 3 }), spoil)
    .map(([value, changes, spoilt]) => spoilt(JSON.stringify(changes.reduce(changed, value))));
}

/** As much as is kept of what a tool prints. */
const longestText = 256 * 1024;

/** Text in lines that is nearly what a tool prints, or a peer sends. */
export function nearlyText(...valid: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.constantFrom(
    '\0',
    '\r',
    '\n',
    '\u2028',
    '"',
    "'",
    '`',
    '::',
    '##[',
    '\u001b[2J',
    '9'.repeat(60),
    '-1',
    ' ',
    '=',
    ';',
    ',',
    '<',
    '>',
    '%',
    'é',
    '🐳',
    '\ud800',
    'x'.repeat(3000),
    '/'.repeat(3000),
    '0.'.repeat(2000),
  );
  const edit = fc.record({ at: fc.nat(3000), gone: fc.nat(40), piece, times: fc.constantFrom(1, 1, 1, 200) });
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(edit, { maxLength: 5 }), fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 20))
    .map(([text, edits, times]) =>
      edits
        .reduce((before, each) => {
          const at = each.at % (before.length + 1);
          return before.slice(0, at) + each.piece.repeat(each.times) + before.slice(at + each.gone);
        }, text)
        .repeat(times)
        .slice(0, longestText),
    );
}
