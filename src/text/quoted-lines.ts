/**
 * Inputs of several lines, of which one may be in quotation marks, as the actions of docker/* take them.
 */

/** A line, or lines that one pair of quotation marks holds together, with what follows them. */
const line = /(?:"(?<quoted>(?:[^"]|"")*)"(?!")(?<rest>[^\r\n]*)|(?<plain>[^"\r\n][^\r\n]*))?(?:\r\n|\r|\n|$)/y;

/**
 * The lines as they stand, the empty ones too: commas and quotation marks belong to them. A line that is quoted as a whole
 * loses its quotation marks, and may have line breaks.
 * @returns `undefined` where a line begins with a quotation mark and there is no second one
 */
export function splitLines(text: string): readonly string[] | undefined {
  const lines: string[] = [];
  for (let start = 0; start < text.length; start = line.lastIndex) {
    line.lastIndex = start;
    const found = line.exec(text);
    if (found === null) return undefined;
    const { quoted, rest = '', plain = '' } = found.groups ?? {};
    const isWhole = quoted !== undefined && rest.trim() === '';
    lines.push(isWhole ? quoted.replaceAll('""', '"') : quoted === undefined ? plain : `"${quoted}"${rest}`);
  }
  return lines;
}
