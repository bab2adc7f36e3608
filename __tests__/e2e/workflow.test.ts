/** A workflow with `uses: ./`, run on this machine by act, which the lab builds where there is a Go toolchain. */

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { type Ended, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** `null` where there is no Go toolchain; where there is one that cannot build it, this says so and fails. */
const { path: act } = await lab.act();

const describeWithGo = act === null ? describe.skip : describe;

describeWithGo('.github/workflows/e2e.yml on this machine (needs a Go toolchain)', () => {
  const suite = openSuite('engine', 'registry', 'client');
  const image = uniqueName('App');
  let ended: Ended;

  beforeAll(async () => {
    const { action, engine } = suite;
    const runner = action.newRunner({ engine });
    const checkout = runner.workspace;
    cpSync(join(action.folder, 'dist'), join(checkout, 'dist'), { recursive: true });
    for (const path of ['action.yml', 'pull/action.yml', 'examples', '.github/workflows/e2e.yml'])
      cpSync(join(root, path), join(checkout, path), { recursive: true });
    for (const line of [
      'init --quiet --initial-branch main',
      `remote add origin https://github.com/Octo-Org/${image}.git`,
      'add --all',
      '-c user.name=Octo -c user.email=octo@example.com commit --quiet --message checkout',
    ])
      expect(await runner.run(['git', ...line.split(' ')])).toMatchObject({ exitCode: 0 });
    // With a configuration of its own act asks nothing; its defaults are images that it would pull.
    mkdirSync(join(runner.home, '.config/act'), { recursive: true });
    writeFileSync(join(runner.home, '.config/act/actrc'), '-P ubuntu-latest=-self-hosted\n');
    // act runs actions with the `node` of PATH, whatever `using` says.
    const env = {
      PATH: `${join(root, 'node_modules/.bin')}:${runner.path}`,
      XDG_CACHE_HOME: join(runner.home, '.cache'),
    };
    const repository = {
      name: image,
      description: '',
      html_url: '',
      default_branch: 'main',
      license: { spdx_id: 'MIT' },
    };
    const event = runner.write('event.json', JSON.stringify({ ref: 'refs/heads/main', repository }));
    const options = [
      '--no-cache-server',
      '--eventpath',
      event,
      '--pull=false',
      '--workflows',
      '.github/workflows/e2e.yml',
    ];
    ended = await runner.run([act ?? '', 'push', ...options], env);
  });

  test('succeeds', () => {
    expect({ exitCode: ended.exitCode, log: ended.log }).toEqual({ exitCode: 0, log: expect.any(String) });
  });

  test('each leg of the matrix reads its own outputs in a later step', async () => {
    const { registry, client } = suite;
    const name = `${registry}/octo-org/${image.toLowerCase()}`;
    expect(await client.tagsOf(name)).toEqual(['1.0', '2.0', 'v1.0', 'v2.0']);
    for (const version of ['1.0', '2.0'])
      expect(ended.log).toContain(`leg ${version} published ${name}@${await client.digestOf(`${name}:v${version}`)}`);
  });

  test('a later job reads them too', () => {
    expect(ended.log).toContain(`both legs published octo-org/${image.toLowerCase()}`);
  });

  test('nobody was asked beyond this machine', () => {
    expect(ended.log).not.toContain('api.github.com');
  });

  test('a bad input failed its step with its code', () => {
    expect(ended.log).toContain('TAG_INVALID');
  });
});
