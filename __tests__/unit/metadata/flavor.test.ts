import { describe, expect, test } from '@jest/globals';
import { parseFlavor } from '../../../src/metadata/flavor.ts';
import { codesOf } from './naming.ts';
import '../../support/expressions.ts';

describe('flavor', () => {
  test.each([
    ['nothing leaves latest to the rules', '', { latest: 'auto', prefix: undefined, suffix: undefined }],
    ['latest is auto, true or false', 'latest=false', { latest: 'false' }],
    ['a prefix holds for all but latest', 'prefix=a-', { prefix: { template: { text: 'a-' }, isOnLatest: false } }],
    ['onlatest joins it to latest', 'prefix=a-,onlatest=true', { prefix: { isOnLatest: true } }],
    [
      'onlatest belongs to the one before it',
      'prefix=a-,suffix=-b,onlatest=true',
      { prefix: { isOnLatest: false }, suffix: { isOnLatest: true } },
    ],
    ['settings may share a line', 'latest=true,suffix=-b', { latest: 'true', suffix: { template: { text: '-b' } } }],
    ['a comment is no setting', '# latest=true', { latest: 'auto' }],
    ['a value may hold =', 'prefix=a=b', { prefix: { template: { text: 'a=b' } } }],
  ])('%s', (_title, text, flavor) => {
    expect(parseFlavor(text)).toMatchObject(flavor);
  });

  test.each([
    ['latest is something else', 'latest=yes'],
    ['a setting is unknown', 'lates=true'],
    ['a setting has no name', 'auto'],
    ['onlatest is no boolean', 'prefix=a,onlatest=yes'],
    ['onlatest stands before its prefix', 'onlatest=true,prefix=a'],
    ['onlatest stands on a line of its own', 'prefix=a\nonlatest=true'],
    ['quotation marks do not pair', '"latest=true'],
  ])('is an error when %s', (_title, text) => {
    expect(codesOf(() => parseFlavor(text))).toEqual(['FLAVOR_INVALID']);
  });

  test('all faults are reported together', () => {
    expect(codesOf(() => parseFlavor('a\nlatest=x\nprefix={{'))).toEqual([
      'FLAVOR_INVALID',
      'FLAVOR_INVALID',
      'EXPRESSION_INVALID',
    ]);
  });
});
