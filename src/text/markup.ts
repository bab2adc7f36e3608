/** The words of a page of HTML, as a proxy puts them in place of a registry's answer. */

/** Whether a text begins a page of HTML, at its start or after other words. */
export function beginsPage(text: string): boolean {
  return /<(?:!doctype|html)\b/i.test(text);
}

/**
 * A text without its tags, and without its scripts and styles. A page is a stranger's: the time is linear in its
 * length, whatever it holds.
 */
export function textOfMarkup(page: string): string {
  const lowerCase = page.toLowerCase();
  const words: string[] = [];
  const neverEnd = new Set<string>();
  let at = 0;
  for (;;) {
    const start = page.indexOf('<', at);
    const end = start === -1 ? -1 : page.indexOf('>', start);
    if (end === -1) return [...words, page.slice(at)].join(' ');
    words.push(page.slice(at, start));
    at = end + 1;
    const name = ['script', 'style'].find((each) => lowerCase.startsWith(each, start + 1));
    if (name === undefined || neverEnd.has(name)) continue;
    const closed = lowerCase.indexOf(`</${name}`, at);
    if (closed === -1) neverEnd.add(name);
    else at = closed;
  }
}
