/** Builders of their own: by name, remote, of several nodes; and what is said when one is not there. */

import { mkdtempSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BuildKit, type Certificates, makeCertificates, startBuildKit } from '../support/buildkit.ts';
import { pullRequest } from '../support/event.ts';
import { type Runner, type RunnerOptions, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'login', 'busybox', 'client');
let first: BuildKit;
let second: BuildKit;

beforeAll(async () => {
  [first, second] = await Promise.all([startBuildKit(), startBuildKit()]);
});
afterAll(() => Promise.all([first?.[Symbol.asyncDispose](), second?.[Symbol.asyncDispose]()]));

function aRunner(dockerfile = 'FROM scratch\nCOPY hello.txt /hello.txt\n', options: RunnerOptions = {}): Runner {
  const repository = `octo-org/${uniqueName('app')}`;
  const runner = suite.action.newRunner({ engine: suite.engine, repository, token: 'ghs_canary', ...options });
  runner.write('Dockerfile', dockerfile);
  runner.write('hello.txt', 'Hello\n');
  return runner;
}

function verbs(runner: Runner): readonly (readonly string[])[] {
  return runner
    .commands()
    .filter(({ program }) => program === 'docker-buildx')
    .map(({ args }) => args.slice(0, 2));
}

describe('a remote BuildKit', () => {
  test('builds, and neither it nor its name is left on the runner', async () => {
    const runner = aRunner();
    const step = await runner.main({ registry: suite.registry, tags: '1.0', builder: first.endpoint });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(step.log).toContain(`because \`builder\` names ${first.endpoint}`);
    expect(await suite.client.contentOf(step.outputs.reference ?? '', 'hello.txt')).toBe('Hello\n');
    expect(JSON.parse(step.outputs.platforms ?? '')).toEqual({ 'linux/amd64': step.outputs.digest });
    expect(step.outputs.imageid).toMatch(/^sha256:/);
    expect(verbs(runner).map(([verb]) => verb)).toEqual(['create', 'build', 'rm']);
    expect(runner.filesIn(join(runner.home, '.docker')).filter((path) => path.includes('buildx/'))).toEqual([]);
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });

  test('needs no Docker engine on the runner', async () => {
    const { engine, registry } = suite;
    const runner = aRunner(undefined, { engine: { ...engine, DOCKER_HOST: 'tcp://127.0.0.1:9' } });
    expect(await runner.main({ registry, tags: '1.0', builder: first.endpoint })).toMatchObject({ exitCode: 0 });
  });

  test('needs no Docker CLI on the runner: the step logs in without it, and leaves no login', async () => {
    const { engine, login } = suite;
    // What a container for a runner has: Node, and buildx where Docker's configuration says.
    const folder = mkdtempSync(join(suite.action.folder, 'path-'));
    symlinkSync(process.execPath, join(folder, 'node'));
    const runner = aRunner(undefined, { engine: { DOCKER_CONFIG: engine.DOCKER_CONFIG ?? '', PATH: folder } });
    expect(await runner.run([process.execPath, '-e', "require('child_process').execFileSync('docker')"])).toMatchObject(
      {
        exitCode: 1,
      },
    );
    const step = await runner.main({ ...login, tags: '1.0\n2.0', builder: first.endpoint });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(await suite.client.contentOf(step.outputs.reference ?? '', 'hello.txt')).toBe('Hello\n');
    expect(runner.filesIn(runner.temp)).toEqual([]);

    const refused = await runner.main({ ...login, token: 'canary-wrong', tags: '1.0', builder: first.endpoint });
    expect(refused).toMatchObject({ exitCode: 1, code: expect.stringMatching(/^(?:LOGIN_REFUSED|TOKEN_REJECTED)$/) });
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });

  test('is removed when the build fails, too', async () => {
    const runner = aRunner('FROM scratch\nCOPY missing.txt /\n');
    const step = await runner.main({ registry: suite.registry, tags: '1.0', builder: first.endpoint });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED' });
    expect(verbs(runner).map(([verb]) => verb)).toEqual(['create', 'build', 'rm']);
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });

  test('that the step was killed with is removed by post', async () => {
    const runner = aRunner(`FROM ${suite.busybox}\nRUN sleep 30\n`);
    const running = runner.start({ registry: suite.registry, tags: '1.0', builder: first.endpoint });
    while (!verbs(runner).some(([verb]) => verb === 'build')) await new Promise((resolve) => setTimeout(resolve, 50));
    running.process.kill('SIGKILL');
    const step = await running.ended;
    // The runner ends what a step leaves running before it goes on.
    for (const { pid, args } of runner.commands()) if (args[0] === 'build') process.kill(pid, 'SIGKILL');
    expect(await runner.post(step)).toMatchObject({ exitCode: 0, stdout: '' });
    expect(verbs(runner).at(-1)?.[0]).toBe('rm');
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });

  describe('behind TLS', () => {
    let secure: BuildKit;
    let certificates: Certificates;
    beforeAll(async () => {
      certificates = await makeCertificates(mkdtempSync(join(suite.action.folder, 'tls-')));
      const at = (name: string): string => join(certificates.folder, name);
      const files = ['--tlscacert', at('ca.pem'), '--tlscert', at('cert.pem'), '--tlskey', at('key.pem')];
      secure = await startBuildKit(files);
    });
    afterAll(async () => secure?.[Symbol.asyncDispose]());

    test('is reached with the certificates of the environment, which no command and no file keeps', async () => {
      const runner = aRunner();
      const { ca, cert, key } = certificates;
      const step = await runner.main(
        { registry: suite.registry, tags: '1.0', builder: secure.endpoint },
        { BUILDER_NODE_0_AUTH_TLS_CACERT: ca, BUILDER_NODE_0_AUTH_TLS_CERT: cert, BUILDER_NODE_0_AUTH_TLS_KEY: key },
      );
      expect(step).toMatchObject({ code: '', exitCode: 0 });
      const secret = key.split('\n')[1] ?? '-';
      for (const { args, env } of runner.commands()) expect(JSON.stringify([args, env])).not.toContain(secret);
      expect(runner.filesIn(runner.temp)).toEqual([]);
    });

    test('is not reached without', async () => {
      const step = await aRunner().main({ registry: suite.registry, tags: '1.0', builder: secure.endpoint });
      expect(step).toMatchObject({ exitCode: 1, code: 'BUILDER_DOWN' });
      expect(step.failure).toContain('BUILDER_NODE_0_AUTH_TLS_CACERT');
    });
  });
});

