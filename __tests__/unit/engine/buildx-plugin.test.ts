import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { buildxPaths, findBuildx } from '../../../src/engine/buildx-plugin.ts';
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
    expect(await findBuildx(config, [join(extra, 'absent')], {})).toBe(own);
    expect(await findBuildx(config, [join(extra, 'absent'), extra], {})).toBe(own);
    expect(await findBuildx(config, [extra, aPlugin(join(extra, 'more')).replace(/\/docker-buildx$/, '')], {})).toBe(
      join(extra, 'more', 'docker-buildx'),
    );
  });

  test('a file that is no program does not count', async () => {
    const config = temporaryFolder();
    const plugin = aPlugin(join(config, 'cli-plugins'), 0o644);
    expect(await findBuildx(config, [], {})).not.toBe(plugin);
  });
});

describe('the paths at which it may be', () => {
  const unix = [
    '/usr/local/lib/docker/cli-plugins/docker-buildx',
    '/usr/local/libexec/docker/cli-plugins/docker-buildx',
    '/usr/lib/docker/cli-plugins/docker-buildx',
    '/usr/libexec/docker/cli-plugins/docker-buildx',
  ];

  test.each([
    [
      'linux',
      ['/home/octocat/.docker', ['/opt/extra']],
      ['/opt/extra/docker-buildx', '/home/octocat/.docker/cli-plugins/docker-buildx', ...unix],
    ],
    [
      'darwin',
      ['/Users/octocat/.docker', ['/opt/homebrew/lib/docker/cli-plugins']],
      [
        '/opt/homebrew/lib/docker/cli-plugins/docker-buildx',
        '/Users/octocat/.docker/cli-plugins/docker-buildx',
        ...unix,
      ],
    ],
    [
      'win32',
      ['D:\\a\\_temp\\x\\docker', ['E:\\tools']],
      [
        'E:\\tools\\docker-buildx.exe',
        'D:\\a\\_temp\\x\\docker\\cli-plugins\\docker-buildx.exe',
        'C:\\ProgramData\\Docker\\cli-plugins\\docker-buildx.exe',
        'C:\\Program Files\\Docker\\cli-plugins\\docker-buildx.exe',
      ],
    ],
  ] as const)('%s', (platform, [folder, extra], paths) => {
    const env = { ProgramData: 'C:\\ProgramData', PROGRAMFILES: 'C:\\Program Files' };
    expect(buildxPaths(folder, extra, env, platform)).toEqual(paths);
  });
});
