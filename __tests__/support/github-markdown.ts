/** Markdown as GitHub reads it: the GFM grammar, with raw HTML left in, so that a test sees what a page would be made of. */

import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

export function toHtml(markdown: string): string {
  return micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] });
}

/** The tags of a page with their attributes, each once, such as `a href`. */
export function tagsOf(html: string): readonly string[] {
  const tags = [...html.matchAll(/<([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*\/?>/gi)];
  return [
    ...new Set(
      tags.map(([, name = '', attributes = '']) =>
        [name.toLowerCase(), ...[...attributes.matchAll(/([a-z-]+)(?:="[^"]*")?/gi)].map(([, key = '']) => key)].join(
          ' ',
        ),
      ),
    ),
  ].sort();
}

/** The text of a page: its tags removed, its entities read. */
export function textOf(html: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return html.replaceAll(/<[^>]*>/g, '').replaceAll(/&(?:#(?<code>\d+)|(?<name>[a-z]+));/g, (entity, ...rest) => {
    const { code, name } = rest.at(-1);
    return code === undefined ? (named[name] ?? entity) : String.fromCodePoint(Number(code));
  });
}

/** Each table as rows of cells, which are HTML. */
export function tablesOf(html: string): readonly (readonly (readonly string[])[])[] {
  return [...html.matchAll(/<table>(.*?)<\/table>/gs)].map(([, table = '']) =>
    [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
      [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => cell),
    ),
  );
}
