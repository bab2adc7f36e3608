import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { CommandResult, RunCommand } from '../../../src/engine/command.ts';
import { engineDown, engineSocket, parseEngineFacts, readEngineFacts } from '../../../src/engine/docker-info.ts';
import { formatPlatform } from '../../../src/image/platform.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

// Parts of what `GET /info` of the lab's engines answered.
const docker28 = {
  ID: 'f24bb97a-4c4b-4ab3-8c4b-4f55a3e6c6b1',
  ServerVersion: '28.5.2+dfsg4',
  DriverStatus: [
    ['Backing Filesystem', 'extfs'],
    ['userxattr', 'false'],
  ],
  OSType: 'linux',
  Architecture: 'x86_64',
};
const containerd = { ...docker28, DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] };

describe('an engine describes itself', () => {
  test.each([
    ['with the classic image store', docker28, 'classic'],
    ['with the containerd image store', containerd, 'containerd'],
    ['without a word about it', { ...docker28, DriverStatus: null }, 'classic'],
    ['with a word that is none', { ...docker28, DriverStatus: ['driver-type'] }, 'classic'],
  ])('%s', (_title, info, imageStore) => {
    expect(parseEngineFacts(JSON.stringify(info))).toEqual({
      id: 'f24bb97a-4c4b-4ab3-8c4b-4f55a3e6c6b1',
      serverVersion: '28.5.2+dfsg4',
      imageStore,
      platform: { os: 'linux', architecture: 'amd64' },
      isPodman: false,
      registries: { mirrors: [], insecure: [], insecureNetworks: [] },
    });
  });

  test('that is Podman, which answers in the same form', () => {
    const podman = { ...docker28, ServerVersion: '4.3.1', BuildahVersion: '1.28.2', Architecture: 'amd64' };
    expect(parseEngineFacts(JSON.stringify(podman))).toMatchObject({ serverVersion: '4.3.1', isPodman: true });
  });

  test.each([
    ['x86_64', 'linux/amd64'],
    ['aarch64', 'linux/arm64'],
    ['armv7l', 'linux/arm/v7'],
    ['armv6l', 'linux/arm/v6'],
    ['i686', 'linux/386'],
    ['loongarch64', 'linux/loong64'],
    ['s390x', 'linux/s390x'],
    ['amd64', 'linux/amd64'],
    ['m68k', 'linux/m68k'],
  ])('the machine %s builds for %s', (Architecture, platform) => {
    const facts = parseEngineFacts(JSON.stringify({ ...docker28, Architecture }));
    expect(formatPlatform(facts.platform)).toBe(platform);
  });

  test.each([
    ['no JSON', 'page not found', 'COMMAND_FAILED'],
    ['no object', '[]', 'COMMAND_FAILED'],
    ['an error of the API', '{"message":"authorization denied by plugin"}', 'COMMAND_FAILED'],
    ['no version', '{"ServerVersion":7}', 'COMMAND_FAILED'],
    ['an error of the CLI', '{"ServerErrors":["Cannot connect to the Docker daemon"]}', 'ENGINE_DOWN'],
  ] as const)('%s is an error', (_title, json, code) => {
    expect(() => parseEngineFacts(json)).toThrowCode(code);
  });

  test('the reason why an engine is down is one sentence', () => {
    expect(engineDown('connect ENOENT /x\n').message).toBe('The Docker engine does not answer: connect ENOENT /x.');
    expect(engineDown('Is it running?').message).toBe('The Docker engine does not answer: Is it running?');
    expect(engineDown('It is down.').message).toBe('The Docker engine does not answer: It is down.');
  });
});

