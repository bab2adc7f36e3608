/** A text that is longer than there is room for. */

/**
 * @param most characters that the result may have; a character of two code units, such as an emoji, counts as one
 * @returns the text, or its beginning and `…`
 */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = [...text.slice(0, 2 * most + 2)];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}
