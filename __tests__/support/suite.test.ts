import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { openSuite } from './suite.ts';

const names = ['engine', 'containerd', 'withoutBuildx', 'podman', 'registry', 'login', 'busybox', 'client'] as const;
let folder: string;

describe('a suite', () => {
  const suite = openSuite(...names);
  folder = suite.action.folder;
  const early = names.map((name) => {
    try {
      return suite[name];
    } catch (error) {
      return error;
    }
  });
  let inHook: string;
  beforeAll(() => {
    inHook = suite.registry;
  });

  test.each(names.map((name, index) => ({ name, error: early[index] })))(
    'says that its $name is not there yet',
    ({ name, error }) => {
      expect(error).toEqual(
        new Error(`The suite's ${name} is not there yet: read it in a test, or in a hook after openSuite('${name}').`),
      );
    },
  );

  test('has a copy of the action at once', () => {
    expect(existsSync(folder)).toBe(true);
  });

  test('has in its tests, and in later hooks, what it asked for', async () => {
    expect(inHook).toBe(suite.registry);
    const { engine, containerd, withoutBuildx } = suite;
    expect(new Set([engine, containerd, withoutBuildx].map(({ DOCKER_HOST }) => DOCKER_HOST)).size).toBe(3);
    expect(suite.podman.PATH).not.toBe(suite.engine.PATH);
    const { registry, username, token } = suite.login;
    const authorization = `Basic ${Buffer.from(`${username}:${token}`).toString('base64')}`;
    expect(await fetch(`http://${registry}/v2/`)).toMatchObject({ status: 401 });
    expect(await fetch(`http://${registry}/v2/`, { headers: { authorization } })).toMatchObject({ status: 200 });
    expect(suite.busybox).toContain('busybox');
    expect(await suite.client.digestOf(suite.busybox)).toMatch(/^sha256:/);
  });
});

test('a copy of the action goes with its suite', () => {
  expect(existsSync(folder)).toBe(false);
});
