/**
 * Every GitHub product: the bundled action publishes with no more than the run tells it, crane finds what it published, and
 * `pull/` gets it back. The hosts are those of the lab's GitHub, under their real names where the machine allows it.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openGitHubLab } from '../support/github-lab.ts';
import { parseFileEntries } from '../support/runner-files.ts';
import { type Runner, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const github = await openGitHubLab();
const { action } = openSuite();
afterAll(() => github[Symbol.dispose]());

interface Row {
  readonly what: string;
  readonly product: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly registry: string;
  /** Part of what the plan gives as its reason. */
  readonly reason: string;
}

const { owner, repository } = github;
const rows: readonly Row[] = [
  { what: 'github.com', product: 'github.com', registry: 'ghcr.io', reason: 'github.com' },
  {
    what: 'Enterprise Cloud with data residency',
    product: 'octo.ghe.com',
    registry: 'containers.octo.ghe.com',
    reason: 'data residency at octo.ghe.com',
  },
  {
    what: 'Enterprise Server with the Container registry',
    product: 'ghes.test',
    registry: 'containers.ghes.test',
    reason: 'containers.ghes.test of GitHub Enterprise Server 3.20.1 at ghes.test answers as a registry',
  },
  {
    what: 'Enterprise Server with subdomain isolation alone, whose containers.* leads to the login page',
    product: 'isolated.test',
    registry: 'docker.isolated.test',
    reason: 'containers.isolated.test/v2/ answers 302 (text/html), not as a registry does',
  },
  {
    what: 'Enterprise Server with subdomain isolation alone, whose containers.* shows a page',
    product: 'isolated-page.test',
    registry: 'docker.isolated-page.test',
    reason: 'containers.isolated-page.test/v2/ answers 200 (text/html), not as a registry does',
  },
  {
    what: 'Enterprise Server with subdomain isolation alone, whose containers.* does not know the page',
    product: 'isolated-missing.test',
    registry: 'docker.isolated-missing.test',
    reason: 'containers.isolated-missing.test/v2/ answers 404 (text/html), not as a registry does',
  },
  {
    what: 'Enterprise Server without subdomain isolation',
    product: 'bare.test',
    registry: 'bare.test',
    reason: 'bare.test of GitHub Enterprise Server 3.20.1 at bare.test answers as a registry',
  },
  {
    what: 'GHAE, by `registry: docker`',
    product: 'ghes.test',
    inputs: { registry: 'docker' },
    registry: 'docker.ghes.test',
    reason: 'it is the Docker registry of GitHub Enterprise Server at ghes.test',
  },
  {
    what: 'the legacy registry of github.com, by `registry: docker`',
    product: 'github.com',
    inputs: { registry: 'docker' },
    registry: 'docker.pkg.github.com',
    reason: 'it is the Docker registry of github.com',
  },
  {
    what: 'a host that is named',
    product: 'ghes.test',
    inputs: { registry: 'docker.ghes.test' },
    registry: 'docker.ghes.test',
    reason: '`registry` names it',
  },
  {
    what: 'another product, by its host and a classic token of its own',
    product: 'ghes.test',
    inputs: { registry: 'ghcr.io', token: github.token('github.com', 'classic') },
    registry: 'ghcr.io',
    reason: '`registry` names it',
  },
];

/** The rows that the machine allows: on loopback ports every registry has the same name, so all of them must be named. */
const onPorts: readonly Row[] = ['ghcr.io', 'docker.ghes.test'].map((host) => ({
  what: `a host that is named, as ${host}`,
  product: 'github.com',
  inputs: {
    registry: github.hosts[host] ?? '',
    'registry-auth': JSON.stringify([
      { registry: github.hosts[host], username: 'octocat', password: github.token('github.com', 'readWrite') },
    ]),
  },
  registry: github.hosts[host] ?? '',
  reason: '`registry` names it',
}));
const possible = github.mode === 'namespace' ? rows : onPorts.slice(0, 1);

function write(runner: Runner, text: string): void {
  runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /hello.txt\n');
  runner.write('hello.txt', text);
}