describe('the socket that the CLI would use', () => {
  test.each([
    ['the default one', {}, undefined, '/var/run/docker.sock'],
    [
      'the one that DOCKER_HOST names',
      { DOCKER_HOST: 'unix:///run/user/1000/docker.sock' },
      undefined,
      '/run/user/1000/docker.sock',
    ],
    ['the default one, where DOCKER_HOST names none', { DOCKER_HOST: 'unix://' }, undefined, '/var/run/docker.sock'],
    ['the default one, where DOCKER_HOST is empty', { DOCKER_HOST: '' }, undefined, '/var/run/docker.sock'],
    ['none over TCP', { DOCKER_HOST: 'tcp://127.0.0.1:2375' }, undefined, undefined],
    ['none over SSH', { DOCKER_HOST: 'ssh://octocat@example.com' }, undefined, undefined],
    ['none over a named pipe', { DOCKER_HOST: 'npipe:////./pipe/docker_engine' }, undefined, undefined],
    ['none in another context', {}, 'remote', undefined],
    ['none in a context of the environment', { DOCKER_CONTEXT: 'remote' }, undefined, undefined],
    ['the default one in the default context', { DOCKER_CONTEXT: 'default' }, 'remote', '/var/run/docker.sock'],
    ['the default one where the configuration says default', {}, 'default', '/var/run/docker.sock'],
    [
      'that of DOCKER_HOST, which goes before any context',
      { DOCKER_HOST: 'unix:///x', DOCKER_CONTEXT: 'remote' },
      'remote',
      '/x',
    ],
  ])('is %s', (_title, env, currentContext, socket) => {
    expect(engineSocket(env, currentContext, 'linux')).toBe(socket);
  });

  test('is none on Windows, where the engine has a named pipe', () => {
    expect(engineSocket({}, undefined, 'win32')).toBeUndefined();
    expect(engineSocket({ DOCKER_HOST: 'unix:///x' }, undefined, 'win32')).toBe('/x');
  });
});

describe('an engine is asked once', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
  });

  /** An engine on a Unix socket: real HTTP, and no more than `/info`. */
  async function anEngine(answer: (end: (text: string) => void, destroy: () => void) => void): Promise<string> {
    const path = join(temporaryFolder(), 'docker.sock');
    server = createServer((request, response) => {
      expect(request.url).toBe('/info');
      answer(
        (text) => response.end(text),
        () => response.socket?.destroy(),
      );
    });
    await new Promise<void>((resolve) => server?.listen(path, resolve));
    return path;
  }
  const { signal } = new AbortController();
  const noCommand = () => Promise.reject(new Error('no command is to be run'));

  test('at its socket', async () => {
    const socket = await anEngine((end) => end(JSON.stringify(containerd)));
    const facts = await readEngineFacts(
      { run: noCommand, env: { DOCKER_HOST: `unix://${socket}` }, signal },
      undefined,
    );
    expect(facts.imageStore).toBe('containerd');
  });

  test('where nobody listens it is down', async () => {
    const socket = join(temporaryFolder(), 'docker.sock');
    const answer = readEngineFacts({ run: noCommand, env: { DOCKER_HOST: `unix://${socket}` }, signal }, undefined);
    await expect(answer).rejects.toThrowCode('ENGINE_DOWN');
    await expect(answer).rejects.toThrow(`connect ENOENT ${socket}`);
  });

  test('where it hangs up it is down', async () => {
    const socket = await anEngine((_end, destroy) => destroy());
    await expect(
      readEngineFacts({ run: noCommand, env: { DOCKER_HOST: `unix://${socket}` }, signal }, undefined),
    ).rejects.toThrowCode('ENGINE_DOWN');
  });

  function askedOf(result: Partial<CommandResult>): { asked: string[][]; facts: ReturnType<typeof readEngineFacts> } {
    const asked: string[][] = [];
    const run: RunCommand = (argv) => {
      asked.push([...argv]);
      return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', ...result });
    };
    const facts = readEngineFacts({ run, env: { DOCKER_HOST: 'tcp://127.0.0.1:1' }, signal }, undefined);
    return { asked, facts };
  }

  test('elsewhere by the CLI', async () => {
    const { asked, facts } = askedOf({ stdout: JSON.stringify(docker28) });
    expect(await facts).toMatchObject({ serverVersion: '28.5.2+dfsg4', imageStore: 'classic' });
    expect(asked).toEqual([['docker', 'info', '--format', '{{json .}}']]);
  });

  test('where the CLI reaches none it is down, in the CLI’s words, although it prints a form', async () => {
    const stderr = 'Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?\n';
    const { facts } = askedOf({ exitCode: 1, stdout: '{"ID":"","ServerVersion":""}', stderr });
    await expect(facts).rejects.toThrowCode('ENGINE_DOWN');
    await expect(facts).rejects.toThrow('Cannot connect to the Docker daemon at tcp://127.0.0.1:1.');
  });

  test.each([
    ['fails without a word', { exitCode: 1 }],
    ['prints nothing', { exitCode: 0, stdout: '\n' }],
  ])('where the CLI %s it is down', async (_title, result) => {
    const { facts } = askedOf(result);
    await expect(facts).rejects.toThrowCode('ENGINE_DOWN');
    await expect(facts).rejects.toThrow(`docker info ended with exit code ${result.exitCode}.`);
  });
});
