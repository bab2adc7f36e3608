/**
 * Runners that have Podman: alone, under the name `docker`, and behind Docker's socket. The bundled action publishes with it
 * and pulls with it, and leaves as little as with Docker.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGitHubLab } from '../support/github-lab.ts';
import { type Runner, readActionManifest, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'podman', 'login', 'client');
const github = await openGitHubLab();
const folder = mkdtempSync(join(tmpdir(), 'publish-podman-'));
const socket = join(folder, 'podman.sock');
const nowhere = `unix://${join(folder, 'nobody.sock')}`;
let service: ChildProcess;
/** PATH with Podman. */
let path: string;

beforeAll(async () => {
  path = suite.podman.PATH ?? '';
  // As the package podman-docker has it.
  writeFileSync(join(folder, 'docker'), '#!/bin/sh\necho "Emulate Docker CLI using podman." >&2\nexec podman "$@"\n', {
    mode: 0o755,
  });
  const argv = ['system', 'service', '--time=0', `unix://${socket}`];
  service = spawn('podman', argv, { env: { ...process.env, PATH: path }, stdio: 'ignore' });
  for (const end = Date.now() + 60_000; !existsSync(socket); await sleep(50)) {
    if (Date.now() > end || service.exitCode !== null) throw new Error('podman system service did not start');
  }
});
afterAll(async () => {
  github[Symbol.dispose]();
  const isGone = new Promise((resolve) => service.once('close', resolve));
  if (service.kill()) await isGone;
  rmSync(folder, { recursive: true, force: true });
});

const absent = 'no Docker engine answers on this runner';
const behind = 'Podman answers at Docker’s socket';
const runners = [
  { what: 'that has Podman alone', reason: absent, engine: () => ({ DOCKER_HOST: nowhere, PATH: path }) },
  {
    what: 'whose `docker` is Podman',
    reason: absent,
    engine: () => ({ DOCKER_HOST: nowhere, PATH: `${folder}:${path}` }),
  },
  {
    what: 'whose `docker` is Podman, with its socket',
    reason: behind,
    engine: () => ({ DOCKER_HOST: `unix://${socket}`, PATH: `${folder}:${path}` }),
  },
  {
    what: 'whose `docker` is Docker’s, with the socket of Podman',
    reason: behind,
    engine: () => ({ ...suite.engine, DOCKER_HOST: `unix://${socket}`, PATH: `${path}:${suite.engine.PATH}` }),
  },
];

/** Nothing of the step is left, and Docker's and Podman's own logins are as before. */
async function expectNothingLeft(runner: Runner, step: Parameters<Runner['post']>[0]): Promise<void> {
  expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(runner.filesIn(runner.home).filter((file) => file.includes('auth.json'))).toEqual([]);
}

describe.each(runners)('a runner $what', ({ reason, engine }) => {
  const repository = `octo-org/${uniqueName('podman')}`;
  const newRunner = (subAction?: 'pull'): Runner =>
    suite.action.newRunner({ engine: engine(), repository, ...(subAction && { subAction }) });
  let published: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const runner = newRunner();
    runner.write('Dockerfile', 'FROM scratch\nARG TARGETARCH\nCOPY hello.txt /$TARGETARCH.txt\n');
    runner.write('hello.txt', repository);
    const step = await runner.main({ ...suite.login, tags: '1.0\nlatest', platforms: 'linux/amd64,linux/arm64' });
    expect(step).toMatchObject({ failure: '', exitCode: 0 });
    expect(step.log).toContain(`Engine: Podman, because ${reason}`);
    await expectNothingLeft(runner, step);
    published = step.outputs;
  });

  test('publishes, and gives the digest that the registry has', async () => {
    for (const tag of ['1.0', 'latest']) {
      expect(await suite.client.digestOf(`${suite.login.registry}/${repository}:${tag}`)).toBe(published.digest);
    }
  });

  test.each([
    { what: 'by a tag', inputs: () => ({ tag: '1.0' }), image: () => published.image },
    { what: 'by the digest', inputs: () => ({ digest: published.digest ?? '' }), image: () => published.reference },
    { what: 'of another platform', inputs: () => ({ platform: 'linux/arm64' }), platform: 'arm64' },
  ])('pulls $what', async ({ inputs, image, platform = 'amd64' }) => {
    const name = image?.() ?? `${suite.login.registry}/${repository}:latest`;
    const runner = newRunner('pull');
    await runner.run(['podman', 'image', 'rm', '--force', name]);
    const step = await runner.main({ ...suite.login, ...inputs() });
    expect(step).toMatchObject({ failure: '', exitCode: 0 });
    expect(step.log).toContain(`Engine: Podman, because ${reason}`);
    expect(step.outputs).toEqual({
      image: name,
      digest: published.digest,
      imageid: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect(Object.keys(step.outputs).sort()).toEqual(Object.keys(readActionManifest('pull').outputs).sort());
    await expectNothingLeft(runner, step);
    const format = ['--format', '{{.Id}} {{.Architecture}}'];
    const inspected = await runner.run(['podman', 'image', 'inspect', ...format, step.outputs.image ?? '']);
    expect(inspected.log.trim()).toBe(`${step.outputs.imageid?.replace('sha256:', '')} ${platform}`);
  });
});

