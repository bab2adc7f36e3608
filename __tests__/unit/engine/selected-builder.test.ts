import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { endpointKey, selectedBuilder } from '../../../src/engine/selected-builder.ts';
import { currentCases, endpoints, writeNotes } from '../../support/current-builders.ts';
import { writeTree } from '../../support/tar.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

describe('the endpoint is known by', () => {
  test.each(endpoints)('%s with %j', (key, env) => {
    expect(endpointKey(env, undefined, 'linux')).toBe(key);
  });

  test('the context of the configuration, unless a variable names another', () => {
    expect(endpointKey({}, 'mine', 'linux')).toBe('mine');
    expect(endpointKey({ DOCKER_CONTEXT: 'other' }, 'mine', 'linux')).toBe('other');
    expect(endpointKey({ DOCKER_HOST: 'ssh://host' }, 'mine', 'linux')).toBe('ssh://host');
  });

  test.each([
    ['tcp://localhost:2376', 'linux', { DOCKER_TLS_VERIFY: '1' }],
    ['tcp://localhost:2376', 'linux', { DOCKER_TLS: '1' }],
    ['npipe:////./pipe/docker_engine', 'win32', {}],
  ] as const)('%s on %s with %j', (key, platform, env) => {
    expect(endpointKey(env, undefined, platform)).toBe(key);
  });
});

describe('the builder is the one', () => {
  test.each(currentCases)('$what', async ({ env = {}, builder, ...notes }) => {
    const config = { folder: writeNotes(notes), currentContext: undefined };
    expect(await selectedBuilder(config, env)).toBe(builder);
  });

  test('that was chosen for the context of the configuration', async () => {
    const folder = writeNotes({ current: { Key: 'mine', Name: 'one', Global: false } });
    expect(await selectedBuilder({ folder, currentContext: 'mine' }, {})).toBe('one');
    expect(await selectedBuilder({ folder, currentContext: undefined }, {})).toBeUndefined();
  });

  test('of BUILDX_BUILDER, before any note', async () => {
    const folder = writeNotes({ current: { Key: '', Name: 'one', Global: true } });
    const config = { folder, currentContext: undefined };
    expect(await selectedBuilder(config, { BUILDX_BUILDER: 'two' })).toBe('two');
    expect(await selectedBuilder(config, { BUILDX_BUILDER: 'default' })).toBeUndefined();
    expect(await selectedBuilder(config, { BUILDX_BUILDER: '' })).toBe('one');
  });

  test('that is noted where BUILDX_CONFIG says', async () => {
    const noted = writeNotes({ current: { Key: '', Name: 'one', Global: true } });
    const config = { folder: temporaryFolder(), currentContext: undefined };
    expect(await selectedBuilder(config, { BUILDX_CONFIG: join(noted, 'buildx') })).toBe('one');
  });

  test.each(['one', '"one"', 'null', '[]', '{"Name":7,"Global":true}', '{"Key":"x"}'])(
    'of the engine where the note is %s',
    async (note) => {
      const folder = writeNotes({});
      writeTree(folder, { 'buildx/current': note });
      expect(await selectedBuilder({ folder, currentContext: undefined }, {})).toBeUndefined();
    },
  );
});
