/** What strangers write into tags and titles comes to an end, and patterns and expressions that do not are refused. */

import { describe, expect, test } from '@jest/globals';
import { matchPattern } from '../../../src/metadata/match-pattern.ts';
import { parseTemplate } from '../../../src/metadata/parse-template.ts';
import { aDescription } from './naming.ts';
import '../../support/expressions.ts';

const scope = {
  names: { version: '1.2.3', list: [...Array(15).keys()] },
  dates: { date: new Date('2026-01-02T04:30:45Z') },
  warn: () => undefined,
};
const render = (text: string): string => parseTemplate(text).render(scope);
const nested = (open: string, close: string, times: number): string => `${open.repeat(times)}x${close.repeat(times)}`;
const inline = (name: string, text: string): string => `{{#*inline "${name}"}}${text}{{/inline}}`;
const doubling = (times: number): string =>
  `${inline('p0', 'x')}${[...Array(times).keys()].map((number) => inline(`p${number + 1}`, `{{> p${number}}}{{> p${number}}}`)).join('')}{{> p${times}}}`;

describe('An expression', () => {
  test.each([
    ['blocks within each other', nested('{{#if version}}', '{{/if}}', 20), 'x'],
    ['a block for each of a list', nested('{{#each @root.list}}', '{{/each}}', 2), 'x'.repeat(225)],
    ['a block for a name', '{{#version}}v{{this}}{{/version}}', 'v1.2.3'],
    ['the other part of a block', '{{#unless version}}a{{else}}b{{/unless}}', 'b'],
    ['partials that are written inside', doubling(5), 'x'.repeat(32)],
    ['much text around it', `{{version}}${' b'.repeat(500_000)}`, `1.2.3${' b'.repeat(500_000)}`],
  ])('may have %s', (_, text, rendered) => {
    expect(render(text)).toBe(rendered);
  });

  test.each([
    ['twelve lists within each other', nested('{{#each @root.list}}', '{{/each}}', 12)],
    ['a partial that doubles 30 times', doubling(30)],
    ['a partial that is inside of itself', `${inline('a', '{{> a}}{{> a}}')}{{> a}}`],
    ['a long text, again and again', `{{#each @root.list}}{{#each @root.list}}${'x'.repeat(9000)}{{/each}}{{/each}}`],
    ['20,000 blocks', nested('{{#if version}}', '{{/if}}', 20_000)],
    ['101 blocks', nested('{{#if version}}', '{{/if}}', 101)],
    ['101 negated blocks', nested('{{^a}}', '{{/a}}', 101)],
    ['20,000 parentheses', `{{date ${nested('(date ', ')', 20_000)}}}`],
    ['101 parentheses', `{{date ${nested('(date ', ')', 101)}}}`],
    ['a name of 2,000 parts', `{{a${'.b'.repeat(2000)}}}`],
    ['30,000 beginnings', '{{version '.repeat(30_000)],
    ['30,000 comments', '{{!-- '.repeat(30_000)],
    ['300,000 braces', `{{version}}${'{'.repeat(300_000)}`],
  ])('that has %s is refused', (_, text) => {
    expect(() => render(text)).toThrowCode('EXPRESSION_INVALID');
  });
});

describe('A pattern of a workflow', () => {
  test.each([
    ['of its own', /v(.*)/, ['v1.2.3', '1.2.3']],
    ['with choices within a repetition', /^v(?:(\d+)\.?)+$/, ['v1.2.3', '3']],
    ['that looks back', /(?<=v)(\d)\.(\d)/, ['1.2', '1', '2']],
    ['that refers to a group', /(v)1.*(?!\1)3/, ['v1.2.3', 'v']],
    ['with flags', /V(\d)/i, ['v1', '1']],
    ['for all matches', /\d/g, ['1', '2', '3']],
    ['that finds nothing', /^(?:x+)+$/, null],
  ])('finds what JavaScript finds: one %s', (_, pattern, found) => {
    const match = matchPattern('v1.2.3', pattern, 'rule');
    expect(match && [...match]).toEqual(found);
    expect(match).toEqual('v1.2.3'.match(pattern));
  });

  test.each([
    ['repetitions within each other', /^(a+)+$/, `${'a'.repeat(40)}!`],
    ['choices again and again', /^(?:a|a)*$/, `${'a'.repeat(40)}!`],
    ['choices side by side', new RegExp(`^${'(?:a|aa)'.repeat(40)}!`), 'a'.repeat(60)],
    ['many repetitions on a long tag', /^a*a*a*a*$/, `${'a'.repeat(60_000)}!`],
  ])('is stopped if it takes too long: %s', (_, pattern, text) => {
    expect(() => matchPattern(text, pattern, 'rule')).toThrowCode('TAG_RULE_INVALID');
  });
});

describe('A git tag of 60,000 characters', () => {
  const rules = [
    'type=ref,event=tag',
    'type=semver,pattern={{version}}',
    'type=pep440,pattern={{version}}',
    'type=match,pattern=v?(.*)',
  ];
  test.each(['1', '1.', '1-', 'v', 'a-', '1.0.0-', '1.0.0+1.', '0.0.0-0.', '-', '1rc', '1!1.', 'é', '%', '{{'])(
    'that repeats "%s" becomes tags, or is refused',
    (part) => {
      const name = part.repeat(60_000 / part.length);
      const existing = [...Array(20).keys()].map((number) => `${part.slice(0, 1)}${number}.0.${'1'.repeat(100)}`);
      for (const tags of ['', ...rules]) {
        const result = (() => {
          try {
            return aDescription({ ref: `refs/tags/${name}`, tags, existing }).tags.map(({ tag }) => tag.length);
          } catch (error) {
            if (!('code' in Object(error))) throw error;
            return [String(Object(error).code)];
          }
        })();
        for (const each of result) {
          if (typeof each === 'number') expect(each).toBeLessThanOrEqual(128);
          else expect(each).toMatch(/^(?:TAG|TAG_RULE)_INVALID$/);
        }
      }
    },
  );
});
