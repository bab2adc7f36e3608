/**
 * Texts from elsewhere (tags, rules, labels, a tool's words) as GitHub's Markdown. Whatever they hold, GitHub shows
 * them as they are, and nothing of them is markup, a mention or a link. A character reference is never structure
 * (https://github.github.com/gfm/, "Entity and numeric character references").
 */

/** `:` begins an emoji or is part of a URL, `@` of an address, the dot after `www` in what would be a link. */
const markup = /[&<>`|*_~[\]\\#!$@]|:(?=\/\/|\w+:)|(?<=\bwww)\./gi;

function encode(text: string): string {
  return text.replaceAll(markup, (character) => `&#${character.codePointAt(0)};`);
}

/** One line: a cell, a list item and a heading end where a line does. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a control character shows nothing
  return text.replaceAll(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
}

/** A name, to be read and copied character by character. */
export function code(text: string): string {
  const line = oneLine(text);
  return line === '' ? '' : `<code>${encode(line)}</code>`;
}

/** A sentence, in which `names` stand between backticks. */
export function prose(text: string): string {
  return oneLine(text)
    .split(/(`[^`]+`)/)
    .map((part) => (/^`[^`]+`$/.test(part) ? code(part.slice(1, -1)) : plain(part)))
    .join('');
}

/** `@` before a name calls somebody, and what begins a line may be a list: neither once something invisible is before it. */
function plain(text: string): string {
  return encode(text)
    .replaceAll(/(?<![\p{L}\p{N}])&#64;(?=\w)/gu, '&#64;&#8203;')
    .replace(/^(?=[-+=]|\d+[.)])/, '&#8203;');
}

/** Lines as they are, in a box. */
export function block(text: string): string {
  const lines = text.replaceAll(/[&<>]/g, (character) => `&#${character.codePointAt(0)};`).trimEnd();
  return `<pre>${lines}</pre>`;
}

/** The first line as a sentence, the others, such as the YAML of a remedy, as they are. */
export function paragraphs(text: string): string {
  const [first = '', ...rest] = text.trim().split('\n');
  return rest.length === 0 ? prose(first) : `${prose(first)}\n\n${block(rest.join('\n'))}`;
}

/** A link, where the URL is one that a person may be sent to. */
export function link(text: string, url: string): string {
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') return prose(text);
  const href = new URL(url).href
    .replaceAll('&', '&amp;')
    .replaceAll(/["|]/g, (character) => encodeURIComponent(character));
  return `<a href="${href}">${prose(text)}</a>`;
}

/** @param rows cells that are Markdown already */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

export function details(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}
