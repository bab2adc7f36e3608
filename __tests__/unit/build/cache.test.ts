import { describe, expect, test } from '@jest/globals';
import { formatCacheEntry } from '../../../src/build/cache.ts';
import { someInputs } from '../../support/builders.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

describe('cache entries', () => {
  test.each([
    ['a name alone is a registry’s', 'ghcr.io/o/app:cache', 'type=registry,ref=ghcr.io/o/app:cache'],
    ['attributes stay', 'type=local,src=a', 'type=local,src=a'],
    [
      'so do those that only buildx knows',
      'type=s3,force_path_style=true,New=A b',
      'type=s3,force_path_style=true,New=A b',
    ],
    ['so does a type that only buildx knows', 'type=gcs,bucket=b', 'type=gcs,bucket=b'],
    ['buildx judges whether they fit together', 'type=inline,ref=ghcr.io/o/app', 'type=inline,ref=ghcr.io/o/app'],
    ['the last of two values counts', 'type=local,src=a,src=b', 'type=local,src=b'],
  ])('%s', (_title, text, formatted) => {
    expect(someInputs({ 'cache-from': text }).build.options.cacheFrom.map(formatCacheEntry)).toEqual([formatted]);
  });

  test.each([
    ['is tolerant', 'type=gha,mode=max', 'type=gha,mode=max,ignore-error=true'],
    ['unless the workflow says how', 'type=gha,ignore-error=false', 'type=gha,ignore-error=false'],
    ['in capitals, too', 'TYPE=gha,Ignore-Error=false', 'type=gha,ignore-error=false'],
    ['except for one in the image', 'type=inline', 'type=inline'],
  ])('an export %s', (_title, text, formatted) => {
    expect(someInputs({ 'cache-to': text }).build.options.cacheTo.map(formatCacheEntry)).toEqual([formatted]);
  });

  test('a credential goes to the environment of the builder’s client', () => {
    const { options, variables } = someInputs({ 'cache-to': 'type=gha,token=canary,scope=x' }).build;
    expect(JSON.stringify(options)).not.toContain('canary');
    expect([...variables]).toEqual([['ACTIONS_RUNTIME_TOKEN', 'canary']]);
  });

  test.each([
    ['of a cache whose variable buildx has', 'type=s3,Secret_Access_Key=canary', ['AWS_SECRET_ACCESS_KEY', 'canary']],
    ['of another one', 'type=s3,session_token=canary', ['AWS_SESSION_TOKEN', 'canary']],
  ])('so does the secret %s', (_title, text, variable) => {
    const { options, variables } = someInputs({ 'cache-from': text }).build;
    expect(JSON.stringify(options)).not.toContain('canary');
    expect([...variables]).toEqual([variable]);
  });

  test.each(['type=azblob,secret_access_key=canary', 'type=gha,ghtoken=canary', 'type=gcs,token=canary'])(
    'a credential that buildx takes from its command line alone is refused: %s',
    (text) => {
      expect(() => someInputs({ 'cache-to': text })).toThrowCode('INPUT_INVALID');
      expect(() => someInputs({ 'cache-to': text })).not.toThrow('canary');
    },
  );

  test('a credential whose name has a typing error is refused: it would stand on a command line', () => {
    const thrown = thrownBy(() => someInputs({ 'cache-to': 'type=gha,Tokne=canary' }));
    expect(thrown).toMatchObject({ code: 'INPUT_INVALID', remedy: 'Write "token" in place of "Tokne".' });
    expect(String(thrown)).not.toContain('canary');
  });

  test.each(['mode=max', 'type=,mode=max', ',', 'type=gha,mode'])('%j is no entry', (text) => {
    expect(() => someInputs({ 'cache-to': text })).toThrowCode('INPUT_INVALID');
  });
});
