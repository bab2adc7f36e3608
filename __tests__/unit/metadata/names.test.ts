import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InputError } from '../../../src/errors.ts';
import { aDescription } from './naming.ts';

const grammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

const piece = fc.oneof(
  fc.constantFrom(
    'feature',
    'v',
    '1.2.3',
    '-',
    '.',
    '_',
    '/',
    '#',
    '&',
    '=',
    '<',
    '{{x}}',
    '{{',
    '"',
    "'",
    ',',
    '@',
    '+',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  fc.constantFrom('日本', 'é', '🚀', 'x'.repeat(90)),
);
const name = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));

/** Which of the names git accepts: `git check-ref-format` is the judge. */
function acceptedByGit(names: readonly string[]): readonly string[] {
  return names.filter((each) => {
    if (each.includes('\0')) return false;
    try {
      execFileSync('git', ['check-ref-format', `refs/heads/${each}`], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

describe('any name that git accepts', () => {
  const names = acceptedByGit(fc.sample(name, { numRuns: 400, seed: 4 }));
  const rules = [
    '',
    'type=ref,event=branch\ntype=ref,event=tag',
    'type=raw,value={{branch}}{{tag}},suffix=-alpine',
    'type=raw,value=x,prefix={{branch}}{{tag}}-',
    'type=match,pattern=.*',
    'type=semver,pattern={{raw}}\ntype=sha',
  ];

  test('there are enough of them to tell', () => {
    expect(names.length).toBeGreaterThan(100);
  });

  test.each(['refs/heads/', 'refs/tags/'])('gives tags of the OCI grammar or a typed error, after %s', (ref) => {
    let tagCount = 0;
    for (const each of names) {
      for (const tags of rules) {
        try {
          const { tags: described, version } = aDescription({ ref: ref + each, tags, existing: ['1.0.0', each] });
          for (const { tag } of described) expect(tag).toMatch(grammar);
          if (version !== '') expect(version).toMatch(grammar);
          tagCount += described.length;
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }
    }
    expect(tagCount).toBeGreaterThan(names.length);
  });
});
