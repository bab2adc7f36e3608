/**
 * A text that is longer than there is room for. If the text before a … may be the beginning of a secret, a log hides
 * it.
 */

/**
 * @param most characters that the result may have; a character of two code units, such as an emoji, counts as one
 * @returns the text, or its beginning and `…`
 */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = [...text.slice(0, 2 * most + 2)];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** Characters of the longest secret that GitHub keeps (https://docs.github.com/actions/reference/security/secrets, "Limits"). */
const longestSecret = 48 * 1024;

/**
 * The end of a text, from the beginning of a line on, so that it begins with no half of a secret, which nothing would hide. Of a single
 * line, what may be such a half is left out.
 * @param most characters that the result may have
 */
export function lastLines(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = text.slice(-most);
  const lineEnd = end.indexOf('\n');
  return end.slice(lineEnd === -1 ? longestSecret : lineEnd + 1);
}
