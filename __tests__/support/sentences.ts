/**
 * Sentences of documents and of messages, and what makes one hard to read for somebody whose first language is another one:
 * its length, and phrases that a reader has to take apart.
 */

import { toHtml } from './github-markdown.ts';

/** A sentence may have this many words; a reader follows 25 easily. */
export const mostWords = 30;

interface Phrase {
  readonly pattern: RegExp;
  /** What to write in its place. */
  readonly instead: string;
}

/** Phrases that a sentence must not have. */
const phrases: readonly Phrase[] = [
  { pattern: /\bwhence\b/i, instead: 'say who does it, with "because" or "from which"' },
  { pattern: /\b(?:thereof|therein|thereby|hence|hither)\b/i, instead: 'name the thing again' },
  { pattern: /\b(?:that|those) which\b/i, instead: 'name the thing again' },
  { pattern: /(?<!\bthere )\b(?:is|are|was|were|be) none\b/i, instead: 'say "is not a …"' },
  { pattern: /\bnone of an?\b/i, instead: 'say "is not a …"' },
  { pattern: /\b(?:can|cannot|could|may) be had\b/i, instead: 'say "supports" or "gets"' },
  { pattern: /\b(?:was|were|be) had\b/i, instead: 'say "has" or "got"' },
  { pattern: /\bwere it\b/i, instead: 'say "if" or "even if"' },
  { pattern: /\b(?:another|an other)(?: one)? than\b/i, instead: 'say "a different … from"' },
  { pattern: /\bof (?:its|their) own accord\b/i, instead: 'say "by itself"' },
  { pattern: /\bin so many words\b/i, instead: 'say which words' },
  { pattern: /\b(?:its|their) like\b/i, instead: 'name the things' },
  { pattern: /\b(?:is|are|was|were) (?:there already|already there)\b/i, instead: 'say "already exists"' },
  { pattern: /\btr(?:y|ied|ies|ying) (?:it )?again\b/i, instead: 'say "retry"' },
  { pattern: /\bpassing (?:one|reason|failure|fault)/i, instead: 'say "temporary"' },
  { pattern: /\b(?:come|comes|came) about\b/i, instead: 'say "happens", and who makes it happen' },
  { pattern: /\bbe(?:come|comes|came) of\b/i, instead: 'say "happens to", or name the result' },
  { pattern: /\bstands? (?:in|under|beside|before|on|for)\b/i, instead: 'say "is in", "shows" or "means"' },
  { pattern: /\b(?:is|are|was|were|be) (?:told|asked)\b/i, instead: 'say who tells or asks' },
  { pattern: /\bcould not be told\b/i, instead: 'say "could not check"' },
  { pattern: /\bhold(?:s)? (?:good|true)\b/i, instead: 'say "applies" or "is true"' },
  { pattern: /\bbut for the\b/i, instead: 'say "except"' },
  { pattern: /\bthe contrary\b/i, instead: 'say "the opposite", or what is so' },
];

/** Tags after which a sentence cannot go on. */
const blocks = /^<\/?(?:p|h[1-6]|[uo]l|li|blockquote|table|thead|tbody|t[rhd]|br|hr|pre|details|summary)\b/i;

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };
const decode = (text: string): string =>
  text.replaceAll(/&(amp|lt|gt|quot);/g, (entity, name: string) => named[name] ?? entity);

/** What is in code: one word, whatever it holds. It is in backticks, so that a report looks like the document. */
const codeSpan = /`[^`]*`/g;

/** A full stop after these ends no sentence. */
const abbreviation = /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|approx)\.$/i;

/**
 * @param text of one paragraph, without line breaks that mean anything; code is in backticks
 * @returns its sentences, in order. Nothing but a full stop, a question mark or an exclamation mark ends one: with a colon or a
 *   semicolon a sentence goes on.
 */
export function splitSentences(text: string): readonly string[] {
  const code: string[] = [];
  // What is in code may have full stops of its own (`COPY . .`).
  const marked = text.replaceAll(codeSpan, (span) => `\uE000${code.push(span) - 1}\uE001`);
  const pieces = marked.trim().split(/(?<=[.!?][)"'”’»]*)\s+/);
  const sentences: string[] = [];
  for (const piece of pieces) {
    const last = sentences.at(-1);
    if (last !== undefined && abbreviation.test(last)) sentences[sentences.length - 1] = `${last} ${piece}`;
    else sentences.push(piece);
  }
  return sentences
    .map((sentence) =>
      sentence
        .replaceAll(/\uE000(\d+)\uE001/g, (_mark, index: string) => code[Number(index)] ?? '')
        .replaceAll(/\s+/g, ' '),
    )
    .filter((sentence) => sentence !== '');
}

/**
 * @param markdown a page, in GitHub's Markdown
 * @returns its sentences in order: each heading, item of a list, cell of a table and description of a picture begins a new one.
 *   Blocks of code and comments have none.
 */
export function sentencesOf(markdown: string): readonly string[] {
  const html = toHtml(markdown)
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .replaceAll(/<pre>[\s\S]*?<\/pre>/g, '<hr>');
  const paragraphs = [''];
  const add = (text: string): void => {
    paragraphs[paragraphs.length - 1] += text;
  };
  for (const [part] of html.matchAll(/<code>[\s\S]*?<\/code>|<[^>]*>|[^<]+/g)) {
    const alt = part.match(/^<img [^>]*alt="([^"]*)"/)?.[1];
    if (part.startsWith('<code>')) add(`\`${decode(part.slice('<code>'.length, -'</code>'.length))}\``);
    else if (alt !== undefined) paragraphs.push(decode(alt), '');
    else if (blocks.test(part)) paragraphs.push('');
    else if (!part.startsWith('<')) add(decode(part));
  }
  return paragraphs.flatMap(splitSentences);
}

/** The sentences of a message or a remedy: a line break ends one, because a line after it is YAML or a new sentence. */
export function sentencesOfMessage(text: string): readonly string[] {
  return text.split('\n').flatMap(splitSentences);
}

/** How many words a sentence has. Code, a URL and a name with slashes are one word each; what has no letter or digit is none. */
export function countWords(sentence: string): number {
  return sentence
    .replaceAll(codeSpan, 'code')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** What is wrong with a sentence, and what to do about it; empty when nothing is. */
export function faultsOf(sentence: string): readonly string[] {
  const words = countWords(sentence);
  const prose = sentence.replaceAll(codeSpan, '`…`');
  return [
    ...(words > mostWords ? [`${words} words, of at most ${mostWords}: ${sentence}`] : []),
    ...phrases.flatMap(({ pattern, instead }) => {
      const found = pattern.exec(prose)?.[0];
      return found === undefined ? [] : [`"${found}", ${instead}: ${sentence}`];
    }),
  ];
}
