import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loginKey, parseRegistry } from '../../../src/image/registry-name.ts';
import {
  createDockerConfig,
  isLoginOf,
  isolateLogins,
  removeDockerConfig,
  writeLogins,
} from '../../../src/login/docker-config.ts';
import { newStepFolder } from '../../../src/login/private-folder.ts';
import { someRegistry } from '../../support/arbitraries.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ghcr = parseRegistry('ghcr.io');
const hub = parseRegistry('docker.io');

test.each([
  ['ghcr.io', 'ghcr.io'],
  ['localhost:5000', 'localhost:5000'],
  ['docker.io', 'https://index.docker.io/v1/'],
  ['index.docker.io', 'https://index.docker.io/v1/'],
  ['docker.io:443', 'docker.io:443'],
])('the CLI keeps the login of %s under %s', (registry, key) => {
  expect(loginKey(parseRegistry(registry))).toBe(key);
});

test.each([
  ['ghcr.io', 'ghcr.io', true],
  ['ghcr.io', 'https://ghcr.io', true],
  ['ghcr.io', 'https://ghcr.io/v1/', true],
  ['ghcr.io', 'ghcr.io/v2', true],
  ['localhost:5000', 'http://localhost:5000/', true],
  ['docker.io', 'https://index.docker.io/v1/', true],
  ['ghcr.io', 'ghcr.io:443', false],
  ['ghcr.io', 'https://ghcr.io.example.com/', false],
  ['ghcr.io', 'https://example.com/ghcr.io', false],
])('of %s is the login under %s: %s', (registry, key, expected) => {
  expect(isLoginOf(parseRegistry(registry), key)).toBe(expected);
});

