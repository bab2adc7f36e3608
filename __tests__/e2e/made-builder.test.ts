/** The builder that a step makes where the engine cannot do what was asked: its life, its platforms, and what can go wrong with it. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { startServer } from '../support/local-server.ts';
import { type Runner, type RunnerOptions, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'registry', 'login', 'client');
/** References of the lab: BuildKit's image, a base image with commands for both platforms, a scanner. */
let images: { readonly image: string; readonly busybox: string; readonly scanner: string };

beforeAll(async () => {
  const found = await lab['buildkit-image']();
  if (found.image === null) throw new Error('BuildKit’s image is made by a Go toolchain on Debian.');
  images = found;
});

const scratch = 'FROM scratch\nCOPY hello.txt /hello.txt\n';
const both = 'linux/amd64,linux/arm64';

function aRunner(dockerfile = scratch, options: RunnerOptions = {}): Runner {
  const repository = `octo-org/${uniqueName('made')}`;
  const runner = suite.action.newRunner({ engine: suite.engine, repository, token: 'ghs_canary', ...options });
  runner.write('Dockerfile', dockerfile);
  runner.write('hello.txt', 'Hello\n');
  return runner;
}

/** The inputs of a step that needs a builder on a classic store. */
function inputs(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return { registry: suite.registry, tags: '1.0', platforms: both, 'builder-image': images.image, ...more };
}

/** Names of the builder's container and volume. */
async function made(runner: Runner, name: string): Promise<readonly string[]> {
  const filter = ['--filter', `name=${name}`];
  const format = (field: string): string[] => ['--format', `{{.${field}}}`];
  const containers = await runner.run(['docker', 'container', 'ls', '--all', ...filter, ...format('Names')]);
  const volumes = await runner.run(['docker', 'volume', 'ls', ...filter, ...format('Name')]);
  return (containers.stdout + volumes.stdout).split('\n').filter((line) => line !== '');
}

/** The builder that a step says it made. */
function nameIn({ state, log }: Pick<StepResult, 'state' | 'log'>): string {
  const { name = '' } = JSON.parse(state['job-builder'] ?? '{}');
  if (name === '') throw new Error(`No builder was made:\n${log}`);
  return name;
}

function handlers(): readonly string[] {
  return existsSync('/proc/sys/fs/binfmt_misc') ? readdirSync('/proc/sys/fs/binfmt_misc') : [];
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error('It did not come about within 120 s.');
    await sleep(50);
  }
}

