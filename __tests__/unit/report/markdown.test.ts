import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { block, code, link, paragraphs, prose, table } from '../../../src/report/markdown.ts';
import { tablesOf, tagsOf, textOf, toHtml } from '../../support/github-markdown.ts';

/** Names as they come from branches, rules and build output of people who mean no good. */
const hostile = [
  'a|b',
  'a`b``c',
  '`',
  '<script>alert(1)</script>',
  '</code></td></tr></table><img src=x onerror=alert(1)>',
  'line\nbreak\r\n| next | row |',
  '\u2028## heading',
  '# heading',
  '- item',
  '1. item',
  '+ item',
  '> quote',
  '@octocat and @octo-org/team',
  'octo-org/app#1 #2',
  ':rocket:',
  '[text](https://evil.example)',
  '![image](https://evil.example/x.png)',
  'https://evil.example',
  'www.evil.example',
  'evil@evil.example',
  '&lt;b&gt; &#60;b&#62;',
  '\\| \\` \\<',
  '*a* _b_ __c__ ~~d~~',
  '$x$ $$y$$',
  '<!-- comment',
  '```\nfence',
  '---',
  '\u0000\u001b[31mred',
];

const visible = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what shows nothing is what is taken away
  text.replaceAll(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();

describe('a name in a cell is shown as it is, and nothing else', () => {
  test.each(hostile)('%j', (name) => {
    const html = toHtml(table(['A', 'B'], [[code(name), 'after']]));
    expect(tagsOf(html)).toEqual(['code', 'table', 'tbody', 'td', 'th', 'thead', 'tr']);
    const [, row] = tablesOf(html)[0] ?? [];
    expect(row?.map(textOf)).toEqual([visible(name), 'after']);
  });

  test('whatever the name is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        fc.pre(visible(name) !== '' && name.isWellFormed());
        const html = toHtml(table(['A', 'B'], [[code(name), 'after']]));
        expect(tagsOf(html)).toEqual(['code', 'table', 'tbody', 'td', 'th', 'thead', 'tr']);
        expect(tablesOf(html)[0]?.[1]?.map(textOf)).toEqual([visible(name), 'after']);
      }),
    );
  });
});

describe('a sentence in a list is no markup, no link and calls nobody', () => {
  test.each(hostile)('%j', (sentence) => {
    const html = toHtml(`- ${prose(sentence)}`);
    // Backticks around a name are our own way to mark it.
    expect(tagsOf(html).filter((tag) => tag !== 'code')).toEqual(['li', 'ul']);
    expect(textOf(html)).not.toMatch(/(?<!\w)@\w/);
  });

  test('keeps the names between backticks as names', () => {
    expect(prose('`push` is "maybe"')).toBe('<code>push</code> is "maybe"');
  });

  test('an address in a digest reference stays as it is', () => {
    expect(textOf(toHtml(prose('ghcr.io/octo-org/app@sha256:4bc4')))).toBe(
      '<p>ghcr.io/octo-org/app@sha256:4bc4</p>'.replaceAll(/<[^>]*>/g, ''),
    );
  });
});

test('lines of a remedy stay lines, and are no markup', () => {
  const html = toHtml(paragraphs('Grant the job:\npermissions:\n  contents: read\n\n</pre><b>'));
  expect(tagsOf(html)).toEqual(['p', 'pre']);
  expect(textOf(html)).toContain('permissions:\n  contents: read\n\n</pre><b>');
});

test('a block holds what it is given, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(tagsOf(toHtml(`before\n\n${block(text)}\n\nafter`))).toEqual(['p', 'pre']);
    }),
  );
});

describe('a link', () => {
  test('goes where it says', () => {
    expect(link('its page', 'https://github.com/orgs/octo-org/packages?a=1&b=2')).toBe(
      '<a href="https://github.com/orgs/octo-org/packages?a=1&amp;b=2">its page</a>',
    );
  });

  test.each(['javascript:alert(1)', 'http://plain.example', 'data:text/html,x', 'nothing', ''])(
    'to %j is no link',
    (url) => {
      expect(link('its page', url)).toBe('its page');
    },
  );

  test.each([
    'https://github.com/a|b',
    'https://github.com/"onclick="x',
    'https://github.com/<b>',
    'https://a.example/#"x',
  ])('to %s has no other attribute and stays in its cell', (url) => {
    const html = toHtml(table(['A', 'B'], [[link('its page', url), 'after']]));
    expect(tagsOf(html)).toEqual(['a href', 'table', 'tbody', 'td', 'th', 'thead', 'tr']);
    expect(tablesOf(html)[0]?.[1]?.map(textOf)).toEqual(['its page', 'after']);
  });
});