describe.each(possible)('$what', ({ product, registry, reason, ...row }) => {
  const image = uniqueName('app');
  const isLegacy = github.mode === 'namespace' && /^(?:docker\.|bare\.)/.test(registry);
  const path = isLegacy ? `${owner}/${repository}/${image}` : `${owner}/${image}`;
  const runner = github.newRunner(action, product, github.token(product, 'readWrite'));
  const inputs: Readonly<Record<string, string>> = { image, tags: '1.0\nstable', ...row.inputs };
  let outputs: Readonly<Record<string, string>> = {};

  test('the image is published, and its reference, digest and path are in the outputs', async () => {
    write(runner, `Hello from ${image}\n`);
    const { exitCode, log, commands, ...step } = await runner.main(inputs);
    outputs = step.outputs;
    expect(exitCode === 0 ? '' : log).toBe('');
    const told = commands.filter(({ name }) => ['error', 'warning', 'notice'].includes(name)).map(({ data }) => data);
    // GitHub has announced its end.
    const isClosing = registry === 'docker.pkg.github.com';
    // Of github.com, where a repository may be public and a new package is not.
    const isHidden = product === 'github.com' && registry === 'ghcr.io';
    expect(told).toEqual([
      ...(isClosing ? [expect.stringContaining('closes on 2025-02-24')] : []),
      ...(isHidden ? [expect.stringContaining(`nobody can pull ${registry}/${path} without a login`)] : []),
    ]);
    expect(outputs).toMatchObject({
      registry,
      repository: path,
      image: `${registry}/${path}:1.0`,
      tags: `${registry}/${path}:1.0\n${registry}/${path}:stable`,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      reference: `${registry}/${path}@${outputs.digest}`,
      published: 'true',
      reason: '',
    });
    const page = outputs['package-url'] ? `Package ${outputs['package-url']}\n` : '';
    expect(log).toContain(`Published ${outputs.reference} as 1.0, stable\n${page}`);
  });

  test('the plan and the log say why it goes there', () => {
    const [destination] = JSON.parse(outputs.plan ?? '{}').destinations;
    expect(destination.registry).toMatchObject({ registry, isAssumed: false });
    expect(destination.registry.reason).toContain(reason);
  });

  test('crane finds it under both tags', async () => {
    const name = `${registry}/${path}`;
    expect(await github.client.digestOf(`${name}:1.0`)).toBe(outputs.digest);
    expect(await github.client.digestOf(`${name}:stable`)).toBe(outputs.digest);
    expect(await github.client.contentOf(`${name}:1.0`, 'hello.txt')).toBe(`Hello from ${image}\n`);
  });

  test('`pull/` gets it back with a token that only reads', async () => {
    const token = github.token(registry === 'ghcr.io' ? 'github.com' : product, 'readOnly');
    const reader = github.newRunner(action, product, '');
    const output = join(reader.temp, 'outputs');
    writeFileSync(output, '');
    const given: Readonly<Record<string, string>> = { token, ...inputs, tag: '1.0' };
    const names = ['registry', 'registry-auth', 'image', 'tag', 'token'];
    const env = Object.fromEntries(
      names.map((name) => [`INPUT_${name.toUpperCase()}`, given[name] ?? (name === 'registry' ? 'auto' : '')]),
    );
    const { exitCode, log } = await reader.run([process.execPath, join(action.folder, 'dist/pull.js')], {
      ...env,
      GITHUB_OUTPUT: output,
    });
    expect(exitCode === 0 ? '' : log).toBe('');
    const pulled = parseFileEntries(readFileSync(output, 'utf8'));
    expect(pulled).toMatchObject({ image: `${registry}/${path}:1.0`, digest: outputs.digest });
  });

  test('nothing of the login is left, and no token went to a host of another product', () => {
    expect(runner.filesIn(runner.temp).filter((file) => !file.includes('.server.'))).toEqual([]);
    // Other suites send tokens where they do not belong, on purpose: only this image counts.
    const tokens = github.requests().filter(({ path: where, as }) => where.includes(image) && as.includes(' of '));
    expect(tokens.length).toBeGreaterThan(0);
    if (github.mode === 'ports') return;
    expect(tokens.filter(({ as, host }) => !isOf(host, as.split(' of ')[1] ?? ''))).toEqual([]);
  });
});

/** Whether a host belongs to a product. */
function isOf(host: string, product: string): boolean {
  return (
    host === product ||
    host.endsWith(`.${product}`) ||
    (product === 'github.com' && ['ghcr.io', 'docker.pkg.github.com'].includes(host))
  );
}

const inNamespace = github.mode === 'namespace' ? describe : describe.skip;