describe('two nodes', () => {
  test('share the platforms between them', async () => {
    const runner = aRunner(`FROM --platform=$BUILDPLATFORM scratch\nARG TARGETARCH\nCOPY hello.txt /$TARGETARCH.txt\n`);
    const step = await runner.main({
      registry: suite.registry,
      tags: '1.0',
      platforms: 'linux/amd64,linux/arm64',
      builder: `${first.endpoint},platforms=linux/amd64\n${second.endpoint},platforms=linux/arm64`,
    });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(Object.keys(JSON.parse(step.outputs.platforms ?? '')).sort()).toEqual(['linux/amd64', 'linux/arm64']);
    expect(await suite.client.contentOf(step.outputs.reference ?? '', 'arm64.txt', 'linux/arm64')).toBe('Hello\n');
    expect(verbs(runner).filter(([verb]) => verb === 'create')).toHaveLength(2);
    const [ofFirst, ofSecond] = await Promise.all([first.records(), second.records()]);
    expect(ofFirst).toContain('COPY hello.txt /amd64.txt');
    expect(ofFirst).not.toContain('/arm64.txt');
    expect(ofSecond).toContain('COPY hello.txt /arm64.txt');
    expect(ofSecond).not.toContain('/amd64.txt');
  });

  test('of which one dies during the build: the error says which', async () => {
    const dying = await startBuildKit();
    try {
      const runner = aRunner(`FROM ${suite.busybox} AS amd64\nRUN sleep 20\nFROM scratch AS arm64\nCOPY hello.txt /\n`);
      const running = runner.start({
        registry: suite.registry,
        tags: '1.0',
        target: 'amd64',
        builder: `${dying.endpoint}\n${second.endpoint},platforms=linux/arm64`,
      });
      while (!verbs(runner).some(([verb]) => verb === 'build')) await new Promise((resolve) => setTimeout(resolve, 50));
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await dying.kill();
      const step = await running.ended;
      expect(step).toMatchObject({ exitCode: 1, code: 'BUILDER_DOWN' });
      expect(step.failure).toContain(dying.endpoint);
      expect(step.failure).not.toContain(second.endpoint);
      expect(runner.filesIn(runner.temp)).toEqual([]);
    } finally {
      await dying[Symbol.asyncDispose]();
    }
  });
});

