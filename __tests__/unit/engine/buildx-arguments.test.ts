import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { buildxArguments, commonArguments } from '../../../src/engine/buildx-arguments.ts';
import { findBuildx } from '../../../src/engine/buildx-plugin.ts';
import { parsePlatform } from '../../../src/image/platform.ts';
import { aBuild } from '../../support/builders.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function aPlugin(folder: string, mode = 0o755): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'docker-buildx');
  writeFileSync(path, '#!/bin/sh\n', { mode });
  return path;
}

describe('the plugin is searched for as the CLI does', () => {
  test('in the folders that the configuration names, before its own', async () => {
    const [config, extra] = [temporaryFolder(), temporaryFolder()];
    const own = aPlugin(join(config, 'cli-plugins'));
    expect(await findBuildx(config, [join(extra, 'absent')])).toBe(own);
    expect(await findBuildx(config, [join(extra, 'absent'), extra])).toBe(own);
    expect(await findBuildx(config, [extra, aPlugin(join(extra, 'more')).replace(/\/docker-buildx$/, '')])).toBe(
      join(extra, 'more', 'docker-buildx'),
    );
  });

  test('a file that is no program does not count', async () => {
    const config = temporaryFolder();
    const plugin = aPlugin(join(config, 'cli-plugins'), 0o644);
    expect(await findBuildx(config, [])).not.toBe(plugin);
  });
});

describe('the command line', () => {
  const plain = aBuild();
  const call = {
    buildx: '/x/docker-buildx',
    builder: undefined,
    references: [],
    push: false,
    isStored: true,
    canAnnotate: true,
    files: { metadata: 'm', imageId: 'i' },
    secrets: new Map<string, string>(),
  };

  test('says only what was asked for', () => {
    expect(commonArguments(plain)).toEqual([]);
    expect(buildxArguments(plain, call)).toEqual([
      '/x/docker-buildx',
      'build',
      '--progress',
      'plain',
      '--iidfile',
      'i',
      '--metadata-file',
      'm',
      '.',
    ]);
  });

  test('has each value as one argument, whatever is in it', () => {
    const request = aBuild({
      context: '; rm -rf /',
      file: 'a b/Dockerfile',
      target: '--push',
      platforms: ['linux/amd64', 'linux/arm64'].map(parsePlatform),
      buildArgs: ['A=$(id) "x"', 'B'],
      labels: ['a=\n', 'b=,'],
    });
    expect(buildxArguments(request, { ...call, buildx: 'buildx', references: ['r:1', 's:1'], push: true })).toEqual(
      [
        ['buildx', 'build', '--progress', 'plain', '--tag', 'r:1', '--tag', 's:1', '--file', 'a b/Dockerfile'],
        ['--target', '--push', '--platform', 'linux/amd64,linux/arm64', '--build-arg', 'A=$(id) "x"'],
        ['--build-arg', 'B', '--label', 'a=\n', '--label', 'b=,', '--iidfile', 'i', '--metadata-file', 'm', '--push'],
        ['; rm -rf /'],
      ].flat(),
    );
  });
});
