/**
 * Strings that a regular expression may take long for, made from the expression itself: pieces of what it matches, repeated, with an
 * end that does not match.
 */

import vm from 'node:vm';
import fc from 'fast-check';

/** `head` once, `pump` again and again, `tail` once. */
export interface Attack {
  readonly head: string;
  readonly pump: string;
  readonly tail: string;
}

const anyCharacters = ['a', '0', ' ', '\n', '\r', '.', '/'];
/** What ends no match; the second also on the next line. */
const tails = ['', '\u0001', '\n!'];

/** The literal texts of a pattern that stand side by side, and the members of its classes. */
function partsOf(pattern: string): { readonly words: readonly string[]; readonly characters: readonly string[] } {
  const members: string[] = [];
  const plain = pattern
    .replaceAll(/\[((?:\\.|[^\]])*)\]/g, (_, inside: string) => {
      members.push(...inside.replaceAll(/\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|p\{\w+\}|[dDwWsS])|^\^/gi, ''));
      return '\0';
    })
    .replaceAll(/\(\?(?:<\w+>|<?[:=!])|\\(?:[bBdDwWsS]|[pP]\{\w+\}|u[0-9a-f]{4})|\{[0-9,]+\}/g, '\0');
  const words = plain
    .split(/(?<!\\)[\0()|*+?^$.]+/)
    .map((word) =>
      word.replaceAll(/\\(.)/g, (_, character: string) => ({ n: '\n', t: '\t', r: '\r' })[character] ?? character),
    )
    .filter((word) => word !== '');
  const ends = words.flatMap((word) => [word.slice(0, 1), word.slice(-1)]);
  return {
    words: words.filter(({ length }) => length > 1),
    characters: [...new Set([...anyCharacters, ...ends, ...members])].slice(0, 16),
  };
}

/** Texts that an expression matches; none for one with parts that fast-check cannot make. */
function matchesOf(expression: RegExp): readonly string[] {
  try {
    // Without what stands beside the match, which only narrows it.
    const bare = expression.source.replaceAll(/\(\?<?[=!](?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)|\\[bB]/g, '');
    return fc.sample(fc.stringMatching(new RegExp(bare, expression.flags.replace('y', ''))), { numRuns: 4, seed: 7 });
  } catch {
    return [];
  }
}

export function attacksOn(expression: RegExp): readonly Attack[] {
  const { words, characters } = partsOf(expression.source);
  const pumps = characters.flatMap((left) =>
    characters.map((right) => ({ head: '', pump: left === right ? left : left + right })),
  );
  const fromWords = words.flatMap((word, index) => [
    { head: '', pump: word },
    { head: '', pump: word + (words[index + 1] ?? '') },
    ...characters.flatMap((character) => [
      { head: '', pump: word + character },
      { head: word, pump: character },
    ]),
  ]);
  const fromMatches = matchesOf(expression).flatMap((match) => {
    const begun = match.slice(0, 60);
    const places = [...Array(begun.length).keys()];
    return [
      { head: '', pump: begun },
      ...places.flatMap((place) =>
        [1, 2].map((length) => ({ head: begun.slice(0, place), pump: begun.slice(place, place + length) })),
      ),
    ];
  });
  const repeated = [...pumps, ...fromWords, ...fromMatches].filter(({ pump }) => pump !== '');
  return repeated.flatMap((attack) => tails.map((tail) => ({ ...attack, tail })));
}

/** A search for all matches, or for the first one, as the flags say. It runs in a context of its own, which can be stopped. */
const search = new vm.Script(`(() => {
  const expression = new RegExp(source, flags);
  const times = [];
  for (const [index, { head, pump, tail }] of attacks.entries()) {
    progress.attack = index;
    const text = head + pump.repeat(Math.ceil(size / pump.length)) + tail;
    const start = now();
    expression.lastIndex = 0;
    if (expression.global) text.replaceAll(expression, '');
    else expression.exec(text);
    times.push(now() - start);
  }
  return times;
})()`);

/** @returns milliseconds for each attack; `Infinity` for the one during which the time ran out, and nothing after it */
function measure(
  { source, flags }: RegExp,
  attacks: readonly Attack[],
  size: number,
  timeout: number,
): readonly number[] {
  const progress = { attack: 0 };
  try {
    const context = { source, flags, attacks, size, progress, now: () => performance.now() };
    return [...(search.runInNewContext(context, { timeout }) as number[])];
  } catch (error) {
    // An error of Node's own realm is no `Error` of a test's.
    if (!Object(error).code?.startsWith('ERR_SCRIPT_EXECUTION')) throw error;
    return [...Array<number>(progress.attack).fill(0), Infinity];
  }
}

/** Characters of the texts that choose the worst attacks, and of those that judge them. */
const [short, long] = [1000, 256_000];
/** Milliseconds: a search whose time grows with the length takes 50 at most, one that grows with its square takes 20,000. */
const tooLong = 1000;

/** The attack for which the time of an expression grows faster than the text; `undefined` if there is none. */
export function slowestAttack(expression: RegExp): Attack | undefined {
  const attacks = attacksOn(expression);
  const times = measure(expression, attacks, short, tooLong);
  const worst = times
    .map((time, index) => ({ time, attack: attacks[index] }))
    .toSorted((left, right) => right.time - left.time)
    .slice(0, 4);
  // A machine that stands still for a moment does so once.
  const isSlow = (attack: Attack): boolean =>
    [1, 2].every(() => measure(expression, [attack], long, tooLong).includes(Infinity));
  return worst.find(({ attack }) => attack !== undefined && isSlow(attack))?.attack;
}
