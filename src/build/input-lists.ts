/**
 * Lists as docker/build-push-action writes them: one entry a line, or several between commas; a quoted entry may have line
 * breaks. Also the fields of one entry, as buildx reads them again.
 */

import { parse } from 'csv-parse/sync';
import { InputError } from '../errors.ts';
import { lineEnds, type QuotationFault, splitLines, wordsOf } from '../text/quoted-lines.ts';

function malformed(input: string, cause: unknown): InputError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  // The parser quotes what it read, which may be a secret: only its own words are repeated.
  return new InputError('INPUT_INVALID', {
    message: `The input \`${input}\` is not a list: ${reason.replace(/:.*/s, '').replace(/\.$/, '')}.`,
    remedy: `Close every quotation mark in \`${input}\`; double a mark inside a quoted entry ("").`,
  });
}

function records(input: string, text: string): readonly (readonly string[])[] {
  try {
    return parse(text, {
      record_delimiter: [...lineEnds],
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
    });
  } catch (cause) {
    throw malformed(input, cause);
  }
}

/**
 * One NAME=value a line, as `splitLines` has them.
 * @param isTrimmed whether blanks around an entry are nothing; in a secret they may be part of it
 * @throws InputError INPUT_INVALID for a line that begins with a quotation mark and is not quoted as a whole
 */
export function readLines(input: string, text: string, isTrimmed = true): readonly string[] {
  const lines = wholeLines(input, splitLines(text));
  return lines.map((entry) => (isTrimmed ? entry.trim() : entry)).filter((entry) => entry.trim() !== '');
}

/**
 * One record of CSV a line, perhaps quoted as a whole once more; its fields are for `readFields`.
 * @throws InputError INPUT_INVALID for a line that begins with a quotation mark and has no second one
 */
export function readRecordLines(input: string, text: string): readonly string[] {
  const lines = wholeLines(input, splitLines(text, true));
  return lines.map((entry) => entry.trim()).filter((entry) => entry !== '');
}

function wholeLines(input: string, lines: readonly string[] | QuotationFault): readonly string[] {
  if (!('kind' in lines)) return lines;
  const { fault, remedy } = wordsOf(lines);
  throw new InputError('INPUT_INVALID', { message: `The input \`${input}\` is not a list: ${fault}.`, remedy });
}

/**
 * One entry a line, or several between commas.
 * @throws InputError INPUT_INVALID for quotation marks that do not pair
 */
export function readItems(input: string, text: string): readonly string[] {
  return records(input, text)
    .flatMap((record) => (record.length === 1 ? (record[0] ?? '').split(',') : record))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** One entry a line, with its quotation marks. */
export function readRawLines(text: string): readonly string[] {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/**
 * The fields of one entry, by the strict rules of Go's encoding/csv.
 * @throws InputError INPUT_INVALID
 */
export function readFields(input: string, entry: string): readonly string[] {
  try {
    const parsed: string[][] = parse(entry, { relax_column_count: true });
    return parsed[0] ?? [];
  } catch (cause) {
    throw malformed(input, cause);
  }
}

/** `name=value` fields, in order; of a name that is given twice, the last value counts, as it does for buildx. */
export type Attributes = ReadonlyMap<string, string>;

/**
 * The attributes of an entry. buildx has many more than this action reads, and new ones with each release: what they mean,
 * and whether there is such an attribute, is for buildx to judge.
 * @param read the names that the action reads itself, which may be written in any case; all others stay as they are
 * @throws InputError INPUT_INVALID for a field without a name or without "="
 */
export function readAttributes(input: string, fields: readonly string[], read: readonly string[]): Attributes {
  const attributes = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf('=');
    const written = field.slice(0, Math.max(equals, 0)).trim();
    if (written === '') {
      throw new InputError('INPUT_INVALID', {
        message: `The input \`${input}\` has the field "${field}": expected NAME=value.`,
        remedy: 'Separate the attributes with commas, and write each as NAME=value.',
      });
    }
    const name = read.includes(written.toLowerCase()) ? written.toLowerCase() : written;
    attributes.set(name, field.slice(equals + 1).trim());
  }
  return attributes;
}

/** An entry that names its type among the attributes: `type=local,dest=out`. */
export interface TypedEntry {
  readonly type: string;
  /** `name=value`, without `type`. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

/**
 * @param read the names that the action reads itself, beside `type`
 * @param example of an entry, for the error
 * @throws InputError INPUT_INVALID for an entry without a type, which may hold a secret and is not quoted
 */
export function readTypedEntry(
  input: string,
  fields: readonly string[],
  read: readonly string[],
  example: string,
): TypedEntry {
  const attributes = readAttributes(input, fields, ['type', ...read]);
  const type = attributes.get('type') ?? '';
  if (type !== '') return { type, attributes: [...attributes].filter(([name]) => name !== 'type') };
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${input}\` has an entry without a type: expected type=NAME among its attributes.`,
    remedy: `Write for example \`${example}\`.`,
  });
}