describe('one builder a job', () => {
  test('serves its later steps with its cache, and its post step leaves nothing', async () => {
    const dockerfile = `FROM ${images.busybox}\nRUN echo ${uniqueName('once')} > /said.txt\n`;
    const runner = aRunner(dockerfile);
    const before = handlers();
    const first = await runner.main(inputs());
    expect(first).toMatchObject({ code: '', exitCode: 0 });
    expect(first.log).toMatch(/^Builder +if needed +because not every Docker engine can .*`platforms` \(several\)/m);
    expect(JSON.parse(first.outputs.plan ?? '{}').builderNeeds).toMatchObject([{ input: '`platforms` (several)' }]);
    expect(first.log).toContain('because the classic image store of this Docker engine');
    expect(first.log).toContain('cannot build for several platforms at once (`platforms` (several))');
    expect(first.log).toMatch(/Builder: publish-job-\S+, made from localhost:5000\/lab\/buildkit:\d+ in/);
    expect(await made(runner, nameIn(first))).toHaveLength(2);

    const earlier = runner.commands().length;
    const second = await runner.main(inputs({ tags: '1.1', provenance: 'true' }));
    expect(second).toMatchObject({ code: '', exitCode: 0 });
    expect(second.log).toContain('which an earlier step of the job made');
    expect(second.log.match(/^#\d+ CACHED$/gm)?.length).toBeGreaterThanOrEqual(2);
    expect(second.state['job-builder']).toBeUndefined();
    // Neither the engine nor the builder is asked again what it can do.
    const started = runner.commands().slice(earlier);
    expect(started.map(({ args }) => args[0])).toEqual(['build']);

    // The posts of a job run from its last step to its first.
    expect(await runner.post(second)).toMatchObject({ exitCode: 0, log: '' });
    expect(await made(runner, nameIn(first))).toHaveLength(2);
    expect(await runner.post(first)).toMatchObject({ exitCode: 0, log: '' });
    expect(await made(runner, nameIn(first))).toEqual([]);
    expect(readdirSync(runner.temp)).toEqual([]);
    expect(handlers()).toEqual(before);
  });

  test('is none of another job at the same time, and each goes with its own', async () => {
    const runners = [aRunner(), aRunner()] as const;
    const steps = await Promise.all(runners.map((runner) => runner.main(inputs())));
    const [one, other] = steps as [StepResult, StepResult];
    expect(steps.map(({ code }) => code)).toEqual(['', '']);
    expect(nameIn(one)).not.toBe(nameIn(other));
    await runners[0].post(one);
    expect(await made(runners[0], nameIn(one))).toEqual([]);
    expect(await made(runners[1], nameIn(other))).toHaveLength(2);
    await runners[1].post(other);
    expect(await made(runners[1], nameIn(other))).toEqual([]);
  });

  test('goes with the command in a terminal, which has no post step', async () => {
    const runner = aRunner();
    const args = Object.entries(inputs({ owner: 'octo-org', image: uniqueName('app'), push: 'true' }));
    const ended = await runner.terminal(
      'cli.js',
      args.flatMap(([name, value]) => [`--${name}`, value]),
      { GITHUB_TOKEN: 'ghs_canary' },
    );
    expect(ended.exitCode).toBe(0);
    const [, name = ''] = /Builder: (publish-job-\S+), made/.exec(ended.log) ?? [];
    expect(name).not.toBe('');
    expect(await made(runner, name)).toEqual([]);
    expect(readdirSync(runner.temp)).toEqual([]);
  });

  test('is not made by a build that needs none', async () => {
    const runner = aRunner();
    const step = await runner.main({ registry: suite.registry, tags: '1.0' });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(step.state['job-builder']).toBeUndefined();
    const started = runner.commands().map(({ args }) => args[0]);
    expect(started).toEqual(['build']);
  });

  test('that a job lost long ago is named, and left alone', async () => {
    const container = `buildx_buildkit_publish-job-20200101t0000-${crypto.randomUUID().slice(0, 8)}-ffffffff0`;
    const runner = aRunner();
    await runner.run(['docker', 'container', 'create', '--name', container, images.image]);
    try {
      const step = await runner.main(inputs());
      expect(step.log).toContain(`A job that ended without its post step left the builder ${container}`);
      expect(step.log).toContain(`docker rm --force --volumes ${container}`);
      await runner.post(step);
      expect(await made(runner, container)).toEqual([container]);
    } finally {
      await runner.run(['docker', 'container', 'rm', '--force', '--volumes', container]);
    }
  });
});

describe('a builder', () => {
  test('gives the engine the image that is loaded, with what attests it in the registry', async () => {
    const runner = aRunner();
    const step = await runner.main(
      inputs({ platforms: 'linux/amd64', load: 'true', sbom: `generator=${images.scanner}`, provenance: 'true' }),
    );
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect((await runner.run(['docker', 'image', 'inspect', step.outputs.image ?? ''])).exitCode).toBe(0);
    const reference = step.outputs.reference ?? '';
    const { manifests } = await suite.client.manifestOf(reference);
    const [, attestation] = manifests as { digest: string }[];
    const [name] = reference.split('@');
    const { layers } = await suite.client.manifestOf(`${name}@${attestation?.digest}`);
    const types = (layers as { annotations: Record<string, string>; digest: string }[]).map((layer) => [
      layer.annotations['in-toto.io/predicate-type'],
      layer.digest,
    ]);
    const spdx = types.find(([type]) => type === 'https://spdx.dev/Document');
    expect(JSON.stringify(await suite.client.blobOf(`${name}@${spdx?.[1]}`))).toContain('./hello.txt');
    await runner.post(step);
  });

  test('gives it an image of `outputs: type=docker`, too, when nothing is pushed', async () => {
    const runner = aRunner();
    const loaded = await runner.main(
      inputs({ platforms: 'linux/amd64', push: 'false', provenance: 'true', outputs: 'type=docker' }),
    );
    expect(loaded).toMatchObject({ code: '', exitCode: 0 });
    expect((await runner.run(['docker', 'image', 'inspect', loaded.outputs.image ?? ''])).exitCode).toBe(0);
    await runner.post(loaded);
  });

  test('has what the runner and `builder-config` say, and no credential of theirs on a command line', async () => {
    const runner = aRunner();
    const certificates = join(runner.home, '.config/docker/certs.d/registry.test:5000');
    mkdirSync(certificates, { recursive: true });
    writeFileSync(join(certificates, 'ca.crt'), 'not a certificate, which nobody reads here\n');
    const config = 'debug = true\n[registry."registry.test:5000"]\n  mirrors = ["mirror.test"]\n';
    const step = await runner.main(inputs({ 'builder-config': config }), {
      HTTPS_PROXY: 'http://octocat:canary-of-the-proxy@127.0.0.1:9',
      NO_PROXY: 'localhost,.test',
    });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    const container = `buildx_buildkit_${nameIn(step)}0`;
    const read = async (path: string): Promise<string> =>
      (await runner.run(['docker', 'container', 'exec', container, 'busybox', 'cat', path])).stdout;
    const toml = await read('/etc/buildkit/buildkitd.toml');
    expect(toml).toContain('debug = true');
    expect(toml).toContain('mirror.test');
    const [, ca = ''] = /(\/etc\/buildkit\/certs\/[^"]*registry\.test[^"]*)"/.exec(toml) ?? [];
    expect(`${toml}\n${await read(ca)}`).toContain('not a certificate');
    const inspected = await runner.run(['docker', 'container', 'inspect', container]);
    const [{ Config, HostConfig }] = JSON.parse(inspected.stdout);
    expect(Config.Env).toContain('HTTPS_PROXY=http://octocat:canary-of-the-proxy@127.0.0.1:9');
    expect(Config.Env).toContain('NO_PROXY=localhost,.test');
    expect(HostConfig.NetworkMode).toBe('host');
    for (const { args } of runner.commands()) expect(args.join(' ')).not.toContain('canary-of-the-proxy');
    await runner.post(step);
    expect(readdirSync(runner.temp)).toEqual([]);
  });

  test('has a network of its own where nothing of the build is on this machine', async () => {
    const runner = aRunner();
    const step = await runner.main(inputs({ registry: 'registry.invalid', push: 'false', username: 'octocat' }));
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    const container = `buildx_buildkit_${nameIn(step)}0`;
    const format = ['--format', '{{.HostConfig.NetworkMode}}'];
    const { stdout } = await runner.run(['docker', 'container', 'inspect', ...format, container]);
    expect(stdout.trim()).not.toBe('host');
    await runner.post(step);
  });

  test('is made from an image that only a login of the step may read', async () => {
    const { registry, username, token } = suite.login;
    const image = `${registry}/lab/${uniqueName('buildkit')}:1`;
    const { crane = 'crane' } = await lab.tools();
    const auth = Buffer.from(`${username}:${token}`).toString('base64');
    const runner = aRunner(scratch, { token: '' });
    writeFileSync(join(runner.home, 'config.json'), JSON.stringify({ auths: { [registry]: { auth } } }));
    execFileSync(crane, ['copy', images.image, image], { env: { ...process.env, DOCKER_CONFIG: runner.home } });
    const refused = await runner.main(inputs({ 'builder-image': image }));
    expect(refused).toMatchObject({ exitCode: 1, code: 'BUILDER_FAILED' });
    expect(refused.failure).toContain(`Its image ${image} could not be pulled`);
    expect(refused.failure).toContain('`registry-auth`');
    expect(readdirSync(runner.temp)).toEqual([]);
    const step = await runner.main(inputs({ 'builder-image': image, registry, username, token }));
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    await runner.post(step);
  });
});

describe('a foreign platform', () => {
  const arm = (text: string): string => `FROM ${images.busybox}\nRUN echo ${text} > /said.txt\n`;

  test('is emulated by the builder, without a change of the machine', async () => {
    const before = handlers();
    const said = uniqueName('said');
    const runner = aRunner(arm(said));
    const step = await runner.main(inputs());
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(step.log).toContain('Emulated: linux/arm64');
    expect(step.summary).toMatch(/linux\/arm64 was emulated: its RUN instructions took \d+\.\d s/);
    const found = await suite.client.contentOf(step.outputs.reference ?? '', 'said.txt', 'linux/arm64');
    expect(found.trim()).toBe(said);
    await runner.post(step);
    expect(handlers()).toEqual(before);
  });

  test('that the containerd store could hold and nothing there runs is the builder’s; one without RUN is the engine’s', async () => {
    const said = uniqueName('said');
    const runner = aRunner(arm(said), { engine: suite.containerd });
    const step = await runner.main(inputs({ platforms: 'linux/arm64' }));
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(step.log).toContain('cannot run programs for linux/arm64');
    expect((await suite.client.contentOf(step.outputs.reference ?? '', 'said.txt', 'linux/arm64')).trim()).toBe(said);
    await runner.post(step);
    runner.write('Dockerfile', scratch);
    const copied = await runner.main(inputs({ tags: '1.1' }));
    expect(copied).toMatchObject({ code: '', exitCode: 0 });
    expect(copied.log).not.toContain('Builder: ');
  });

  test('that nothing runs is refused before the build, unless files are only copied', async () => {
    const runner = aRunner(`FROM scratch\nCOPY hello.txt /\nRUN ["/hello.txt"]\n`);
    const refused = await runner.main(inputs({ platforms: 'linux/riscv64' }));
    expect(refused).toMatchObject({ exitCode: 1, code: 'PLATFORM_UNSUPPORTED' });
    expect(refused.failure).toContain('`stage`');
    expect(runner.commands().filter(({ args }) => args[0] === 'build')).toEqual([]);
    expect(readdirSync(runner.temp)).toEqual([]);
    runner.write('Dockerfile', scratch);
    const copied = await runner.main(inputs({ platforms: 'linux/amd64,linux/riscv64' }));
    expect(copied).toMatchObject({ code: '', exitCode: 0 });
    const warnings = copied.commands.filter(({ name }) => name === 'warning').map(({ data }) => data);
    expect(warnings).toEqual([expect.stringContaining('Nothing on this runner runs programs for linux/riscv64')]);
    await runner.post(copied);
  });
});

describe('what goes wrong', () => {
  test('an image that is not there is an error that says why there has to be a builder, and what would do without', async () => {
    const runner = aRunner();
    const step = await runner.main(inputs({ 'builder-image': `${suite.registry}/lab/absent:1` }));
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILDER_FAILED' });
    expect(step.failure).toContain('cannot build for several platforms at once (`platforms` (several))');
    expect(step.failure).toContain('manifest unknown');
    expect(step.failure).toContain('containerd image store');
    expect(readdirSync(runner.temp)).toEqual([]);
  });

  test.each([
    ['is no TOML', 'debug = = true', 'line 1'],
    ['names a file that is not there', 'absent.toml', 'absent.toml'],
  ])('a configuration that %s is refused before anything happens', async (_title, config, words) => {
    const runner = aRunner();
    const step = await runner.main(inputs({ 'builder-config': config }));
    expect(step).toMatchObject({ exitCode: 1, code: 'INPUT_INVALID' });
    expect(step.failure).toContain(words);
    expect(runner.commands()).toEqual([]);
  });

  test('a refusal ends the builder that is being made, too', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    // A registry that never sends the image, and one that refuses as soon as the other was asked for it.
    await using silent = await startServer(() => ask());
    await using refusing = await startServer(async (_request, response) => {
      await asked;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="here"' }).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
    });
    const runner = aRunner();
    const more = { registry: refusing.registry, username: 'nobody', token: 'canary-wrong' };
    const step = await runner.main(inputs({ ...more, 'builder-image': `${silent.registry}/b:1` }));
    expect(step).toMatchObject({ exitCode: 1, code: expect.stringMatching(/^(?:TOKEN_REJECTED|LOGIN_REFUSED)$/) });
    expect(await made(runner, nameIn(step))).toEqual([]);
    expect(runner.filesIn(runner.temp)).toEqual([]);
    expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
  });

  test('a builder that is killed during the build is made anew once, and the log says so', async () => {
    const { runner, step, name } = await underway(`echo ${uniqueName('x')} && echo under""way && sleep 4`);
    await runner.run(['docker', 'container', 'rm', '--force', `buildx_buildkit_${name}0`]);
    const ended = await step.ended;
    if (ended.code !== '') throw new Error(ended.log);
    const warnings = ended.commands.filter(({ name: kind }) => kind === 'warning').map(({ data }) => data);
    expect(warnings).toEqual([expect.stringContaining(`The builder ${name} was lost during the build`)]);
    expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
    expect(await made(runner, name)).toEqual([]);
  });

  test('one that is killed once more is an error', async () => {
    const { runner, step, name } = await underway(`echo ${uniqueName('x')} && echo under""way && sleep 300`);
    const remove = ['docker', 'container', 'rm', '--force', `buildx_buildkit_${name}0`] as const;
    let log = '';
    step.process.stdout?.on('data', (text: string) => {
      log += text;
    });
    await runner.run(remove);
    await until(() => /^#\d+ \d\S* underway/m.test(log));
    await runner.run(remove);
    const ended = await step.ended;
    expect(ended).toMatchObject({ exitCode: 1, code: 'BUILDER_DOWN' });
    expect(ended.log.match(/made anew|makes it anew/g)).toHaveLength(1);
    expect(await runner.post(ended)).toMatchObject({ exitCode: 0, log: '' });
    expect(await made(runner, name)).toEqual([]);
    expect(readdirSync(runner.temp)).toEqual([]);
  });

  /** A step in the middle of a RUN. */
  async function underway(command: string) {
    const runner = aRunner(`FROM ${images.busybox}\nRUN ${command}\n`);
    const step = runner.start(inputs({ platforms: 'linux/amd64', provenance: 'true' }));
    let log = '';
    step.process.stdout?.on('data', (text: string) => {
      log += text;
    });
    await until(() => /^#\d+ \d\S* underway/m.test(log));
    const [, name = ''] = /Builder: (publish-job-\S+), made/.exec(log) ?? [];
    return { runner, step, name };
  }
});
