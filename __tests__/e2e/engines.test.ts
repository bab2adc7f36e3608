/** What the engine of the runner can do, cannot do, or does not answer to. */

import { describe, expect, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { type RunnerOptions, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'busybox', 'client');

function aRunner(options: RunnerOptions, dockerfile = 'FROM scratch\nCOPY hello.txt /hello.txt\n') {
  const repository = `octo-org/${uniqueName('app')}`;
  const runner = suite.action.newRunner({ repository, token: 'ghs_canary', ...options });
  runner.write('Dockerfile', dockerfile);
  runner.write('hello.txt', 'Hello\n');
  return runner;
}

describe('several platforms', () => {
  const platforms = 'linux/amd64,linux/arm64\nlinux/arm/v7';

  test('on the containerd image store are one index, whose digest and platforms are the outputs', async () => {
    const { environment: engine } = await lab['engine-containerd']();
    const { registry, client } = suite;
    const runner = aRunner({ engine });
    const { exitCode, failure, outputs } = await runner.main({ registry, tags: '1.0\nlatest', platforms });
    expect({ exitCode, failure }).toEqual({ exitCode: 0, failure: '' });
    const { manifests } = await client.manifestOf(outputs.reference ?? '');
    const found = Array.isArray(manifests)
      ? manifests.map(({ digest, platform: { os, architecture, variant } }) => [
          [os, architecture, variant].filter(Boolean).join('/'),
          digest,
        ])
      : [];
    expect(JSON.parse(outputs.platforms ?? '')).toEqual(Object.fromEntries(found));
    expect(found.map(([platform]) => platform).sort()).toEqual(['linux/amd64', 'linux/arm/v7', 'linux/arm64']);
    expect(await client.digestOf(`${registry}/${outputs.repository}:latest`)).toBe(outputs.digest);
    expect(await client.contentOf(outputs.reference ?? '', 'hello.txt', 'linux/arm64')).toBe('Hello\n');
  });
});

describe('a Docker without buildx', () => {
  test('builds, tags and pushes with the classic commands', async () => {
    const { environment: engine } = await lab['engine-20.10']();
    const { registry, client } = suite;
    const runner = aRunner({ engine });
    const { exitCode, failure, log, outputs } = await runner.main({ registry, tags: '1.0\n1\nlatest' });
    expect({ exitCode, failure }).toEqual({ exitCode: 0, failure: '' });
    expect(log).toContain('because the Docker CLI of this runner has no buildx plugin, but a BuildKit of its own');
    expect(await client.tagsOf(`${registry}/${outputs.repository}`)).toEqual(['1', '1.0', 'latest']);
    for (const reference of outputs.tags?.split('\n') ?? [])
      expect(await client.digestOf(reference)).toBe(outputs.digest);
    expect(await client.contentOf(outputs.reference ?? '', 'hello.txt')).toBe('Hello\n');
    expect(outputs).toMatchObject({ published: 'true', metadata: '', imageid: expect.stringMatching(/^sha256:/) });
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });

  test('quotes the step of the Dockerfile that fails', async () => {
    const { environment: engine } = await lab['engine-20.10']();
    const { registry } = suite;
    const step = await aRunner({ engine }, 'FROM scratch\nCOPY missing.txt /\n').main({ registry, tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED' });
    expect(step.failure).toContain('COPY missing.txt /');
  });
});

describe('a Dockerfile that fails', () => {
  test('is quoted with its file, line and instruction, and what the command printed', async () => {
    const { engine, registry, busybox, client } = suite;
    const runner = aRunner({ engine }, `FROM ${busybox}\nCOPY hello.txt /\nRUN echo about to break && exit 7\n`);
    const step = await runner.main({ registry, tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED', outputs: {} });
    expect(step.failure).toContain('The build failed at Dockerfile:3 in `RUN echo about to break && exit 7`');
    expect(step.failure).toContain('exit code: 7');
    expect(step.log).toContain('about to break');
    expect(runner.filesIn(runner.temp)).toEqual([]);
    await expect(client.tagsOf(`${registry}/${step.outputs.repository}`)).rejects.toThrow();
  });

  test('is quoted when it cannot even be read', async () => {
    const { engine, registry } = suite;
    const step = await aRunner({ engine }, 'FROM scratch\nCOPPY hello.txt /\n').main({ registry, tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED' });
    expect(step.failure).toContain('Dockerfile:2');
    expect(step.failure).toContain('COPPY');
  });
});

describe('an engine that is down', () => {
  test.each(['unix:///nonexistent/docker.sock', 'tcp://127.0.0.1:9'])('at %s is named', async (DOCKER_HOST) => {
    const { engine, registry } = suite;
    const runner = aRunner({ engine: { ...engine, DOCKER_HOST } });
    const step = await runner.main({ registry, tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 1, code: 'ENGINE_DOWN' });
    expect(step.failure).toContain('Start the Docker daemon');
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });

  test('because there is no docker at all is named', async () => {
    const step = await aRunner({ engine: { PATH: '/nonexistent', DOCKER_HOST: 'tcp://127.0.0.1:9' } }).main({
      registry: suite.registry,
      tags: '1.0',
    });
    expect(step).toMatchObject({ exitCode: 1, code: 'ENGINE_MISSING', failure: expect.stringContaining('"docker"') });
  });
});
