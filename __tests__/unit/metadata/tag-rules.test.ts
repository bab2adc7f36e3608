import { describe, expect, test } from '@jest/globals';
import { parseTemplate } from '../../../src/metadata/parse-template.ts';
import { defaultRules, parseTagRules } from '../../../src/metadata/tag-rules.ts';
import { parseVersionOf } from '../../../src/metadata/version.ts';
import { codesOf } from './naming.ts';
import '../../support/expressions.ts';

/** Message and remedy of the one fault that the rules have. */
function faultOf(tags: string): string {
  try {
    parseTagRules(tags);
  } catch (error) {
    if (error instanceof Error && 'remedy' in error) return `${error.message} ${error.remedy}`;
    throw error;
  }
  throw new Error('there is no fault');
}

describe('lines', () => {
  test.each([
    ['one rule a line, in the order written', 'b\ntype=sha\na', ['b', 'type=sha', 'a']],
    ['empty lines and comments are no rules', '# one\n\na\n   \n  # two\nb', ['a', 'b']],
    ['# inside of a line is no comment', 'type=raw,value=a#b', ['type=raw,value=a#b']],
    ['Windows line ends are line ends', 'a\r\nb', ['a', 'b']],
    ['line ends may be mixed', 'a\r\nb\nc\rd', ['a', 'b', 'c', 'd']],
    ['a quoted comma stays, and is quoted when shown', 'type=match,"pattern=a{1,2}"', ['type=match,"pattern=a{1,2}"']],
    ['a line in quotes is a rule, too', '"type=raw,value=a"', ['type=raw,value=a']],
    ['blanks around attributes go', ' type=raw , value=a ', [' type=raw , value=a ']],
    ['plain tags may stand in one line, between commas', 'latest,1.0, 1\nb', ['latest', '1.0', '1', 'b']],
    ['a comma after the last plain tag is nothing', 'latest,', ['latest']],
  ])('%s', (_title, tags, rules) => {
    expect(parseTagRules(tags).map(({ text }) => text)).toEqual(rules);
  });

  test('names of attributes may be upper-case', () => {
    expect(parseTagRules('TYPE=sha,Format=long')).toMatchObject([{ type: 'sha', format: 'long' }]);
  });

  test('the last of two values holds', () => {
    expect(parseTagRules('type=raw,a,value=b')).toMatchObject([{ value: { text: 'b' } }]);
  });

  test('a value may hold =', () => {
    expect(parseTagRules('type=raw,value=a=b')).toMatchObject([{ value: { text: 'a=b' } }]);
  });
});

describe('priority unless said', () => {
  test.each([
    ['type=schedule', 1000],
    ['type=semver,pattern={{version}}', 900],
    ['type=pep440,pattern={{version}}', 900],
    ['type=match,pattern=a', 800],
    ['type=edge', 700],
    ['type=ref,event=branch', 600],
    ['type=raw,value=a', 200],
    ['type=sha', 100],
  ])('%s has %d', (rule, priority) => {
    expect(parseTagRules(rule)).toMatchObject([{ priority }]);
  });
});

describe('an attribute that a rule does not read is ignored, and a note says so', () => {
  test.each([
    ['a typing error names what was meant', 'type=raw,value=a,enabled=false', '"enabled".* write "enable"'],
    [
      'any other lists those of the type',
      'type=edge,onlatest=false',
      '"onlatest".*It has: branch, enable, priority, prefix, suffix\\.',
    ],
    ['one of another type', 'type=sha,pattern=a', 'It has: format, enable, priority, prefix, suffix\\.'],
    ['strip, for rules that read no git tag', 'type=raw,value=a,strip=b', '"strip"'],
    ['a value that the type does not take', 'type=edge,dev', '"value"'],
    ['several', 'type=raw,sha,format=short', '"format"'],
  ])('%s', (_title, tags, text) => {
    const [{ notes } = { notes: [] }] = parseTagRules(tags);
    expect(notes).toEqual([expect.stringMatching(text)]);
  });

  test('a rule without such an attribute has no note', () => {
    expect(parseTagRules(defaultRules).flatMap(({ notes }) => notes)).toEqual([]);
  });
});

