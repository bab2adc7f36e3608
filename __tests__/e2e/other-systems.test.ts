/**
 * What needs no engine, on the system that the tests run on, and on an imitated Windows: plans, copies, archives, merges, cleanups,
 * logins and the post step. The registries are in this process.
 */

import { once } from 'node:events';
import { Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pack } from 'tar-stream';
import { type MemoryRegistry, startMemoryRegistry } from '../support/memory-registry.ts';
import { newPlainRunner, type PlainRunner, systems } from '../support/plain-runner.ts';
import { aLayout, type Layout, named } from '../support/tar.ts';

const login = { username: 'octocat', token: 'canary-secret-token' };
let registry: MemoryRegistry;
let other: MemoryRegistry;

beforeAll(async () => {
  [registry, other] = await Promise.all([startMemoryRegistry({ auth: 'bearer', login }), startMemoryRegistry()]);
});
afterAll(async () => {
  await Promise.all([registry?.close(), other?.close()]);
});

async function archiveOf({ files }: Layout): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  const pieces: Buffer[] = [];
  const collector = new Writable({
    write(piece: Buffer, _, done) {
      pieces.push(piece);
      done();
    },
  });
  archive.pipe(collector);
  await once(collector, 'finish');
  return Buffer.concat(pieces);
}

describe.each(systems)('on %s', (system) => {
  let runner: PlainRunner;
  let repository: string;
  const images = (): string => `${registry.registry}/${repository}`;
  const digestOf = (tag: string, on = registry): string | undefined => on.repositories.get(repository)?.tags.get(tag);

  beforeEach(() => {
    repository = `octo-org/app-${crypto.randomUUID()}`;
    runner = newPlainRunner(system, repository);
  });
  afterEach(() => {
    // Neither a login, nor an archive, nor a layer; and nothing that Windows would have refused.
    expect(runner.left().filter((name) => !name.startsWith('publish-docker-package.server.'))).toEqual([]);
    expect(runner.refused()).toBe('');
  });

  async function publish(inputs: Readonly<Record<string, string>>, subAction?: string) {
    const step = await runner.main({ ...login, registry: registry.registry, ...inputs }, subAction);
    if (step.exitCode !== 0) throw new Error(step.log);
    return step;
  }

  test('a dry run plans in a step', async () => {
    const { exitCode, outputs, log } = await runner.main({ ...login, 'dry-run': 'true', context: '.' });
    if (exitCode !== 0) throw new Error(log);
    expect(JSON.parse(outputs.plan ?? '')).toMatchObject({ push: { value: true } });
    expect(outputs.tags?.split('\n')).toContain(`ghcr.io/${repository}:1.2.3`);
  });

  test('a dry run finds the files of a build, by whole paths and by relative ones, with line ends of Windows', async () => {
    const crlf = (...lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join('');
    runner.write(['src', 'docker', 'Dockerfile'], crlf('\uFEFFFROM scratch', 'LABEL a=b \\', '  c=d', 'COPY . /'));
    runner.write(['src', '.git', 'HEAD'], 'ref: refs/heads/main\n');
    runner.write(
      ['src', '.git', 'config'],
      '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic eC1h\n',
    );
    runner.write(['src', '.git', 'refs', 'heads', 'main'], '90dd6032fac8bda1b6c4436a2e65de27961ed071\n');
    runner.write(['base', 'x'], '');
    runner.write(['npmrc'], 'canary-of-a-file\r\n');
    const inputs = (context: string, file: string, secret: string, base: string) => ({
      ...{ ...login, 'dry-run': 'true', context, file, labels: crlf('e=f', 'g=h') },
      ...{ 'secret-files': `npm=${secret}`, 'build-contexts': crlf(`base=${base}`, 'other=docker-image://alpine') },
    });
    const separator = runner.at('a').at(-2) ?? '/';
    const relative = (...names: readonly string[]): string => names.join(separator);
    for (const each of [
      inputs(runner.at('src'), runner.at('src', 'docker', 'Dockerfile'), runner.at('npmrc'), runner.at('base')),
      inputs('src', relative('src', 'docker', 'Dockerfile'), 'npmrc', 'base'),
      inputs(relative('.', 'src'), 'src/docker/Dockerfile', relative('.', 'npmrc'), relative('.', 'base')),
    ]) {
      const { exitCode, log, commands } = await runner.main(each);
      if (exitCode !== 0) throw new Error(log);
      const warnings = commands.filter(({ name }) => name === 'warning').map(({ data }) => data);
      // The build would copy .git, and both files were found for that to be known.
      expect(warnings).toEqual([
        expect.stringMatching(/src[\\/]\.git[\\/]config holds a credential.*src\/docker\/Dockerfile copies/),
      ]);
    }
  });

  test('a plan in a terminal without Git has the name of the folder', async () => {
    runner.write(['Dockerfile'], 'FROM scratch\r\n');
    const { exitCode, stdout, log } = await runner.terminal(
      ['plan', '--json', '--registry', 'ghcr.io', '--owner', 'o', '--tags', '1'],
      { GITHUB_TOKEN: login.token },
    );
    if (exitCode !== 0) throw new Error(log);
    expect(JSON.parse(stdout)).toMatchObject({ destinations: [{ repository: { path: 'o/app' } }] });
  });

  test.each([
    ['whose path is absolute', (name: string) => runner.at('build', name)],
    ['whose path is relative', (name: string) => `build${system === 'this system' ? '/' : '\\'}${name}`],
  ])('an archive %s is published, with and without compression', async (_title, path) => {
    const layout = aLayout();
    const image = layout.image(repository);
    const archive = await archiveOf(layout.list(named(image, '1.0')));
    runner.write(['build', 'image.tar'], archive);
    runner.write(['build', 'image.tar.gz'], gzipSync(archive));
    const { outputs, summary } = await publish({ source: `oci-archive:${path('image.tar')}:1.0`, tags: '1.0' });
    expect(outputs).toMatchObject({ digest: image.digest, published: 'true', image: `${images()}:1.0` });
    expect(summary).toContain('1.0');
    await publish({ source: `oci-archive:${path('image.tar.gz')}`, tags: 'zipped' });
    expect([digestOf('1.0'), digestOf('zipped')]).toEqual([image.digest, image.digest]);
  });

  test('a folder with a layout is published, with blobs by which nothing leads out of it', async () => {
    const layout = aLayout();
    const image = layout.image(repository);
    for (const [name, content] of Object.entries(layout.list(image).files))
      runner.write(['layout', ...name.split('/')], content);
    await publish({ source: `oci:${runner.at('layout')}`, tags: '1.0', verify: 'blobs' });
    expect(digestOf('1.0')).toBe(image.digest);
  });

  test('an archive that is not there is named as it was written', async () => {
    const path = runner.at('absent.tar');
    const step = await runner.main({
      ...login,
      registry: registry.registry,
      source: `docker-archive:${path}:app`,
      tags: '1',
    });
    expect(step.exitCode).toBe(1);
    expect(step.commands.find(({ name }) => name === 'error')).toMatchObject({
      properties: { title: 'SOURCE_MISSING' },
      data: expect.stringContaining(`"${path}"`),
    });
  });

  test('an image is copied from one registry to another, and promoted inside of one', async () => {
    const layout = aLayout();
    const image = layout.image(repository);
    runner.write(['image.tar'], await archiveOf(layout.list(image)));
    const plain = ['--registry', other.registry, '--owner', 'octo-org', '--image', repository.replace('octo-org/', '')];
    const published = await runner.terminal([
      '--source',
      `oci-archive:${runner.at('image.tar')}`,
      ...plain,
      '--tags',
      'rc',
    ]);
    expect(published).toMatchObject({ exitCode: 0, log: expect.any(String) });
    const promoted = await runner.terminal([
      'promote',
      `${other.registry}/${repository}:rc`,
      ...plain,
      '--tags',
      '1.0',
    ]);
    expect(promoted).toMatchObject({ exitCode: 0 });
    await publish({ source: `docker://${other.registry}/${repository}:rc`, tags: '1.0\nlatest' });
    expect([digestOf('rc', other), digestOf('1.0', other), digestOf('1.0'), digestOf('latest')]).toEqual(
      Array.from({ length: 4 }, () => image.digest),
    );
  });

  test('two legs are staged and merged, and what is old is found by a cleanup', async () => {
    for (const architecture of ['amd64', 'arm64']) {
      const layout = aLayout();
      const config = layout.blob(
        'application/vnd.oci.image.config.v1+json',
        JSON.stringify({ architecture, os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [] } }),
      );
      const manifest = {
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config,
        layers: [],
      };
      const image = layout.blob(manifest.mediaType, JSON.stringify(manifest));
      runner.write([`${architecture}.tar`], await archiveOf(layout.list(image)));
      await publish({ source: `oci-archive:${runner.at(`${architecture}.tar`)}`, stage: 'true' });
    }
    const { outputs } = await publish({ tags: '1.0' }, 'merge');
    expect(Object.keys(JSON.parse(outputs.platforms ?? '')).sort()).toEqual(['linux/amd64', 'linux/arm64']);
    expect(digestOf('1.0')).toBe(outputs.digest);
    const cleaned = await publish({ 'keep-younger-than': '0', 'delete-tags': 'pr-*' }, 'cleanup');
    expect(cleaned.outputs['deleted-digests']).toBe('');
    expect(digestOf('1.0')).toBe(outputs.digest);
  });

  test('a login that is kept for the job is in the private folder alone, until the post step', async () => {
    const layout = aLayout();
    runner.write(['image.tar'], await archiveOf(layout.list(layout.image(repository))));
    const step = await publish({ source: `oci-archive:${runner.at('image.tar')}`, tags: '1.0', 'login-scope': 'job' });
    expect(step.env.DOCKER_CONFIG).toContain('publish-docker-package-');
    expect(runner.left()).toContainEqual(expect.stringMatching(/docker[\\/]config\.json$/));
    expect(await runner.post(step)).toEqual({ exitCode: 0, stdout: '', log: '' });
  });

  test('the configuration of the user comes along, also what is only linked to', async () => {
    const files = {
      'config.json': '{"auths":{"registry.example.com":{"auth":"YTpi"}}}',
      'contexts/meta/0a/meta.json': '{"Name":"remote"}',
      'cli-plugins/docker-large': 'x'.repeat(300 * 1024),
      ...Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`cache/${index}`, ''])),
    };
    runner = newPlainRunner(system, repository, files);
    const layout = aLayout();
    runner.write(['image.tar'], await archiveOf(layout.list(layout.image(repository))));
    const step = await publish({ source: `oci-archive:${runner.at('image.tar')}`, tags: '1.0', 'login-scope': 'job' });
    const left = runner.left().map((name) => name.replaceAll('\\', '/').replace(/^[^/]+\/docker\//, ''));
    expect(left).toEqual(
      expect.arrayContaining(['config.json', 'contexts/meta/0a/meta.json', 'cli-plugins/docker-large']),
    );
    expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
  });

  test('a pull knows what it would pull before it looks for an engine', async () => {
    const layout = aLayout();
    runner.write(['image.tar'], await archiveOf(layout.list(layout.image(repository))));
    await publish({ source: `oci-archive:${runner.at('image.tar')}`, tags: '1.2.3' });
    const step = await runner.main({ ...login, registry: registry.registry, tag: '1.2.3' }, 'pull');
    expect(step.exitCode).toBe(1);
    expect(step.log).toContain(`${images()}:1.2.3`);
    expect(step.commands.find(({ name }) => name === 'error')).toMatchObject({
      properties: { title: expect.stringMatching(/^ENGINE_(?:MISSING|DOWN)$/) },
    });
  });
});
