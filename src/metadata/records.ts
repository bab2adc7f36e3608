/**
 * Lists as docker/metadata-action writes them: CSV in a multi-line input.
 */

import { parse } from 'csv-parse/sync';
import { type CodeOf, InputError } from '../errors.ts';
import { lineEnds, splitLines, wordsOf } from '../text/quoted-lines.ts';

/** What an input is called, and the code of the error that a malformed one gives. */
interface ListInput {
  readonly name: string;
  readonly code: CodeOf<'author'>;
}

/**
 * The records of an input, one a line, each split at its commas; a quoted field keeps its commas and line breaks. Lines
 * whose first character is `#` are comments. So are indented ones, because no tag, image or label starts with `#`.
 * @throws InputError with the input's code, for quotes that do not pair
 */
export function readRecords(text: string, input: ListInput): readonly (readonly string[])[] {
  try {
    const records = parse(text, {
      comment: '#',
      comment_no_infix: true,
      record_delimiter: [...lineEnds],
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    });
    return records.filter((record) => record.join('').trim() !== '' && !record[0]?.trimStart().startsWith('#'));
  } catch (cause) {
    throw malformed(input, cause);
  }
}

function malformed({ name, code }: ListInput, cause: unknown): InputError {
  return new InputError(code, {
    message: `\`${name}\` is not a list: ${cause instanceof Error ? cause.message : String(cause)}.`,
    remedy: `Close every quotation mark in \`${name}\`; double a mark inside a quoted field ("").`,
    cause,
  });
}

/**
 * The entries of an input in which commas and quotation marks are plain text (labels, annotations), one a line, trimmed. A
 * line that is quoted as a whole loses its marks. Comments are as in `readRecords`.
 * @throws InputError with the input's code, for a line that begins with a quotation mark and is not quoted as a whole
 */
export function readListEntries(text: string, input: ListInput): readonly string[] {
  const lines = splitLines(text);
  if ('kind' in lines) {
    const { fault, remedy } = wordsOf(lines);
    throw new InputError(input.code, { message: `\`${input.name}\` is not a list: ${fault}.`, remedy });
  }
  return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * The fields of a record, where docker/metadata-action reads each line as CSV twice. Its users quote for that: a whole
 * line in quotes is a record once more, and a field in doubled quotes (`"""pattern=a,b"""`) is a quoted field.
 * @throws InputError with the input's code, for a quotation mark inside of a field, where it would not keep a comma
 */
export function fieldsOf(record: readonly string[], input: ListInput): readonly string[] {
  const [only] = record;
  if (record.length === 1 && only !== undefined && only.includes(',')) {
    const inner = readRecords(only, input)[0] ?? [];
    return inner.length > 1 ? fieldsOf(inner, input) : inner.map((field) => field.trim());
  }
  return record.map((raw) => {
    const field = raw.trim();
    const quoted = /^"(.*)"$/s.exec(field)?.[1];
    if (quoted !== undefined) return quoted.replaceAll('""', '"').trim();
    // Quoted from there, a comma would still end the attribute, and the marks would be part of the value.
    if (/^[^=]*=\s*"/.test(field) || (field.match(/"/g)?.length ?? 0) % 2 === 1) {
      throw new InputError(input.code, {
        message: `"${formatRecord(record)}" in \`${input.name}\` has a quotation mark inside an attribute.`,
        remedy: 'Quote the whole attribute with its name, for example: type=match,"pattern=\\d{1,3}".',
      });
    }
    return field;
  });
}

/** A record as one line, quoted where it needs to be. */
export function formatRecord(record: readonly string[]): string {
  return record
    .map((field) => (record.length > 1 && /[,\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(',');
}

export interface Attribute {
  readonly name: string | undefined;
  readonly value: string;
}

/** `name=value` split at the first `=`; a field without one is a value without a name. */
export function splitAttribute(field: string): Attribute {
  const equals = field.indexOf('=');
  // "=x" has no name either; docker/metadata-action looks for a "=" after at least one character.
  if (equals < 1) return { name: undefined, value: field };
  return { name: field.slice(0, equals).trim().toLowerCase(), value: field.slice(equals + 1).trim() };
}
