import { describe, expect, test } from '@jest/globals';
import { formatCacheEntry } from '../../../src/build/cache.ts';
import { someInputs } from '../../support/builders.ts';

describe('cache entries', () => {
  test.each([
    ['a name alone is a registry’s', 'ghcr.io/o/app:cache', 'type=registry,ref=ghcr.io/o/app:cache'],
    ['attributes stay', 'type=local,src=a', 'type=local,src=a'],
  ])('%s', (_title, text, formatted) => {
    expect(someInputs({ 'cache-from': text }).build.options.cacheFrom.map(formatCacheEntry)).toEqual([formatted]);
  });

  test.each([
    ['is tolerant', 'type=gha,mode=max', 'type=gha,mode=max,ignore-error=true'],
    ['unless the workflow says how', 'type=gha,ignore-error=false', 'type=gha,ignore-error=false'],
    ['except for one in the image', 'type=inline', 'type=inline'],
  ])('an export %s', (_title, text, formatted) => {
    expect(someInputs({ 'cache-to': text }).build.options.cacheTo.map(formatCacheEntry)).toEqual([formatted]);
  });

  test('a credential goes to the environment of the builder’s client', () => {
    const { options, variables } = someInputs({ 'cache-to': 'type=gha,token=canary,scope=x' }).build;
    expect(JSON.stringify(options)).not.toContain('canary');
    expect([...variables]).toEqual([['ACTIONS_RUNTIME_TOKEN', 'canary']]);
  });
});
