import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { buildxArguments, commonArguments, findBuildx, selectedBuilder } from '../../../src/engine/buildx.ts';
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

describe('the builder that buildx uses', () => {
  function aConfig(current?: string): string {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'buildx'));
    if (current !== undefined) writeFileSync(join(folder, 'buildx', 'current'), current);
    return folder;
  }

  test.each([
    ['the one that was chosen', '{"Key":"unix:///var/run/docker.sock","Name":"builder-1","Global":false}', 'builder-1'],
    ['the engine’s own when none was', undefined, undefined],
    ['the engine’s own when it was chosen', '{"Key":"x","Name":"","Global":false}', undefined],
    ['the engine’s own when the note is no JSON', 'builder-1', undefined],
    ['the engine’s own when the note is no object', '"builder-1"', undefined],
    ['the engine’s own when the note has no name', '{"Key":"x"}', undefined],
    ['the engine’s own when the name is none', '{"Name":7}', undefined],
    ['the engine’s own when the note is null', 'null', undefined],
  ])('is %s', async (_title, current, builder) => {
    expect(await selectedBuilder(aConfig(current), {})).toBe(builder);
  });

  test('is that of BUILDX_BUILDER, before any note', async () => {
    const folder = aConfig('{"Name":"noted"}');
    expect(await selectedBuilder(folder, { BUILDX_BUILDER: 'mine' })).toBe('mine');
    expect(await selectedBuilder(folder, { BUILDX_BUILDER: 'default' })).toBeUndefined();
    expect(await selectedBuilder(folder, { BUILDX_BUILDER: '' })).toBe('noted');
  });

  test('is noted where BUILDX_CONFIG says', async () => {
    const elsewhere = join(aConfig('{"Name":"elsewhere"}'), 'buildx');
    expect(await selectedBuilder(aConfig(), { BUILDX_CONFIG: elsewhere })).toBe('elsewhere');
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