describe('the step’s configuration is the runner’s without the logins that the step makes', () => {
  const login = { auth: 'b2N0b2NhdDpvbGQ=' };

  test('an empty one gets plain storage for them, so that the CLI does not take the operating system’s', () => {
    expect(isolateLogins({}, [ghcr])).toEqual({ auths: {}, credHelpers: { 'ghcr.io': '' } });
  });

  test('nothing is taken from a step that logs in nowhere', () => {
    const config = { auths: { 'ghcr.io': login }, credHelpers: { 'quay.io': 'pass' }, credsStore: 'secretservice' };
    expect(isolateLogins(config, [])).toEqual(config);
  });

  test('other logins, helpers and settings stay; ours and their stores go', () => {
    const config = {
      auths: { 'ghcr.io': login, 'https://ghcr.io/v1/': login, 'quay.io': login, 'https://index.docker.io/v1/': login },
      credHelpers: { 'ghcr.io': 'pass', 'gcr.io': 'gcloud' },
      credsStore: 'desktop',
      currentContext: 'remote',
      proxies: { default: { httpProxy: 'http://proxy.example' } },
    };
    expect(isolateLogins(config, [ghcr, hub])).toEqual({
      auths: { 'quay.io': login },
      credHelpers: { 'ghcr.io': '', 'gcr.io': 'gcloud', 'https://index.docker.io/v1/': '' },
      credsStore: 'desktop',
      currentContext: 'remote',
      proxies: { default: { httpProxy: 'http://proxy.example' } },
    });
  });

  test('what is malformed is as if it were not there', () => {
    expect(isolateLogins({ auths: 'x', credHelpers: ['y'] }, [ghcr])).toEqual({
      auths: {},
      credHelpers: { 'ghcr.io': '' },
    });
  });

  test('whatever the runner’s says, our registries have neither login nor store', () => {
    const registry = fc.oneof(fc.constantFrom('ghcr.io', 'docker.io', 'localhost:5000'), someRegistry());
    const spelled = registry.chain((host) =>
      fc.constantFrom(host, `https://${host}`, `http://${host}/v1/`, loginKey(parseRegistry(host))),
    );
    const config = fc.record(
      {
        auths: fc.dictionary(spelled, fc.constant(login)),
        credHelpers: fc.dictionary(spelled, fc.string()),
        credsStore: fc.constantFrom('', 'pass', 'osxkeychain'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(config, fc.array(registry, { maxLength: 4 }), (given, hosts) => {
        const ours = hosts.map(parseRegistry);
        const isolated = isolateLogins(given, ours);
        const auths = Object.keys(Object(isolated.auths));
        for (const each of ours) {
          // The CLI's own rule (getConfiguredCredentialStore): the helper of the registry, else the common store.
          const helper = Object.entries(Object(isolated.credHelpers)).find(([key]) => key === loginKey(each));
          expect(helper).toEqual([loginKey(each), '']);
          expect(auths.filter((key) => isLoginOf(each, key))).toEqual([]);
        }
        const others = Object.keys(given.auths ?? {}).filter((key) => !ours.some((each) => isLoginOf(each, key)));
        expect(auths.toSorted()).toEqual(others.toSorted());
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('the private folder', () => {
  function aRunnerFolder(config: unknown = { auths: {} }): string {
    const folder = join(temporaryFolder(), 'runner');
    mkdirSync(folder);
    writeFileSync(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
    return folder;
  }
  const newFolder = (): string => join(temporaryFolder(), 'step', 'docker');

  test('is closed to others, and so is the configuration in it', async () => {
    const { folder } = await createDockerConfig(newFolder(), aRunnerFolder(), [ghcr]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'config.json')).mode & 0o777).toBe(0o600);
  });

  test('says which context and plugin folders it names', async () => {
    const runner = aRunnerFolder({ currentContext: 'remote', cliPluginsExtraDirs: ['/opt/plugins', 7] });
    expect(await createDockerConfig(newFolder(), runner, [])).toMatchObject({
      currentContext: 'remote',
      pluginFolders: ['/opt/plugins'],
    });
    expect(await createDockerConfig(newFolder(), aRunnerFolder({ currentContext: 7 }), [])).toMatchObject({
      currentContext: undefined,
      pluginFolders: [],
    });
  });

  test('begins empty where the runner has none', async () => {
    const { folder } = await createDockerConfig(newFolder(), join(temporaryFolder(), 'absent'), [ghcr]);
    expect(readdirSync(folder)).toEqual(['config.json']);
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toEqual({
      auths: {},
      credHelpers: { 'ghcr.io': '' },
    });
  });

  test('has the runner’s contexts, builders and plugins, but neither its build records nor another job’s half-written login', async () => {
    const runner = aRunnerFolder();
    const write = (path: string, content: string, mode = 0o644): void => {
      mkdirSync(join(runner, path, '..'), { recursive: true });
      writeFileSync(join(runner, path), content);
      chmodSync(join(runner, path), mode);
    };
    write('contexts/meta/a/meta.json', '{}');
    write('buildx/current', '{"Name":"b"}');
    write('buildx/refs/b/1', 'grows without bound');
    write('buildx/activity/b', 'x');
    write('buildx/.lock', '');
    write('config.json2914607843', '{"auths":{"ghcr.io":{"auth":"c2VjcmV0"}}}');
    // Where case means nothing it is the configuration.
    write('Config.JSON', '{"auths":{"ghcr.io":{"auth":"c2VjcmV0"}}}');
    write('cli-plugins/docker-script', '#!/bin/sh\n', 0o755);
    write('cli-plugins/docker-buildx', 'x'.repeat(300 * 1024), 0o755);
    symlinkSync(join(runner, 'buildx', 'current'), join(runner, 'link'));
    const { folder } = await createDockerConfig(newFolder(), runner, [ghcr]);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .toSorted();
    expect(files).toEqual([
      'buildx/current',
      'cli-plugins/docker-buildx',
      'cli-plugins/docker-script',
      'config.json',
      'contexts/meta/a/meta.json',
      'link',
    ]);
    expect(readFileSync(join(folder, 'buildx/current'), 'utf8')).toBe('{"Name":"b"}');
    expect(statSync(join(folder, 'buildx/current')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'cli-plugins/docker-script')).mode & 0o777).toBe(0o700);
    expect(lstatSync(join(folder, 'cli-plugins/docker-buildx')).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
  });

  test('does not take itself along, nor another step’s, where the runner’s is the folder for temporary files', async () => {
    const temp = temporaryFolder();
    writeFileSync(join(temp, 'config.json'), '{}');
    const folder = join(newStepFolder(temp), 'docker');
    const other = newStepFolder(temp);
    mkdirSync(other);
    await createDockerConfig(folder, temp, [ghcr]);
    expect(readdirSync(folder)).toEqual(['config.json']);
  });

  test('links to a cache of 20,000 files in place of a copy, and has builders of its own all the same', async () => {
    const runner = temporaryFolder();
    for (const folder of ['aaa', 'buildx/instances']) mkdirSync(join(runner, folder), { recursive: true });
    writeFileSync(join(runner, 'buildx/instances/b'), '{}');
    for (let count = 0; count < 20_000; count++) writeFileSync(join(runner, 'aaa', `${count}`), '');
    for (let count = 0; count < 2_000; count++) writeFileSync(join(runner, `top-${count}`), '');
    const folder = join(temporaryFolder(), 'docker');
    await createDockerConfig(folder, runner, [ghcr]);
    expect(lstatSync(join(folder, 'aaa')).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(folder, 'buildx/instances/b')).isFile()).toBe(true);
    expect(readdirSync(folder)).toHaveLength(2_003);
    await removeDockerConfig(folder);
    expect(readdirSync(join(runner, 'aaa'))).toHaveLength(20_000);
  });

  test('bears with files of other jobs that come and go', async () => {
    const runner = aRunnerFolder();
    const names = Array.from({ length: 40 }, (_, index) => join(runner, `temporary-${index}`));
    let isDone = false;
    const meddle = async (): Promise<void> => {
      while (!isDone) {
        for (const name of names) writeFileSync(name, 'x');
        await new Promise((resolve) => setImmediate(resolve));
        for (const name of names) unlinkSync(name);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const meddling = meddle();
    try {
      for (let round = 0; round < 20; round += 1) await createDockerConfig(newFolder(), runner, [ghcr]);
    } finally {
      isDone = true;
      await meddling;
    }
  });

  test.each([
    ['is empty, as the CLI allows', ''],
    ['is white space', ' \n'],
  ])('begins empty where the runner’s configuration %s', async (_title, text) => {
    const { folder } = await createDockerConfig(newFolder(), aRunnerFolder(text), [ghcr]);
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toEqual({
      auths: {},
      credHelpers: { 'ghcr.io': '' },
    });
  });

  test.each([
    ['is no JSON', '{'],
    ['is no object', '[]'],
  ])('is not made when the runner’s configuration %s', async (_title, text) => {
    const folder = newFolder();
    await expect(createDockerConfig(folder, aRunnerFolder(text), [])).rejects.toThrowCode('DOCKER_CONFIG_INVALID');
    expect(existsSync(folder)).toBe(false);
  });

  test.each(['mkdir', 'mkfifo'])('is not made when the runner’s configuration is what `%s` makes', async (command) => {
    const runner = temporaryFolder();
    execFileSync(command, [join(runner, 'config.json')]);
    await expect(createDockerConfig(newFolder(), runner, [])).rejects.toThrowCode('DOCKER_CONFIG_INVALID');
  });

  test('is removed with everything in it; once more does no harm', async () => {
    const { folder } = await createDockerConfig(newFolder(), aRunnerFolder(), [ghcr]);
    await removeDockerConfig(folder);
    await removeDockerConfig(folder);
    expect(existsSync(folder)).toBe(false);
  });

  test('an error of the disk is not hidden', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(createDockerConfig(join(file, 'docker'), aRunnerFolder(), [])).rejects.toThrow('ENOTDIR');
  });
});

test('logins are written as docker login writes them, beside those that are there', async () => {
  const folder = temporaryFolder();
  const runner = join(folder, 'runner');
  mkdirSync(runner);
  const other = { 'quay.io': { auth: 'b3RoZXI6eA==' } };
  writeFileSync(join(runner, 'config.json'), JSON.stringify({ auths: other, credsStore: 'store' }));
  const config = await createDockerConfig(newStepFolder(folder), runner, [ghcr, hub]);
  await writeLogins(config, [
    { registry: ghcr, username: 'octocat', password: 'p:w' },
    { registry: hub, username: 'octo', password: 'x' },
  ]);
  const path = join(config.folder, 'config.json');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
    auths: {
      ...other,
      'ghcr.io': { auth: Buffer.from('octocat:p:w').toString('base64') },
      'https://index.docker.io/v1/': { auth: Buffer.from('octo:x').toString('base64') },
    },
    credHelpers: { 'ghcr.io': '', 'https://index.docker.io/v1/': '' },
    credsStore: 'store',
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