describe('what is not there is named before the build', () => {
  test('an endpoint at which nothing listens, beside one that answers', async () => {
    const { registry } = suite;
    const runner = aRunner();
    const step = await runner.main({ registry, tags: '1.0', builder: `${first.endpoint}\ntcp://127.0.0.1:9` });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILDER_DOWN' });
    expect(step.failure).toContain('1 of 2 nodes of the builder do not answer: tcp://127.0.0.1:9');
    expect(verbs(runner)).toEqual([]);
  });

  test('an endpoint that does not answer, after 10 s', async () => {
    // It takes connections and says nothing.
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const endpoint = `tcp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    const started = performance.now();
    const runner = aRunner();
    const step = await runner.main({ registry: suite.registry, tags: '1.0', builder: endpoint });
    server.close();
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILDER_DOWN' });
    expect(step.failure).toContain(`${endpoint} (no answer within 10 s)`);
    expect(performance.now() - started).toBeLessThan(60_000);
    expect(verbs(runner)).toEqual([]);
  });

  test('a name that no builder has', async () => {
    const step = await aRunner().main({ registry: suite.registry, tags: '1.0', builder: 'nobody' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILDER_MISSING' });
    expect(step.failure).toContain('it has default');
  });
});

describe('a builder that an earlier step made', () => {
  async function withBuilder(): Promise<Runner> {
    const runner = aRunner();
    const made = await runner.run([
      'docker',
      'buildx',
      'create',
      '--name',
      'mine',
      '--driver',
      'remote',
      first.endpoint,
    ]);
    expect(made.exitCode).toBe(0);
    return runner;
  }

  test('is used by its name, and stays', async () => {
    const { registry } = suite;
    const runner = await withBuilder();
    const step = await runner.main({ registry, tags: '1.0', builder: 'mine', platforms: 'linux/amd64,linux/arm64' });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(step.log).toContain('`builder` names "mine" (remote)');
    expect(verbs(runner).filter(([verb]) => verb === 'rm')).toEqual([]);
    const { exitCode } = await runner.run(['docker', 'buildx', 'inspect', 'mine']);
    expect(exitCode).toBe(0);
  });

  test('is used when it was selected', async () => {
    const runner = await withBuilder();
    await runner.run(['docker', 'buildx', 'use', 'mine']);
    const step = await runner.main({ registry: suite.registry, tags: '1.0' });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(step.log).toContain('the builder "mine" is selected on this runner');
  });

  test('"default" is the engine’s own BuildKit, whatever was selected', async () => {
    const runner = await withBuilder();
    await runner.run(['docker', 'buildx', 'use', 'mine']);
    const step = await runner.main({ registry: suite.registry, tags: '1.0', builder: 'default' });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(step.log).toContain('using docker driver');
  });
});

describe('the cache of `cache: registry`', () => {
  const dockerfile = (nonce: string): string => `FROM ${suite.busybox}\nRUN echo ${nonce} && sleep 0.2 > /slow.txt\n`;

  test('spares a fresh builder the RUN steps: BuildKit’s own log says so', async () => {
    const nonce = uniqueName('nonce');
    const runner = aRunner(dockerfile(nonce));
    const inputs = { registry: suite.registry, tags: '1.0', cache: 'registry' };
    const one = await startBuildKit();
    const two = await startBuildKit();
    try {
      const before = await runner.main({ ...inputs, builder: one.endpoint });
      const after = await runner.main({ ...inputs, builder: two.endpoint });
      expect([before.exitCode, after.exitCode]).toEqual([0, 0]);
      const step = (log: string): string => /^#(\d+) \[[^\]]*2\/2\] RUN/m.exec(log)?.[1] ?? '';
      expect(before.log).not.toMatch(new RegExp(`^#${step(before.log)} CACHED`, 'm'));
      expect(after.log).toMatch(new RegExp(`^#${step(after.log)} CACHED`, 'm'));
      expect(after.log).not.toContain(`0.0 ${nonce}`);
    } finally {
      await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
    }
  });

  test('is read and not written by a pull request', async () => {
    const { registry, client } = suite;
    const runner = aRunner(dockerfile(uniqueName('nonce')), { event: pullRequest(7) });
    const step = await runner.main({ registry, push: 'true', cache: 'registry', builder: first.endpoint });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(await client.tagsOf(`${registry}/${step.outputs.repository}`)).toEqual(['pr-7']);
    expect(step.log).toContain(':buildcache-main, write to nothing');
  });

  test('that cannot be written is a warning, not a failed publish', async () => {
    const runner = aRunner(dockerfile(uniqueName('nonce')));
    const step = await runner.main({
      registry: suite.registry,
      tags: '1.0',
      builder: first.endpoint,
      'cache-to': 'type=registry,ref=127.0.0.1:9/nobody/cache,mode=max',
    });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    expect(await suite.client.digestOf(step.outputs.image ?? '')).toBe(step.outputs.digest);
    const warnings = step.commands.filter(({ name }) => name === 'warning').map(({ data }) => data);
    expect(warnings).toEqual([expect.stringContaining('The cache could not be written')]);
  });

  test('that cannot be written is a warning even where BuildKit makes it an error', async () => {
    const runner = aRunner(dockerfile(uniqueName('nonce')));
    const step = await runner.main({
      registry: suite.registry,
      tags: '1.0',
      builder: first.endpoint,
      'cache-to': 'type=registry,ref=127.0.0.1:9/nobody/cache,ignore-error=false',
    });
    expect(step).toMatchObject({ code: '', exitCode: 0 });
    const warnings = step.commands.filter(({ name }) => name === 'warning').map(({ data }) => data);
    expect(warnings).toEqual([expect.stringContaining('so the image goes without')]);
  });
});
