import { describe, expect, test } from '@jest/globals';
import { gatherFaults } from '../../../src/errors.ts';
import { type MergeInputs, mergeInputDefaults, parseMergeInputs } from '../../../src/inputs/merge-inputs.ts';

function parse(texts: Readonly<Partial<Record<keyof typeof mergeInputDefaults, string>>>): MergeInputs {
  const faults = gatherFaults();
  const inputs = parseMergeInputs((name) => texts[name] ?? mergeInputDefaults[name], faults);
  faults.throwIfAny();
  return inputs;
}

describe('the inputs of merge/', () => {
  const digest = `sha256:${'a'.repeat(64)}`;

  test('a merge of which nothing is asked takes what was staged, whatever its platforms', () => {
    expect(parse({})).toMatchObject({ stage: '', digests: undefined, platforms: [] });
  });

  test('digests are listed between commas, blanks and lines, each once', () => {
    expect(parse({ digests: `${digest}, ${digest}\n${digest}` }).digests).toEqual([digest]);
  });

  test.each([
    ['a digest that is none', { digests: 'latest' }, 'DIGEST_INVALID'],
    ['nothing to merge', { stage: 'False' }, 'INPUT_INVALID'],
    ['the base image of a build', { 'if-exists': 'skip-unless-base-changed' }, 'INPUT_INVALID'],
  ] as const)('%s is refused', (_title, texts, code) => {
    expect(() => parse(texts)).toThrowCode(code);
  });
});