describe('a pull with Podman', () => {
  const repository = `octo-org/${uniqueName('podman')}`;
  const newRunner = (): Runner =>
    suite.action.newRunner({ engine: { DOCKER_HOST: nowhere, PATH: path }, repository, subAction: 'pull' });

  test('leaves the job logged in, until its post, where that was asked for', async () => {
    const runner = suite.action.newRunner({ engine: { DOCKER_HOST: nowhere, PATH: path }, repository });
    runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
    const published = await runner.main({ ...suite.login, tags: 'latest' });
    expect(published).toMatchObject({ failure: '', exitCode: 0 });
    const pulling = newRunner();
    const step = await pulling.main({ ...suite.login, 'login-scope': 'job' });
    expect(step).toMatchObject({ failure: '', exitCode: 0 });
    const image = step.outputs.image ?? '';
    const again = ['podman', 'pull', '--tls-verify=false', image] as const;
    expect(await pulling.run(again, step.env)).toMatchObject({ exitCode: 0 });
    expect((await pulling.run(again)).exitCode).not.toBe(0);
    await expectNothingLeft(pulling, step);
  });

  test.each([
    { what: 'that is not there', inputs: {}, code: 'MANIFEST_UNKNOWN' },
    { what: 'for which the login is no good', inputs: { token: 'wrong' }, code: 'TOKEN_REJECTED' },
  ])('of an image $what says so, and leaves nothing', async ({ inputs, code }) => {
    const runner = newRunner();
    const step = await runner.main({ ...suite.login, tag: 'missing', ...inputs });
    expect(step).toMatchObject({ exitCode: 1, code, outputs: {} });
    await expectNothingLeft(runner, step);
  });

  test('is not made where Docker was asked for', async () => {
    const runner = newRunner();
    const step = await runner.main({ ...suite.login, engine: 'docker' });
    expect(step.exitCode).toBe(1);
    expect(runner.commands().filter(({ program }) => program === 'podman')).toEqual([]);
  });

  test('is made where it was asked for, though Docker answers', async () => {
    const engine = { ...suite.engine, PATH: `${path}:${suite.engine.PATH}` };
    const runner = suite.action.newRunner({ engine, repository, subAction: 'pull' });
    const step = await runner.main({ ...suite.login, tag: 'missing', engine: 'podman' });
    expect(step.log).toContain('Engine: Podman, because `engine` is podman');
    expect(runner.commands().filter(({ program }) => program === 'docker')).toEqual([]);
  });

  const inNamespace = github.mode === 'namespace' ? test : test.skip;
  inNamespace('of a Docker registry loads what our own client fetched', async () => {
    const token = github.token('github.com', 'readWrite');
    const engine = { DOCKER_HOST: nowhere, PATH: path };
    const image = uniqueName('podman');
    const runner = github.newRunner(suite.action, 'github.com', token, { engine });
    runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
    const step = await runner.main({ registry: 'docker', image, tags: '1.0' });
    expect(step).toMatchObject({ failure: '', exitCode: 0 });
    const pulling = github.newRunner(suite.action, 'github.com', token, { engine, subAction: 'pull' });
    const pulled = await pulling.main({ registry: 'docker', image, tag: '1.0' });
    expect(pulled).toMatchObject({ failure: '', exitCode: 0 });
    expect(pulled.outputs).toMatchObject({ image: step.outputs.image, digest: step.outputs.digest });
    expect(pulled.outputs.imageid).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});
