/**
 * Hides secrets in texts that people read. Every log, the recording and the job summary of a step share one masker.
 * Once one of them learns a secret, all of them hide it.
 *
 * GitHub's runner hides secrets in the same way
 * (https://github.com/actions/runner/blob/main/src/Sdk/DTLogging/Logging/SecretMasker.cs): line by line, because people
 * read a log line by line. Overlapping secrets count as one, so that no tail of any of them is shown.
 */

/** What a reader sees in place of a secret. */
const mark = '***';

export interface Masker {
  /**
   * Hides each line of a secret from here on, without the white space around it.
   * @param shortest lines with fewer characters than this are not hidden, because they may be in any text
   * @returns the lines that were not hidden before
   */
  add(secret: string, shortest?: number): readonly string[];
  /** The text with *** in place of each secret. */
  mask(text: string): string;
  /** For a text that comes in pieces, in which a secret may be cut. */
  openStream(): MaskedStream;
}

/** Holds back the end of what was written, while it could be the beginning of a secret. */
export interface MaskedStream {
  /** @returns what can be shown now */
  write(piece: string): string;
  /** @returns what was held back: no piece follows that could make it a secret */
  end(): string;
}

/** What replaces the rest of a text that was cut (`text/cut.ts`). */
const cutMark = '…';
/** Characters of a secret that was cut: fewer tell nobody anything, and may be in any text. */
const shortestPart = 4;

/** How many characters of a secret stand at a place of a text. */
function commonLength(text: string, start: number, secret: string): number {
  let length = Math.min(shortestPart, secret.length);
  while (length < secret.length && text[start + length] === secret[length]) length += 1;
  return length;
}

/** A part of a text, to be hidden. */
interface Range {
  readonly start: number;
  readonly end: number;
}

export function createMasker(): Masker {
  const secrets = new Set<string>();

  function findSecrets(text: string): readonly Range[] {
    const found: Range[] = [];
    for (const secret of secrets) {
      const head = secret.slice(0, shortestPart);
      for (let start = text.indexOf(head); start !== -1; start = text.indexOf(head, start + 1)) {
        const end = start + commonLength(text, start, secret);
        if (end === start + secret.length || text[end] === cutMark) found.push({ start, end });
      }
    }
    return found;
  }

  /** Where the first secret begins that the end of a text may have cut; the length of the text, if there is none. */
  function findUnfinished(text: string): number {
    const longest = Math.max(1, ...[...secrets].map(({ length }) => length));
    for (let start = Math.max(0, text.length - longest + 1); start < text.length; start += 1) {
      const rest = text.slice(start);
      for (const secret of secrets) if (secret.length > rest.length && secret.startsWith(rest)) return start;
    }
    return text.length;
  }

  return {
    add(secret, shortest = 1) {
      const lines = secret.split(/[\r\n]/).map((line) => line.trim());
      const added = lines.filter((line) => line.length >= shortest && !secrets.has(line));
      for (const line of added) secrets.add(line);
      return added;
    },
    mask: (text) => hide(text, merge(findSecrets(text)), text.length),
    openStream() {
      let held = '';
      /** So many characters of `held` are the end of a secret for which *** was shown already. */
      let marked = 0;
      const advance = (text: string, shownUntil: number): string => {
        const ranges = merge([...(marked > 0 ? [{ start: 0, end: marked }] : []), ...findSecrets(text)]);
        const shown = hide(text, ranges, shownUntil, marked);
        const begun = ranges.findLast(({ start }) => start < Math.max(shownUntil, marked));
        marked = Math.max(0, (begun?.end ?? 0) - shownUntil);
        held = text.slice(shownUntil);
        return shown;
      };
      return {
        write: (piece) => advance(held + piece, findUnfinished(held + piece)),
        end: () => advance(held, held.length),
      };
    },
  };
}

/** The same ranges in order, those that overlap as one. */
function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((left, right) => left.start - right.start)) {
    const last = merged.at(-1);
    if (last === undefined || range.start >= last.end) merged.push(range);
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
  }
  return merged;
}

/**
 * @param ranges in order, and apart from each other
 * @param until where the text ends that is shown
 * @param marked a range that begins before this place has its *** already
 */
function hide(text: string, ranges: readonly Range[], until: number, marked = 0): string {
  let shown = '';
  let from = 0;
  for (const { start, end } of ranges) {
    if (start >= until) break;
    shown += text.slice(from, start) + (start < marked ? '' : mark);
    from = end;
  }
  return shown + text.slice(from, until);
}
