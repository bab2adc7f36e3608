/**
 * The example applications. Their base images are on Docker Hub, where these tests have no way: the programs are started on
 * the machine itself, and the images are built from another base.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const execute = promisify(execFile);
const goVersion = await execute('go', ['version']).catch(() => undefined);
const suite = openSuite('engine', 'registry', 'client');

/** Waits until a server says which port it listens on. */
function portOf(server: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const read = (text: string): void => {
      const [, port] = /listening on (?:port |\S*:)(\d+)/.exec(text) ?? [];
      if (port !== undefined) resolve(Number(port));
    };
    server.stdout?.setEncoding('utf8').on('data', read);
    server.stderr?.setEncoding('utf8').on('data', read);
    server.on('exit', () => reject(new Error('the server ended')));
  });
}

function endOf(server: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => server.on('exit', (code) => resolve(code)));
}

/** Publishes an example from its folder, from the lab's base image. */
async function publish(example: string, base: string): Promise<StepResult> {
  const { busybox } = await lab.images();
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${uniqueName(example)}` });
  cpSync(join(examples, example), runner.workspace, { recursive: true });
  const step = await runner.main({ registry: suite.registry, tags: '1.0', 'build-args': `${base}=${busybox}` });
  expect({ code: step.code, log: step.log }).toEqual({ code: '', log: expect.any(String) });
  return step;
}

describe('node-service', () => {
  test('answers, and ends when it is asked to', async () => {
    const env = { ...process.env, PORT: '0' };
    const server = spawn(process.execPath, ['server.js'], { cwd: join(examples, 'node-service'), env });
    const ended = endOf(server);
    const port = await portOf(server);
    const answer = await fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } });
    expect(await answer.text()).toBe('ok\n');
    server.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('is published without what the image does not need', async () => {
    const { outputs } = await publish('node-service', 'NODE_IMAGE');
    const image = outputs.reference ?? '';
    expect(await suite.client.contentOf(image, 'app/server.js')).toContain('createServer');
    await expect(suite.client.contentOf(image, 'app/Dockerfile')).rejects.toThrow();
  });
});

test('static-site is published with its files', async () => {
  const { outputs } = await publish('static-site', 'NGINX_IMAGE');
  const page = await suite.client.contentOf(outputs.reference ?? '', 'usr/share/nginx/html/index.html');
  expect(page).toContain('Hello from a static site.');
});

(goVersion === undefined ? test.skip : test)('scratch-go answers, as one program (needs a Go toolchain)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'publish-examples-'));
  try {
    const program = join(folder, 'server');
    // The command of the Dockerfile.
    await execute('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', program, '.'], {
      cwd: join(examples, 'scratch-go'),
      env: { ...process.env, CGO_ENABLED: '0' },
    });
    const server = spawn(program, [], { env: { PORT: '0' } });
    const ended = endOf(server);
    const answer = await fetch(`http://127.0.0.1:${await portOf(server)}/`);
    expect(await answer.text()).toBe('Hello from an image of one file\n');
    server.kill('SIGTERM');
    await ended;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
