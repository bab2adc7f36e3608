import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findBuildx } from '../../../src/engine/buildx-plugin.ts';
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
