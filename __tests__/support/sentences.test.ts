import { describe, expect, test } from '@jest/globals';
import { countWords, faultsOf, mostWords, sentencesOf, sentencesOfMessage, splitSentences } from './sentences.ts';

describe('a paragraph is split into sentences', () => {
  test.each([
    ['at full stops, question marks and exclamation marks', 'One. Two? Three!', ['One.', 'Two?', 'Three!']],
    [
      'before a small letter too, as the name of a program has',
      'It ends. crane begins.',
      ['It ends.', 'crane begins.'],
    ],
    [
      'behind a closing quote or bracket',
      'So it says “no.” (It may.) Go on.',
      ['So it says “no.”', '(It may.)', 'Go on.'],
    ],
    ['not at a colon or a semicolon', 'One: two; three.', ['One: two; three.']],
    ['not at an abbreviation', 'Name a host, e.g. ghcr.io, or none.', ['Name a host, e.g. ghcr.io, or none.']],
    [
      'not inside a version, a file or a host',
      'Node 22.15 runs dist/cli.js on ghcr.io.',
      ['Node 22.15 runs dist/cli.js on ghcr.io.'],
    ],
    ['not inside code', 'A `COPY . .` copies. `a. b` is code.', ['A `COPY . .` copies.', '`a. b` is code.']],
    ['not at an ellipsis', 'Wait … and see.', ['Wait … and see.']],
    ['with each space once', ' One  two.\nThree. ', ['One two.', 'Three.']],
    ['of which an empty one has none', '  ', []],
  ])('%s', (_what, text, sentences) => {
    expect(splitSentences(text)).toEqual(sentences);
  });
});

describe('a page is split into sentences', () => {
  test.each([
    ['lines of a paragraph belong together', 'One\ntwo. Three.', ['One two.', 'Three.']],
    ['a heading is a sentence', '# Title\nText.', ['Title', 'Text.']],
    ['each item of a list begins one', 'Of these:\n\n- one\n- two\n  - three', ['Of these:', 'one', 'two', 'three']],
    ['an item that a line goes on', '1. One\n   goes on. Two.', ['One goes on.', 'Two.']],
    [
      'each cell of a table begins one',
      '| a | b |\n| --- | --- |\n| one. two | three |',
      ['a', 'b', 'one.', 'two', 'three'],
    ],
    ['a line break of HTML ends one', '| a |\n| --- |\n| one<br>two |', ['a', 'one', 'two']],
    [
      'the text of a link counts, its address does not',
      'See [the page](https://a.example/b.c). End.',
      ['See the page.', 'End.'],
    ],
    ['a bare address is one word', 'See <https://a.example/b.c>. End.', ['See https://a.example/b.c.', 'End.']],
    ['emphasis is left out', 'A **bold** and *slanted* word.', ['A bold and slanted word.']],
    ['code stays, whatever is in it', 'Write `a <b> | c & "d"`.', ['Write `a <b> | c & "d"`.']],
    [
      'a block of code has none, and ends one',
      'Write\n\n```yaml\nkey: Value. Value.\n```\n\nor not.',
      ['Write', 'or not.'],
    ],
    ['a comment has none', '<!-- Not. Read. -->\n\nText.', ['Text.']],
    ['the description of a picture is one', '![A cat: it sleeps](cat.png)', ['A cat: it sleeps']],
    ['entities are characters', 'R&amp;D is &lt; 1.', ['R&D is < 1.']],
  ])('%s', (_what, page, sentences) => {
    expect(sentencesOf(page)).toEqual(sentences);
  });
});

test('a message is split at its lines too, where YAML begins', () => {
  expect(sentencesOfMessage('Grant it:\npermissions:\n  packages: write\nThen run again.')).toEqual([
    'Grant it:',
    'permissions:',
    'packages: write',
    'Then run again.',
  ]);
});

test.each([
  ['words between spaces', 'one two-three four’s', 3],
  ['code as one each, however long', '`docker buildx build --push` with `a`, `b`', 4],
  ['an address or a path as one', 'see https://a.example/b and src/image/tag.ts', 4],
  ['no dash, ellipsis or sign alone', 'one — two … + three', 3],
])('words are counted: %s', (_what, sentence, words) => {
  expect(countWords(sentence)).toBe(words);
});

describe('the faults of a sentence', () => {
  const sentenceOf = (words: number): string => `${Array.from({ length: words }, () => 'word').join(' ')}.`;

  test('are none where it is short and plain', () => {
    expect(faultsOf(sentenceOf(mostWords))).toEqual([]);
  });

  test('name one that is too long, and quote it', () => {
    const sentence = sentenceOf(mostWords + 1);
    expect(faultsOf(sentence)).toEqual([`31 words, of at most 30: ${sentence}`]);
  });

  test.each([
    ['whence', 'In the input, whence the log masks it.'],
    ['that which', 'The digest is that which was tried.'],
    ['none of a', 'It gave an answer that is none of a registry.'],
    ['is none', 'A tag that is none is refused.'],
    ['cannot be had', 'Referrers cannot be had there.'],
    ['were it', 'Whoever gives a source, were it one at fault, builds nothing.'],
    ['Another one than', 'Another one than was pushed fails the step.'],
    ['is there already', 'The tag is there already.'],
    ['tried again', 'A request is tried again.'],
    ['passing one', 'The failure is a passing one.'],
    ['is told', 'The summary is told of it.'],
    ['comes about', 'It comes about when a tag moves.'],
    ['stands in', 'The reason stands in the log.'],
  ])('name the phrase "%s" and what to write instead', (phrase, sentence) => {
    const faults = faultsOf(sentence);
    expect(faults.some((fault) => fault.toLowerCase().includes(`${phrase.toLowerCase()}`))).toBe(true);
    expect(faults.every((fault) => fault.endsWith(sentence))).toBe(true);
  });

  test('are not looked for in code', () => {
    expect(faultsOf('Write `whence that which`.')).toEqual([]);
  });
});
