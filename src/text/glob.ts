/** Patterns with wildcards, as people write them for names. */

/**
 * Whether a pattern matches all of a text: `*` matches any number of characters, `?` one. The time that it takes grows
 * with the product of both lengths at most, whatever the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let inText = 0;
  let star = -1;
  let resume = 0;
  while (inText < text.length) {
    if (at < pattern.length && pattern[at] === '*') {
      star = at++;
      resume = inText;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[inText])) {
      at++;
      inText++;
    } else if (star >= 0) {
      at = star + 1;
      inText = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
