/** What a build takes and tells: buildx from a download, Podman in Docker's place, findings of the Dockerfile, bad input. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startBuildKit } from '../support/buildkit.ts';
import { pullRequest } from '../support/event.ts';
import { lab } from '../support/lab.ts';
import { findBuildx, type Runner, type RunnerOptions, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'withoutBuildx', 'registry', 'busybox', 'client');

function aRunner(dockerfile = 'FROM scratch\nCOPY hello.txt /hello.txt\n', options: RunnerOptions = {}): Runner {
  const repository = `octo-org/${uniqueName('app')}`;
  const env = { BUILDX_DOWNLOAD_URL: 'http://127.0.0.1:9', ...options.env };
  const runner = suite.action.newRunner({ engine: suite.engine, repository, token: 'ghs_canary', ...options, env });
  runner.write('Dockerfile', dockerfile);
  runner.write('hello.txt', 'Hello\n');
  return runner;
}

describe('buildx', () => {
  let server: Server;
  let mirror: string;
  let real: string;
  let served: Buffer | undefined;
  let asked: string[];
  /** What the server answers if it serves nothing. */
  let refusal = 404;
  let silent = false;
  /** The CLI finds no plugin. */
  const without = { cliPluginsExtraDirs: [] };

  beforeAll(async () => {
    // The lab's own, which is what the server gives.
    real = findBuildx({ engine: suite.engine }) ?? '';
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (silent) return;
      if (served === undefined) response.writeHead(refusal).end('no');
      else response.end(served);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    mirror = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/releases/`;
  });
  afterAll(() => {
    server?.closeAllConnections();
    server?.close();
  });
  afterEach(() => {
    served = undefined;
    refusal = 404;
    silent = false;
  });

  function sha256Of(file: string): string {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  }

  function aRunnerWithout(tools: string, url = mirror): Runner {
    asked = [];
    return aRunner(undefined, { dockerConfig: without, env: { RUNNER_TOOL_CACHE: tools, BUILDX_DOWNLOAD_URL: url } });
  }

  test('that is missing and needed is installed, once for the runner', async () => {
    const tools = join(suite.action.folder, uniqueName('tools'));
    served = readFileSync(real);
    const inputs = { registry: suite.registry, tags: '1.0', 'buildx-version': `0.29.1@sha256:${sha256Of(real)}` };
    const first = await aRunnerWithout(tools).main(inputs);
    expect(first).toMatchObject({ code: '', exitCode: 0 });
    expect(first.log).toContain('buildx 0.29.1 is installed, because the runner has none');
    expect(JSON.parse(first.outputs.metadata ?? '')).toMatchObject({ 'containerimage.digest': first.outputs.digest });
    expect(asked).toEqual(['/releases/v0.29.1/buildx-v0.29.1.linux-amd64']);
    // The layout of @actions/tool-cache, which images of runners are filled with.
    expect(existsSync(join(tools, 'buildx/0.29.1', `${process.arch}.complete`))).toBe(true);
    served = undefined;
    const second = await aRunnerWithout(tools).main(inputs);
    expect(second).toMatchObject({ code: '', exitCode: 0 });
    expect(second.log).toContain('buildx 0.29.1 is in the tool cache of the runner');
    expect(asked).toEqual([]);
  });

  test('that is older than asked for is replaced; one that is not stays', async () => {
    const { action, registry } = suite;
    const tools = join(action.folder, uniqueName('tools'));
    asked = [];
    served = readFileSync(real);
    const runner = aRunner(undefined, { env: { RUNNER_TOOL_CACHE: tools, BUILDX_DOWNLOAD_URL: mirror } });
    const kept = await runner.main({ registry, tags: '1.0', 'buildx-version': `0.20.0@sha256:${'0'.repeat(64)}` });
    expect(kept).toMatchObject({ code: '', exitCode: 0 });
    expect(asked).toEqual([]);
    const newer = await runner.main({ registry, tags: '1.1', 'buildx-version': `9.0.0@sha256:${sha256Of(real)}` });
    expect(newer).toMatchObject({ code: '', exitCode: 0 });
    expect(newer.log).toMatch(/buildx 9\.0\.0 is installed, because the runner’s is 0\.\d+/);
    expect(asked).toHaveLength(1);
  });

  test('whose checksum is wrong is not run, nor kept', async () => {
    const { action, registry } = suite;
    const tools = join(action.folder, uniqueName('tools'));
    const witness = join(action.folder, uniqueName('witness'));
    served = Buffer.from(`#!/bin/sh\ntouch '${witness}'\n`);
    // The version whose checksum the action knows.
    const step = await aRunnerWithout(tools).main({ registry, tags: '1.0', 'buildx-version': '0.30.1' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILDX_UNTRUSTED' });
    expect(step.failure).toContain('c37114fcd034025ec68e224657c8a5a850df472ded3ddcbca75ad3a7ebb9710d');
    expect(existsSync(witness)).toBe(false);
    expect(existsSync(join(tools, 'buildx'))).toBe(false);
  });

  test('that was changed in the tool cache is fetched anew', async () => {
    const tools = join(suite.action.folder, uniqueName('tools'));
    served = readFileSync(real);
    const inputs = { registry: suite.registry, tags: '1.0', 'buildx-version': `0.29.1@sha256:${sha256Of(real)}` };
    await aRunnerWithout(tools).main(inputs);
    writeFileSync(join(tools, 'buildx/0.29.1', process.arch, 'docker-buildx'), '#!/bin/sh\nexit 1\n');
    expect(await aRunnerWithout(tools).main(inputs)).toMatchObject({ code: '', exitCode: 0 });
    expect(asked).toHaveLength(1);
  });

  test.each([
    ['answers with another thing', () => mirror, 'answered 404'],
    ['cannot be reached, as from a closed network', () => 'http://127.0.0.1:9', 'could not be fetched'],
  ])('from a server that %s: the error says what to install beforehand', async (_title, url, reason) => {
    const tools = join(suite.action.folder, uniqueName('tools'));
    const runner = aRunnerWithout(tools, url());
    const step = await runner.main({ registry: suite.registry, tags: '1.0', secrets: 'a=b' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILDX_MISSING' });
    expect(step.failure).toContain(reason);
    expect(step.failure).toMatch(/Install buildx-v0\.30\.1\.linux-\w+ on the runner as docker-buildx/);
    expect(runner.commands().filter(({ args }) => args.includes('build'))).toEqual([]);
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });

  test('that is a folder, a pipe or a link to nothing in the tool cache is fetched', async () => {
    served = readFileSync(real);
    const inputs = { registry: suite.registry, tags: '1.0', 'buildx-version': `0.29.1@sha256:${sha256Of(real)}` };
    for (const make of [
      (path: string) => mkdirSync(path),
      (path: string) => execFileSync('mkfifo', [path]),
      (path: string) => symlinkSync('/nowhere', path),
    ]) {
      const tools = join(suite.action.folder, uniqueName('tools'));
      mkdirSync(join(tools, 'buildx/0.29.1', process.arch), { recursive: true });
      writeFileSync(join(tools, 'buildx/0.29.1', `${process.arch}.complete`), '');
      make(join(tools, 'buildx/0.29.1', process.arch, 'docker-buildx'));
      expect(await aRunnerWithout(tools).main(inputs)).toMatchObject({ code: '', exitCode: 0 });
      expect(asked).toHaveLength(1);
    }
  });

  test('is installed without a tool cache, and if the tool cache cannot be written', async () => {
    served = readFileSync(real);
    const inputs = { registry: suite.registry, tags: '1.0', 'buildx-version': `0.29.1@sha256:${sha256Of(real)}` };
    const file = join(suite.action.folder, uniqueName('file'));
    writeFileSync(file, '');
    const runners = [aRunnerWithout(''), aRunnerWithout(join(file, 'tools'))];
    const steps = [await runners[0]?.main(inputs), await runners[1]?.main(inputs)];
    expect(steps).toMatchObject([
      { code: '', exitCode: 0 },
      { code: '', exitCode: 0, log: expect.stringContaining('could not be kept in the tool cache') },
    ]);
    expect(runners.map((runner) => runner.filesIn(runner.temp))).toEqual([[], []]);
  });

  test('comes from a mirror that asks for a login, which no log has', async () => {
    const logins: (string | undefined)[] = [];
    served = readFileSync(real);
    const ask = (request: IncomingMessage): unknown => logins.push(request.headers.authorization);
    server.on('request', ask);
    const inputs = { registry: suite.registry, tags: '1.0', 'buildx-version': `0.29.1@sha256:${sha256Of(real)}` };
    const step = await aRunnerWithout('', mirror.replace('//', '//octo:p%40ss-of-the-mirror@')).main(inputs);
    server.off('request', ask);
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(logins).toEqual([`Basic ${btoa('octo:p@ss-of-the-mirror')}`]);
    expect(step.log).not.toMatch(/p(?:@|%40)ss-of-the-mirror/);
  });

  test.each([
    { when: 'while the server says nothing', isSilent: true, status: 200 },
    { when: 'between two attempts', isSilent: false, status: 503 },
  ])(
    'that is being fetched holds up nobody who cancels $when',
    async ({ isSilent, status }) => {
      silent = isSilent;
      refusal = status;
      const runner = aRunnerWithout('');
      const inputs = { registry: suite.registry, tags: '1.0', 'buildx-version': `9.0.0@sha256:${sha256Of(real)}` };
      const step = runner.start(inputs);
      while (asked.length === 0) await sleep(20);
      await sleep(300);
      step.process.kill('SIGINT');
      expect(await step.ended).toMatchObject({ exitCode: 130, code: 'CANCELLED' });
      expect(runner.filesIn(runner.temp)).toEqual([]);
      // It would have asked again.
      expect(asked).toHaveLength(1);
    },
    60_000,
  );

  test('that is installed in a terminal prints nothing where a program reads the result', async () => {
    served = readFileSync(real);
    const runner = aRunnerWithout('');
    const version = `0.29.1@sha256:${sha256Of(real)}`;
    const names = ['--registry', suite.registry, '--owner', 'octo-org', '--image', uniqueName('app'), '--tags', '1.0'];
    const env = { BUILDX_DOWNLOAD_URL: mirror };
    const ended = await runner.terminal('cli.js', [...names, '--buildx-version', version], env);
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(asked).toHaveLength(1);
    expect(ended.stdout).toMatch(/^\S+@sha256:[0-9a-f]{64}\n\S+:1\.0\n$/);
  });

  test('is not fetched for what can be done without it', async () => {
    const { action, registry } = suite;
    const step = await aRunnerWithout(join(action.folder, 'tools')).main({ registry, tags: '1.0' });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(asked).toEqual([]);
  });
});

describe('Podman', () => {
  test('builds where no Docker answers, logs in with a private file, and reports the digest', async () => {
    const [{ environment }, auth] = await Promise.all([lab.podman(), lab['registry-auth']()]);
    const runner = aRunner(undefined, { engine: { ...environment, DOCKER_HOST: 'unix:///nowhere/podman.sock' } });
    const credentials = { token: auth.password ?? '', username: auth.username ?? '' };
    const step = await runner.main({ registry: auth.address, tags: '1.0\nlatest', ...credentials });
    expect(step.failure).toBe('');
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(step.log).toContain('Engine: Podman, because no Docker engine answers on this runner');
    expect(await suite.client.digestOf(step.outputs.image ?? '')).toBe(step.outputs.digest);
    expect(await suite.client.contentOf(step.outputs.reference ?? '', 'hello.txt')).toBe('Hello\n');
    expect(runner.filesIn(runner.temp)).toEqual([]);
    expect(runner.filesIn(runner.home).filter((path) => path.includes('auth.json'))).toEqual([]);
  });

  test('quotes the instruction that fails', async () => {
    const { environment } = await lab.podman();
    const runner = aRunner('FROM scratch\nCOPY missing.txt /\n', { engine: environment });
    const step = await runner.main({ registry: suite.registry, tags: '1.0', engine: 'podman' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED' });
    expect(step.failure).toContain('COPY missing.txt /');
  });

  test('does not take the place of an engine that DOCKER_HOST names', async () => {
    const { environment } = await lab.podman();
    const runner = aRunner(undefined, { engine: { ...environment, DOCKER_HOST: 'tcp://127.0.0.1:9' } });
    const step = await runner.main({ registry: suite.registry, tags: '1.0' });
    expect(['ENGINE_DOWN', 'ENGINE_MISSING']).toContain(step.code);
    expect(step.failure).toContain('DOCKER_HOST names the engine tcp://127.0.0.1:9');
  });

  test('is not looked for where Docker was asked for', async () => {
    const { environment } = await lab.podman();
    const runner = aRunner(undefined, { engine: { ...environment, DOCKER_HOST: 'tcp://127.0.0.1:9' } });
    const step = await runner.main({ registry: suite.registry, tags: '1.0', engine: 'docker' });
    expect(['ENGINE_DOWN', 'ENGINE_MISSING']).toContain(step.code);
  });
});

test.each([
  ['a registry that asks for a login', true],
  ['a registry that asks for none', false],
])('an engine that does not take the version of the CLI is named as the cause: %s', async (_title, needsLogin) => {
  const { address, username = '', password = '' } = await lab['registry-auth']();
  const runner = aRunner(undefined, { env: { DOCKER_API_VERSION: '1.20' } });
  const where = needsLogin ? { registry: address, username, token: password } : { registry: suite.registry };
  const step = await runner.main({ ...where, tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 1, code: 'ENGINE_INCOMPATIBLE' });
  expect(step.log).toContain('DOCKER_API_VERSION');
});

test('a push of docker that asks a notary server for signatures names DOCKER_CONTENT_TRUST', async () => {
  const runner = aRunner(undefined, { engine: suite.withoutBuildx, env: { DOCKER_CONTENT_TRUST: '1' } });
  const step = await runner.main({ registry: suite.registry, tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 1, code: 'CONTENT_TRUST_FAILED', outputs: {} });
  expect(step.failure).toContain('DOCKER_CONTENT_TRUST: 0');
});

describe('the Dockerfile', () => {
  test('has what BuildKit finds odd on its lines, and is published nevertheless', async () => {
    const runner = aRunner();
    runner.write('docker/Dockerfile.app', 'FROM scratch\nARG API_TOKEN\nCOPY hello.txt /hello.txt\n');
    const step = await runner.main({ registry: suite.registry, tags: '1.0', file: 'docker/Dockerfile.app' });
    expect(step).toMatchObject({ code: '', exitCode: 0, outputs: { published: 'true' } });
    const warnings = step.commands.filter(({ name }) => name === 'warning');
    expect(warnings.map(({ properties }) => [properties.file, properties.line])).toEqual([
      ['docker/Dockerfile.app', '2'],
    ]);
    expect(warnings[0]?.data).toContain('SecretsUsedInArgOrEnv');
  });

  test('has the error of a build that fails on its line', async () => {
    const runner = aRunner();
    runner.write('app/Dockerfile', `FROM ${suite.busybox}\nRUN exit 7\n`);
    const step = await runner.main({ registry: suite.registry, tags: '1.0', context: 'app' });
    const errors = step.commands.filter(({ name }) => name === 'error');
    expect(errors.map(({ properties }) => properties)).toEqual([
      { title: 'BUILD_FAILED', file: 'app/Dockerfile', line: '2' },
    ]);
  });

  test.each([
    ['an SSH key', 'RUN --mount=type=ssh,required=true true', {}, '`ssh: default`'],
    ['a secret', 'RUN --mount=type=secret,id=npm,required=true true', {}, '`secrets: npm='],
    ['the network of the host', 'RUN --network=host true', {}, '`allow: network.host`'],
    ['a target', 'RUN true', { target: 'bsae' }, '`target: bsae`'],
    ['a script with the line ends of Windows', 'COPY run.sh /\nRUN chmod +x /run.sh && /run.sh', {}, 'CRLF'],
    ['memory', "RUN sh -c 'exit 137'", {}, 'memory of the runner'],
  ])('that lacks %s is told which input gives it', async (_title, instructions, inputs, remedy) => {
    const runner = aRunner(`FROM ${suite.busybox} AS base\n${instructions}\n`);
    runner.write('run.sh', '#!/bin/sh\r\ntrue\r\n');
    const step = await runner.main({ registry: suite.registry, tags: '1.0', ...inputs });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED' });
    expect(step.log).toContain(remedy);
  });

  test('that is a link out of its folder is told to be named itself', async () => {
    const runner = aRunner();
    runner.write('app/hello.txt', 'Hello\n');
    symlinkSync('../Dockerfile', join(runner.workspace, 'app/Dockerfile'));
    const step = await runner.main({ registry: suite.registry, tags: '1.0', context: 'app' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED' });
    expect(step.log).toContain('Name the file itself in `file`');
  });

  test('that has nothing odd passes a check, which publishes nothing', async () => {
    const runner = aRunner();
    const step = await runner.main({ registry: suite.registry, tags: '1.0', call: 'check' });
    expect(step).toMatchObject({ code: '', exitCode: 0, outputs: { published: 'false', reason: '`call` is check' } });
    await expect(suite.client.tagsOf(`${suite.registry}/${step.outputs.repository}`)).rejects.toThrow('NAME_UNKNOWN');
  });

  test('is listed by its targets', async () => {
    const { registry } = suite;
    const step = await aRunner('FROM scratch AS first\nFROM scratch AS second\n').main({ registry, call: 'targets' });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(step.log).toMatch(/first[\s\S]*second/);
  });
});

test('a variable that holds the token is a secret by `secret-envs`, though no child has it', async () => {
  const { registry, busybox, client } = suite;
  const runner = aRunner(`FROM ${busybox}\nRUN --mount=type=secret,id=key wc -c < /run/secrets/key > /size.txt\n`);
  const step = await runner.main({ registry, tags: '1.0', 'secret-envs': 'key=MINE' }, { MINE: 'ghs_canary' });
  expect(step).toMatchObject({ code: '', exitCode: 0 });
  expect((await client.contentOf(step.outputs.reference ?? '', 'size.txt')).trim()).toBe('10');
});

test('an index has its annotations on the index, too', async () => {
  const { environment } = await lab['engine-containerd']();
  const runner = aRunner(undefined, { engine: environment });
  const step = await runner.main({ registry: suite.registry, tags: '1.0', platforms: 'linux/amd64,linux/arm64' });
  expect(step).toMatchObject({ code: '', exitCode: 0 });
  const { annotations } = await suite.client.manifestOf(step.outputs.reference ?? '');
  expect(annotations).toMatchObject({ 'org.opencontainers.image.description': 'An app to publish' });
});

test('`sbom` runs the generator it names, and its statement goes with the image', async () => {
  const { environment } = await lab['engine-containerd']();
  // BuildKit's protocol of scanners (https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md): a container that writes in-toto statements.
  const scanner = aRunner(`FROM ${suite.busybox}\nCOPY scan.sh /\nENTRYPOINT ["/bin/sh", "/scan.sh"]\n`);
  const statement = {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: 'https://spdx.dev/Document',
    predicate: { spdxVersion: 'SPDX-2.3', name: 'by-the-scanner-of-the-test' },
  };
  scanner.write('scan.sh', `echo '${JSON.stringify(statement)}' > "$BUILDKIT_SCAN_DESTINATION/scan.spdx.json"\n`);
  const generator = (await scanner.main({ registry: suite.registry, tags: 'scanner' })).outputs.image ?? '';

  const step = await aRunner(undefined, { engine: environment }).main({
    registry: suite.registry,
    tags: '1.0',
    sbom: `generator=${generator}`,
  });
  expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
  const name = (step.outputs.reference ?? '').split('@')[0];
  const attestation = await suite.client.manifestOf(`${name}@${await attestationOf(step.outputs.reference ?? '')}`);
  const [layer] = Array.isArray(attestation.layers) ? attestation.layers : [];
  expect(await suite.client.blobOf(`${name}@${layer.digest}`)).toMatchObject({ predicate: statement.predicate });
  expect(JSON.parse(step.outputs.platforms ?? '')).toEqual({ 'linux/amd64': expect.stringMatching(/^sha256:/) });
});

/** Digest of the one attestation that an index has. */
async function attestationOf(reference: string): Promise<string> {
  const { manifests } = await suite.client.manifestOf(reference);
  const entries: readonly { readonly digest: string; readonly annotations?: Readonly<Record<string, string>> }[] =
    Array.isArray(manifests) ? manifests : [];
  const found = entries.filter(({ annotations = {} }) => 'vnd.docker.reference.type' in annotations);
  expect(found.length).toBe(1);
  return found[0]?.digest ?? '';
}

// By a BuildKit of its own: that of the lab's engine, built by a newer Go than it was written for, does not survive it.
test('`compression: estargz` gives layers that can be pulled lazily', async () => {
  await using buildkit = await startBuildKit();
  const inputs = { registry: suite.registry, tags: '1.0', compression: 'estargz', builder: buildkit.endpoint };
  const step = await aRunner().main(inputs);
  expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
  const { layers } = await suite.client.manifestOf(step.outputs.reference ?? '');
  expect(layers).toEqual([
    expect.objectContaining({
      annotations: expect.objectContaining({ 'containerd.io/snapshot/stargz/toc.digest': expect.any(String) }),
    }),
  ]);
});

test('`cgroup-parent` is where the processes of a build run', async () => {
  const { registry, busybox, client } = suite;
  const runner = aRunner(`FROM ${busybox}\nRUN cat /proc/self/cgroup > /cgroup.txt\n`);
  const step = await runner.main({ registry, tags: '1.0', 'cgroup-parent': '/octo-build', 'no-cache': 'true' });
  expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
  // With cgroup v2 alone a process sees itself at the root of a namespace.
  const cgroup = await client.contentOf(step.outputs.reference ?? '', 'cgroup.txt');
  expect(cgroup).toMatch(/:\/octo-build\/|^0::\/\n$/);
  expect(runner.commands().find(({ args }) => args.includes('build'))?.args).toContain('--cgroup-parent');
});

test('a classic image store goes without the default annotations, and the log says so', async () => {
  const step = await aRunner().main({ registry: suite.registry, tags: '1.0' });
  expect(step.log).toContain('The image goes without its 8 default annotations');
  expect(await suite.client.manifestOf(step.outputs.reference ?? '')).not.toHaveProperty('annotations');
});

test('an attribute that only buildx knows reaches it as it is, and one that may be a typing error is noted', async () => {
  const { environment } = await lab['engine-containerd']();
  const runner = aRunner(undefined, { engine: environment });
  const step = await runner.main({
    registry: suite.registry,
    tags: '1.0',
    outputs: 'type=image,force-layers=true,Some_Day=1',
    'cache-to': 'type=local,dest=cache,new=1',
    provenance: 'mode=max,slsa=v1,mod=x',
  });
  expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
  expect(step.log).toContain('"mod", which goes to buildx as it is. If it is a typing error, write "mode".');
  const build = runner.commands().find(({ args }) => args.includes('--output'))?.args ?? [];
  expect(build).toContain('type=image,force-layers=true,Some_Day=1,push=true');
  expect(build).toContain('type=local,dest=cache,new=1,ignore-error=true');
  expect(build.join(' ')).toContain('type=provenance,mode=max,slsa=v1,mod=x,builder-id=');
});

describe('bad input is found before anything is built', () => {
  test.each([
    ['a cache without a type', { 'cache-from': 'ref=a/b' }, 'INPUT_INVALID', 'without a type'],
    ['an output without a type', { outputs: 'dest=out' }, 'INPUT_INVALID', 'without a type'],
    ['a misspelt credential', { 'cache-to': 'type=gha,tokne=canary' }, 'INPUT_INVALID', 'looks like "token"'],
    ['a mode of provenance that there is not', { provenance: 'mode=most' }, 'INPUT_INVALID', 'min or max'],
    ['quotation marks that do not pair', { secrets: '"key=value' }, 'INPUT_INVALID', '`secrets` is not a list'],
    [
      'a field that is half quoted',
      { 'cache-to': 'type=registry,"ref=x' },
      'INPUT_INVALID',
      '`cache-to` is not a list',
    ],
    ['a secret file that is not there', { 'secret-files': 'key=absent.txt' }, 'SECRET_MISSING', '"absent.txt"'],
    ['a variable that is not set', { 'secret-envs': 'key=NOBODY_SET' }, 'SECRET_MISSING', 'NOBODY_SET'],
    ['an SSH agent that does not run', { ssh: 'default' }, 'SECRET_MISSING', 'SSH_AUTH_SOCK'],
    ['a secret without a value', { secrets: 'key=' }, 'SECRET_MISSING', '"key", which is empty'],
    ['a secret that is given twice', { secrets: 'key=a\nkey=b' }, 'INPUT_INVALID', '"key" is given twice'],
    ['a platform that does not exist', { platforms: 'linux/vax' }, 'PLATFORM_INVALID', '"linux/vax"'],
    ['a builder that has no name', { builder: 'my builder' }, 'INPUT_INVALID', '"my builder"'],
    ['an endpoint without a port', { builder: 'tcp://buildkit.example' }, 'INPUT_INVALID', 'tcp://HOST:PORT'],
    ['an endpoint of an unknown kind', { builder: 'http://x:1' }, 'INPUT_INVALID', 'http://x:1'],
    ['endpoints of two kinds', { builder: 'tcp://x:1\nkubernetes://' }, 'INPUT_INVALID', 'of one kind'],
    ['load with several platforms', { load: 'true', platforms: 'linux/amd64,linux/arm64' }, 'ENGINE_CANNOT', 'load'],
    [
      'an output that pushes where nothing is pushed',
      { push: 'false', outputs: 'type=registry' },
      'INPUTS_CONTRADICT',
      '`push` is false',
    ],
    [
      'an output that does not push what is pushed',
      { outputs: 'type=image,push=false' },
      'INPUTS_CONTRADICT',
      'does push',
    ],
    ['an output with a name of its own', { outputs: 'type=image,name=x/y' }, 'INPUTS_CONTRADICT', '"name"'],
    ['a compression that there is not', { compression: 'lzma' }, 'INPUT_INVALID', 'gzip, zstd or estargz'],
    ['a level that there is not', { compression: 'gzip,level=10' }, 'INPUT_INVALID', '0 to 9'],
    [
      'a credential on a command line',
      { 'cache-to': 'type=azblob,secret_access_key=canary' },
      'INPUT_INVALID',
      'command line',
    ],
    ['a buildx that nobody vouches for', { 'buildx-version': '0.99.0' }, 'INPUT_INVALID', 'VERSION@sha256:HEX'],
    ['an engine that there is not', { engine: 'kaniko' }, 'INPUT_INVALID', '`docker`'],
    ['a limit without a number', { ulimit: 'nofile=many' }, 'INPUT_INVALID', 'nofile=1024:4096'],
    ['an entitlement that there is not', { allow: 'root' }, 'INPUT_INVALID', 'security.insecure'],
    ['a build context that is not there', { 'build-contexts': 'x=absent' }, 'CONTEXT_MISSING', 'x=absent'],
    ['two attestations of a kind', { sbom: 'true', attests: 'type=sbom' }, 'INPUT_INVALID', 'given twice'],
  ] as const)('%s', async (_title, inputs, code, says) => {
    const runner = aRunner();
    const step = await runner.main({ registry: suite.registry, tags: '1.0', ...inputs });
    expect(step).toMatchObject({ exitCode: 1, code });
    expect(step.failure).toContain(says);
    expect(step.failure).not.toContain('canary');
    expect(runner.commands().filter(({ args }) => args.includes('build'))).toEqual([]);
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });

  test('all of it is reported at once', async () => {
    const step = await aRunner().main({
      registry: suite.registry,
      secrets: 'x',
      platforms: 'x/y',
      network: 'a b',
      'secret-envs': 'k=NO',
    });
    expect(step.code).toBe('INPUTS_INVALID');
    for (const part of ['`secrets`', '"x/y"', '`network`']) expect(step.failure).toContain(part);
  });

  test('an output that pushes on a pull request says why nothing is pushed', async () => {
    const step = await aRunner(undefined, { event: pullRequest(7) }).main({
      registry: suite.registry,
      outputs: 'type=image,push=true',
    });
    expect(step).toMatchObject({ exitCode: 1, code: 'INPUTS_CONTRADICT' });
    expect(step.failure).toContain('pull request 7');
  });
});

test('credentials of a cache reach buildx by its environment', async () => {
  const { environment } = await lab['engine-containerd']();
  const runner = aRunner(undefined, { engine: environment });
  const entry =
    'type=s3,region=x,bucket=b,endpoint_url=http://127.0.0.1:9,access_key_id=canary-id,secret_access_key=canary-key';
  const step = await runner.main({ registry: suite.registry, tags: '1.0', 'cache-from': entry });
  for (const { args } of runner.commands()) expect(args.join(' ')).not.toContain('canary');
  const build = runner.commands().find(({ program, args }) => program === 'docker-buildx' && args[0] === 'build');
  expect(build?.env).toMatchObject({ AWS_ACCESS_KEY_ID: 'canary-id', AWS_SECRET_ACCESS_KEY: 'canary-key' });
  expect(step.outputs.plan ?? '').not.toContain('canary');
});