inNamespace('the hosts of an Enterprise Server', () => {
  const asked = (since: number, product: string) =>
    github.requests().filter(({ time, host }) => time >= since && isOf(host, product));

  test('are asked side by side, without a token, and once a job', async () => {
    const server = 'isolated-page.test';
    const runner = github.newRunner(action, server, github.token(server, 'readWrite'));
    write(runner, 'Once\n');
    // Other suites ask the same hosts meanwhile, but none asks the server itself.
    const probes = (since: number) =>
      asked(since, server).filter(({ path, agent }) => path === '/v2/' && agent === 'publish-docker-package');
    const begun = Date.now();
    const [image, tags] = [uniqueName('app'), '1'];
    expect((await runner.main({ image, tags })).exitCode).toBe(0);
    const hosts = new Set(probes(begun).map(({ host }) => host));
    expect([...hosts].sort()).toEqual([`containers.${server}`, `docker.${server}`, server]);
    expect(new Set(probes(begun).map(({ as }) => as))).toEqual(new Set(['']));
    const again = Date.now();
    const { exitCode, outputs } = await runner.main({ image, tags });
    expect({ exitCode, registry: outputs.registry }).toEqual({ exitCode: 0, registry: `docker.${server}` });
    expect(probes(again).filter(({ host }) => host === server)).toEqual([]);
  });

  test('that take connections and answer nothing cost no more than 3 s, and docker.HOST is assumed', async () => {
    const runner = github.newRunner(action, 'slow.test', github.token('slow.test', 'readWrite'));
    write(runner, 'Never\n');
    const begun = performance.now();
    const { process: step, ended } = runner.start({ tags: '1', push: 'false' });
    const planned = await new Promise<string>((resolve) => {
      let log = '';
      step.stdout?.on('data', (text: string) => {
        log += text;
        if (/^Registry .*$/m.test(log)) resolve(log);
      });
    });
    const seconds = (performance.now() - begun) / 1000;
    step.kill();
    await ended;
    process.stderr.write(`Three hosts that never answer: the plan was there after ${seconds.toFixed(2)} s.\n`);
    expect(planned).toMatch(
      /^Registry +docker\.slow\.test +assumed: no host of GitHub Enterprise Server at slow\.test /m,
    );
    expect(seconds).toBeGreaterThan(3);
    // Less than the three one after another.
    expect(seconds).toBeLessThan(9);
  });

  test('are left in peace by a dry run, which assumes docker.HOST', async () => {
    // Hardly any other suite asks this one.
    const server = 'isolated-page.test';
    const runner = github.newRunner(action, server, github.token(server, 'readWrite'));
    write(runner, 'Dry\n');
    const begun = Date.now();
    const { exitCode, outputs } = await runner.main({ 'dry-run': 'true' });
    expect({ exitCode, registry: outputs.registry }).toEqual({ exitCode: 0, registry: `docker.${server}` });
    expect(JSON.parse(outputs.plan ?? '{}').destinations[0].registry.isAssumed).toBe(true);
    expect(asked(begun, server).filter(({ agent }) => agent === 'publish-docker-package')).toEqual([]);
  });
});

(github.mode === 'namespace' ? test : test.skip)(
  'a CA that the system of the runner trusts needs no NODE_EXTRA_CA_CERTS',
  async () => {
    const token = github.token('ghes.test', 'readWrite');
    const runner = github.newRunner(action, 'ghes.test', token, { env: { NODE_EXTRA_CA_CERTS: '' } });
    write(runner, 'Hello\n');
    const step = await runner.main({ image: uniqueName('app'), tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { registry: 'containers.ghes.test' } });
  },
);

(github.mode === 'namespace' ? describe : describe.skip)('from a public repository', () => {
  const publish = (image: string, registry = 'auto') => {
    const runner = github.newRunner(action, 'github.com', github.token('github.com', 'readWrite'));
    write(runner, `Hello from ${image}\n`);
    return runner.main({ image, registry, tags: uniqueName('1.0') });
  };
  const noticesOf = ({ commands }: Awaited<ReturnType<typeof publish>>) =>
    commands.filter(({ name }) => name === 'notice').map(({ data }) => data);

  test('a package that nobody else can pull is told of, with the page of its settings, in the log and the summary', async () => {
    const image = uniqueName('hidden');
    const step = await publish(image);
    const settings = `https://github.com/orgs/${owner}/packages/container/${image}/settings`;
    expect(noticesOf(step)).toEqual([expect.stringContaining(settings)]);
    expect(step.summary.replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))).toContain(settings);
  });

  test('a package that is public is not', async () => {
    expect(noticesOf(await publish(github.publicImage))).toEqual([]);
  });
});
