import { describe, expect, test } from '@jest/globals';
import {
  formatBuilderConfig,
  isInlineConfig,
  mergeConfig,
  parseBuilderConfig,
} from '../../../src/build/builder-config.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

describe('the configuration of a builder', () => {
  test.each([
    ['ci/buildkitd.toml', false],
    ['debug = true', true],
    ['[worker.oci]', true],
    ['# a comment\n', true],
  ])('%j stands for itself: %s', (text, isInline) => {
    expect(isInlineConfig(text)).toBe(isInline);
  });

  test('that is given lies over the own one, value by value', () => {
    const own = {
      registry: { 'docker.io': { mirrors: ['a.test'], ca: ['/ca.crt'] }, 'r.test': { http: true } },
    };
    const given = parseBuilderConfig(
      'debug = true\n[registry."docker.io"]\n  mirrors = ["b.test"]\n[worker.oci]\n  max-parallelism = 4\n',
      'x',
    );
    expect(parseBuilderConfig(formatBuilderConfig(mergeConfig(own, given)), 'x')).toEqual({
      debug: true,
      registry: { 'docker.io': { mirrors: ['b.test'], ca: ['/ca.crt'] }, 'r.test': { http: true } },
      worker: { oci: { 'max-parallelism': 4 } },
    });
  });

  test('that says nothing is empty', () => {
    expect(formatBuilderConfig(mergeConfig({}, parseBuilderConfig('# nothing\n', 'x')))).toBe('');
  });

  test('that is no TOML is named with its line', () => {
    const error = thrownBy(() => parseBuilderConfig('debug = true\nx = = 1\n', 'The input `builder-config`'));
    expect(error).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('The input `builder-config`'),
    });
    expect(error).toMatchObject({ message: expect.stringContaining('line 2') });
  });
});
