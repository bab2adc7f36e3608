/**
 * Inputs of several lines, of which one may be in quotation marks, as the actions of docker/* take them.
 */

/** The ends of a line, all of which may be in one text: a file of Windows that was edited elsewhere. */
export const lineEnds: readonly string[] = ['\r\n', '\n', '\r'];

const lineEnd = /\r\n|\n|\r/;

/** A line, or lines that one pair of quotation marks holds together, with what follows them. */
const line = /(?:"(?<quoted>(?:[^"]|"")*)"(?!")(?<rest>[^\r\n]*)|(?<plain>[^"\r\n][^\r\n]*))?(?:\r\n|\r|\n|$)/y;

/** What is wrong with the quotation marks of a line. */
export interface QuotationFault {
  /** Of the line on which the entry begins, from 1. The line itself may hold a secret. */
  readonly lineNumber: number;
  /** `open`: there is no second mark. `inside`: more text follows the second mark, such as the rest of a value in JSON. */
  readonly kind: 'open' | 'inside';
}

/**
 * The lines as they stand, the empty ones too: commas and quotation marks belong to them. A line that is quoted as a whole
 * loses its quotation marks, and may have line breaks.
 * @param isCsv whether a line is a record of CSV, which may begin with a field in marks of its own; it then stays as it is
 * @returns a fault for a line that begins with a quotation mark and is not quoted as a whole
 */
export function splitLines(text: string, isCsv = false): readonly string[] | QuotationFault {
  const lines: string[] = [];
  for (let start = 0; start < text.length; start = line.lastIndex) {
    line.lastIndex = start;
    const found = line.exec(text);
    const faultOf = (kind: QuotationFault['kind']): QuotationFault => ({ lineNumber: lineNumberAt(text, start), kind });
    if (found === null) return faultOf('open');
    const { quoted, rest = '', plain = '' } = found.groups ?? {};
    const isPart = quoted !== undefined && rest.trim() !== '';
    if (isPart && !isCsv) return faultOf('inside');
    lines.push(isPart ? `"${quoted}"${rest}` : (quoted?.replaceAll('""', '"') ?? plain));
  }
  return lines;
}

/** An error of the input that has the fault, in words: what is wrong, and what to write instead. */
export function wordsOf({ lineNumber, kind }: QuotationFault): { readonly fault: string; readonly remedy: string } {
  return kind === 'open'
    ? {
        fault: `line ${lineNumber} begins with a quotation mark, and no second one ends the entry`,
        remedy: 'Add the quotation mark at the end of the entry, or leave out the first one.',
      }
    : {
        fault: `line ${lineNumber} begins with a quotation mark, and has more marks inside of the entry`,
        remedy:
          'Leave out the marks around the entry: NAME={"key":"value"}. An entry with line breaks needs them: then double each mark inside of it, "NAME={""key"":""value""}".',
      };
}

function lineNumberAt(text: string, place: number): number {
  return text.slice(0, place).split(lineEnd).length;
}
