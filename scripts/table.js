// @ts-check
/**
 * Tables of text. Each takes lines of cells, of which the first is the head, and leaves out a column that is empty but for
 * its head: it says nothing. Pure.
 */

/** @typedef {readonly (readonly string[])[]} Lines */

/** @type {(lines: Lines) => string[][]} */
function withoutEmptyColumns(lines) {
  const [head = [], ...rows] = lines;
  const isFilled = head.map((_, column) => rows.some((cells) => cells[column]));
  return lines.map((cells) => cells.filter((_, column) => isFilled[column]));
}

/**
 * @param {Lines} lines
 * @returns {string} columns that stand below one another, for a terminal
 */
export function alignedTable(lines) {
  const filled = withoutEmptyColumns(lines);
  const widths = (filled[0] ?? []).map((_, column) => Math.max(...filled.map((cells) => cells[column]?.length ?? 0)));
  const aligned = (/** @type {string[]} */ cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  return filled.map((cells) => aligned(cells).join('  ').trimEnd()).join('\n');
}

/**
 * What a cell of a page holds: no bar and no line break.
 * @param {string} text
 * @returns {string}
 */
export function markdownCell(text) {
  return text.trim().replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}

/**
 * @param {Lines} lines
 * @returns {string} the table of a page
 */
export function markdownTable(lines) {
  const [head = [], ...rows] = withoutEmptyColumns(lines);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(markdownCell).join(' | ')} |`).join('\n');
}
