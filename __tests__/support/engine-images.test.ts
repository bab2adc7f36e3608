import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { removeImages } from './engine-images.ts';
import { hasUniqueName, uniqueName } from './step.ts';
import { openSuite } from './suite.ts';

const suite = openSuite('engine', 'containerd', 'busybox');
const docker = (engine: Readonly<Record<string, string>>, ...args: readonly string[]): string =>
  spawnSync('docker', args, { env: { ...process.env, ...engine }, encoding: 'utf8' }).stdout.trim();

test('from a containerd store go the images of one file, and from another store none', () => {
  const other = `localhost/octo-org/other-${crypto.randomUUID()}:1`;
  const own = [uniqueName('own'), uniqueName('own')].map((name) => `localhost/octo-org/${name}:1`);
  const names = (engine: Readonly<Record<string, string>>): readonly string[] =>
    docker(engine, 'image', 'ls', '--format', '{{.Repository}}:{{.Tag}}').split('\n');
  for (const engine of [suite.containerd, suite.engine]) {
    docker(engine, 'pull', suite.busybox);
    for (const name of [...own, other]) docker(engine, 'tag', suite.busybox, name);
    expect(names(engine)).toEqual(expect.arrayContaining([...own, other]));
    removeImages(engine, hasUniqueName);
  }
  expect(names(suite.containerd)).toContain(other);
  for (const name of own) {
    expect(names(suite.containerd)).not.toContain(name);
    expect(names(suite.engine)).toContain(name);
  }
  docker(suite.containerd, 'image', 'rm', other);
  docker(suite.engine, 'image', 'rm', other, ...own);
});