describe('an error', () => {
  test.each([
    [
      'an unknown type lists the known ones',
      'type=branch',
      'Known types: schedule, semver, pep440, match, edge, ref, raw, sha.',
    ],
    ['semver needs a pattern', 'type=semver', 'it has no pattern'],
    ['pep440 needs a pattern', 'type=pep440,value=1', 'it has no pattern'],
    ['match needs a pattern', 'type=match', 'it has no pattern'],
    ['ref needs an event', 'type=ref', 'it has no event'],
    ['ref knows three events', 'type=ref,event=push', 'Expected event=branch, event=tag, event=pr.'],
    ['raw needs a value', 'type=raw,prefix=a', 'it has no value'],
    ['sha is short or long', 'type=sha,format=medium', 'Expected format=short, format=long.'],
    ['a priority is a number', 'type=sha,priority=high', 'priority is "high", no number'],
    ['a group is a number', 'type=match,pattern=a,group=one', 'group is "one", no number'],
    ['a pattern is a regular expression', 'type=match,pattern=(', 'pattern is no regular expression'],
    ['flags of a pattern are known', 'type=match,pattern=/a/q', 'pattern is no regular expression'],
    [
      'match of a version is a regular expression',
      'type=semver,pattern={{version}},match=[',
      'match is no regular expression',
    ],
    ['a comma cuts a quantifier', 'type=match,pattern=\\d{1,3}', 'type=match,"pattern=\\d{1,3}"'],
    [
      'a comma cuts a set of characters',
      'type=semver,pattern={{version}},match=v[.,]1',
      'match ends at the comma after "v[."',
    ],
    ['a value in quotation marks', 'type=match,pattern="v(.*)"', 'type=match,"pattern='],
    ['a quotation mark after the = keeps no comma', 'type=match,pattern="a{1,2}"', 'type=match,"pattern='],
  ])('%s', (_title, tags, text) => {
    expect(codesOf(() => parseTagRules(tags))).toEqual(['TAG_RULE_INVALID']);
    expect(faultOf(tags)).toContain(text);
  });

  test.each([
    ['value', 'type=raw,value={{branch'],
    ['pattern', 'type=semver,pattern={{#if major}}'],
    ['enable', 'type=sha,enable={{}}'],
    ['prefix', 'type=sha,prefix={{date x=}}'],
    ['suffix', 'type=sha,suffix={{/if}}'],
  ])('a malformed expression in %s', (_title, tags) => {
    expect(codesOf(() => parseTagRules(tags))).toEqual(['EXPRESSION_INVALID']);
  });

  test('all faults are reported together', () => {
    expect(codesOf(() => parseTagRules('type=x\na\ntype=sha,format=x\n{{'))).toEqual([
      'TAG_RULE_INVALID',
      'TAG_RULE_INVALID',
      'EXPRESSION_INVALID',
    ]);
  });

  test('quotation marks that do not pair', () => {
    expect(codesOf(() => parseTagRules('"type=sha'))).toEqual(['TAG_RULE_INVALID']);
  });
});

describe('the expressions of the default rules', () => {
  const templates = parseTagRules('').flatMap((rule) => [
    rule.enable,
    ...('pattern' in rule && 'render' in rule.pattern ? [rule.pattern] : []),
  ]);

  test.each(
    ['0.0.0', '0.3.1', '1.2.3', '10.20.30', '1.2.3-rc.1'].flatMap((version) =>
      [...new Map(templates.map((each) => [each.text, each])).values()].map(
        (each) => [each.text, version, each] as const,
      ),
    ),
  )('%s gives for %s what Handlebars gives', (text, version, template) => {
    const names = { ...parseVersionOf('semver', version)?.parts, is_not_semver: version === '0.0.0' };
    const scope = { names, dates: {}, warn: (warning: string) => expect(warning).toBe('') };
    expect(template.render(scope)).toBe(parseTemplate(text).render(scope));
  });
});
