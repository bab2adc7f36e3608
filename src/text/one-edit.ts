/** Typing errors. */

/** Whether one letter more, one less, another one, or two neighbours that are swapped make one text of the other. */
export function differsByOneEdit(left: string, right: string): boolean {
  const shorter = Math.min(left.length, right.length);
  let head = 0;
  while (head < shorter && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && left.at(-1 - tail) === right.at(-1 - tail)) tail += 1;
  const here = left.slice(head, left.length - tail);
  const there = right.slice(head, right.length - tail);
  const isSwap = here.length === 2 && there === `${here[1]}${here[0]}`;
  return isSwap || Math.max(here.length, there.length) === 1;
}
