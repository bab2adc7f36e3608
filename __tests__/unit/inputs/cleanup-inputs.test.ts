import { describe, expect, test } from '@jest/globals';
import { gatherFaults } from '../../../src/errors.ts';
import { cleanupInputDefaults, parseCleanupInputs } from '../../../src/inputs/cleanup-inputs.ts';
import '../../support/to-throw-code.ts';

describe('the inputs of cleanup/', () => {
  const parse = (texts: Partial<Record<string, string>>) => {
    const faults = gatherFaults();
    const inputs = parseCleanupInputs((name) => texts[name] ?? cleanupInputDefaults[name], faults);
    return { inputs, faults };
  };
  const hour = 3_600_000;

  test('what is not given deletes nothing, keeps `latest`, and what is younger than a day', () => {
    expect(parse({}).inputs).toMatchObject({
      deleteTags: [],
      deleteUntagged: true,
      keepTags: ['latest'],
      keepVersions: [],
      keepNewest: 0,
      keepYoungerThan: 24 * hour,
      deletes: false,
    });
  });

  test('lists have one entry a line, or between commas', () => {
    const { inputs } = parse({ 'delete-tags': 'pr-*\n  ?.x, beta', 'keep-versions': 'minor=1\nall = 20' });
    expect(inputs.deleteTags).toEqual(['pr-*', '?.x', 'beta']);
    expect(inputs.keepVersions).toEqual([
      { line: 'minor', count: 1 },
      { line: 'all', count: 20 },
    ]);
  });

  test.each([
    ['0', 0],
    ['1h', hour],
    ['12 hours', 12 * hour],
    ['30d', 720 * hour],
    ['1 day', 24 * hour],
    ['2 weeks', 336 * hour],
  ])('an age of "%s"', (text, milliseconds) => {
    expect(parse({ 'keep-younger-than': text }).inputs.keepYoungerThan).toBe(milliseconds);
  });

  test.each([
    ['delete-tags', '^pr-.*$'],
    ['delete-tags', 'pr/1'],
    ['keep-tags', 'é'],
    ['keep-versions', 'patch=1'],
    ['keep-versions', 'minor=0'],
    ['keep-versions', 'minor'],
    ['keep-newest', '-1'],
    ['keep-younger-than', '30'],
    ['keep-younger-than', '1 month'],
    ['delete-untagged', 'perhaps'],
    ['dry-run', 'no'],
    ['verify', 'twice'],
  ])('%s: "%s" is a fault', (name, text) => {
    expect(parse({ [name]: text }).faults.throwIfAny).toThrowCode('INPUT_INVALID');
  });

  test('a dry run at fault stays a dry run', () => {
    expect(parse({ 'dry-run': 'flase' }).inputs.deletes).toBe(false);
  });
});
