/** The harness itself: what it says of a step must be so, or no test that stands on it means anything. */

import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newStepFolder } from '../../src/login/private-folder.ts';
import { openCountingPort } from './counting-port.ts';
import { pullRequest } from './event.ts';
import { startMeddlingRegistry } from './meddling-registry.ts';
import { readRecords, writeRecorder } from './recorder.ts';
import { copyAction, type Runner, readActionManifest } from './step.ts';

const action = copyAction();
afterAll(() => action[Symbol.dispose]());

/** Puts a program in place of the main entry. */
function actionThat(does: string): typeof action {
  const copy = copyAction();
  writeFileSync(join(copy.folder, 'dist/main.js'), does);
  return copy;
}

describe('a step', () => {
  const copy = actionThat(`
    import { appendFileSync } from 'node:fs';
    const { env } = process;
    appendFileSync(env.GITHUB_OUTPUT, 'inputs<<E\\n' + JSON.stringify(Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('INPUT_')))) + '\\nE\\n');
    appendFileSync(env.GITHUB_OUTPUT, 'names=' + Object.keys(env) + '\\n');
    appendFileSync(env.GITHUB_OUTPUT, 'cwd=' + process.cwd() + '\\n');
    appendFileSync(env.GITHUB_OUTPUT, 'event=' + env.GITHUB_EVENT_NAME + ' ' + env.GITHUB_REF + '\\n');
    appendFileSync(env.GITHUB_STATE, 'kept=1\\n');
    appendFileSync(env.GITHUB_ENV, 'LATER=2\\n');
    console.error('on standard error');
    console.log('::error title=CODE::what%0Aremedy');
    process.exitCode = 3;
  `);
  let runner: Runner;
  beforeAll(() => {
    // Shorter than what is looked for, because this step tells its inputs.
    runner = copy.newRunner({ token: 'a-token', event: pullRequest(7) });
  });
  afterAll(() => copy[Symbol.dispose]());

  test('leaves its exit code, log, outputs, state, variables and error', async () => {
    expect(await runner.main({})).toMatchObject({
      exitCode: 3,
      signal: null,
      log: expect.stringContaining('on standard error'),
      stdout: '::error title=CODE::what%0Aremedy\n',
      outputs: { cwd: runner.workspace, event: 'pull_request refs/pull/7/merge' },
      state: { kept: '1' },
      env: { LATER: '2' },
      code: 'CODE',
      failure: 'what\nremedy',
    });
  });

  test('gets every input of action.yml: the given ones, and the defaults with their expressions filled in', async () => {
    const { outputs } = await runner.main({ tags: 'a\nb' });
    const inputs = JSON.parse(outputs.inputs ?? '');
    expect(Object.keys(inputs)).toEqual(
      Object.keys(readActionManifest().inputs).map((name) => `INPUT_${name.toUpperCase()}`),
    );
    expect(inputs).toMatchObject({
      INPUT_TAGS: 'a\nb',
      INPUT_TOKEN: 'a-token',
      INPUT_USERNAME: 'octocat',
      INPUT_CONTEXT: '.',
    });
  });

  test('gets nothing of the environment in which the tests run', async () => {
    const { outputs } = await runner.main({});
    expect(outputs.names?.split(',')).not.toContain('NODE_OPTIONS');
    expect(outputs.names?.split(',').filter((name) => name.startsWith('JEST'))).toEqual([]);
  });

  test('is given no input that action.yml does not have', () => {
    expect(() => runner.start({ tag: 'a' })).toThrow('action.yml has no input `tag`');
  });
});

test('a step that was killed has a signal and no exit code', async () => {
  const copy = actionThat('console.log("up"); setTimeout(() => {}, 20_000);');
  const step = copy.newRunner().start({});
  step.process.stdout?.once('data', () => step.process.kill('SIGKILL'));
  expect(await step.ended).toMatchObject({ exitCode: null, signal: 'SIGKILL', log: 'up\n' });
  copy[Symbol.dispose]();
});

describe('a secret that a process leaves behind fails the test', () => {
  const secret = `canary-${crypto.randomUUID()}`;
  const copy = actionThat(`
    import { writeFileSync } from 'node:fs';
    if (process.env.LEAVES) writeFileSync('left.txt', '${secret}');
  `);
  for (const entry of ['post.js', 'cli.js'])
    copyFileSync(join(copy.folder, 'dist/main.js'), join(copy.folder, 'dist', entry));
  afterAll(() => copy[Symbol.dispose]());
  const found = 'A secret is in ';

  test('after a step', async () => {
    await expect(copy.newRunner({ token: secret }).main({})).resolves.toMatchObject({ exitCode: 0 });
    await expect(copy.newRunner({ token: secret }).main({}, { LEAVES: '1' })).rejects.toThrow(found);
    const ofBuild = copy.newRunner().main({ secrets: `key=${secret}` }, { LEAVES: '1' });
    await expect(ofBuild).rejects.toThrow(found);
  });

  test('after its post', async () => {
    const runner = copy.newRunner({ token: secret });
    const step = await runner.main({});
    await expect(runner.post(step)).resolves.toMatchObject({ exitCode: 0 });
    runner.write('left.txt', secret);
    await expect(runner.post(step)).rejects.toThrow(found);
  });

  test('after a command in a terminal', async () => {
    const { terminal } = copy.newRunner();
    await expect(terminal('cli.js', ['--token', secret])).resolves.toMatchObject({ exitCode: 0 });
    await expect(terminal('cli.js', ['--token', secret], { LEAVES: '1' })).rejects.toThrow(found);
  });
});

test('post gets the state of the step', async () => {
  const runner = action.newRunner();
  const folder = newStepFolder(runner.temp);
  mkdirSync(folder);
  await runner.post({ state: { folder } });
  expect(existsSync(folder)).toBe(false);
});

test('files beneath a folder are listed, however deep', () => {
  const runner = action.newRunner();
  runner.write('a/b/c.txt', '');
  runner.write('d.txt', '');
  expect(runner.filesIn(runner.workspace).toSorted()).toEqual(['a/b/c.txt', 'd.txt']);
});

test('a recorder writes down arguments, environment and process, in order, and becomes the real program', async () => {
  const { bin, run } = action.newRunner();
  const records = join(bin, '../records');
  const real = join(bin, 'real');
  writeFileSync(real, '#!/bin/sh\necho "$$: $*"\nexit 4\n');
  chmodSync(real, 0o755);
  writeRecorder(join(bin, 'fake'), real, records, 'echo before');
  const odd = ['', 'two words', 'li\nne', "it's"];
  const first = await run(['fake', ...odd], { ODD: 'a=b\nc' });
  await run(['fake', 'second']);
  expect(first.exitCode).toBe(4);
  const [one, two] = readRecords(records);
  expect(one).toMatchObject({ program: 'fake', args: odd, env: { ODD: 'a=b\nc' } });
  expect(first.log).toBe(`before\n${one?.pid}: ${odd.join(' ')}\n`);
  expect(two?.args).toEqual(['second']);
});

test.each([
  { isRecorded: true, what: 'are recorded', records: ['docker', 'docker-buildx'] },
  { isRecorded: false, what: 'are started as they are where they are measured', records: [] },
])('docker and its buildx $what', async ({ isRecorded, records }) => {
  const { bin } = action.newRunner();
  const config = join(bin, 'config');
  for (const [path, text] of Object.entries({
    'plugins/docker-buildx': '#!/bin/sh\necho buildx\n',
    'cli/docker': `#!/bin/sh
for folder in $(sed 's/.*"cliPluginsExtraDirs":\\["\\([^"]*\\)".*/\\1/' "$HOME/.docker/config.json"); do exec "$folder/docker-buildx"; done
`,
    'config/config.json': JSON.stringify({ cliPluginsExtraDirs: [join(bin, 'plugins')] }),
  })) {
    mkdirSync(join(bin, path, '..'), { recursive: true });
    writeFileSync(join(bin, path), text);
    chmodSync(join(bin, path), 0o755);
  }
  const engine = { DOCKER_CONFIG: config, PATH: `${join(bin, 'cli')}:${process.env.PATH}` };
  const runner = action.newRunner({ engine, isRecorded });
  expect((await runner.run(['docker', 'buildx'])).stdout).toBe('buildx\n');
  expect(runner.commands().map(({ program }) => program)).toEqual(records);
});

test('a counting port counts, once', async () => {
  const port = await openCountingPort();
  await expect(fetch(`http://127.0.0.1:${port.port}/`)).rejects.toThrow();
  expect([port.takeContacts(), port.takeContacts()]).toEqual([1, 0]);
  port[Symbol.dispose]();
});

test('a meddling registry passes on what it is asked, after the meddling, unless it refuses', async () => {
  const seen: string[] = [];
  const upstream = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} for ${request.headers.host}`);
    request.pipe(response.writeHead(201, { 'x-answer': 'yes' }));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = upstream.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const refusal = { status: 415, error: { code: 'MANIFEST_INVALID' } };
  const meddling = await startMeddlingRegistry(`127.0.0.1:${port}`, (request, headers) => {
    seen.push(request);
    return headers['content-type'] === 'application/x-refused' ? refusal : undefined;
  });
  const refused = await fetch(`http://${meddling.address}/v2/x`, {
    method: 'PUT',
    body: 'bytes',
    headers: { 'content-type': 'application/x-refused' },
  });
  expect([refused.status, await refused.json()]).toEqual([415, { errors: [{ code: 'MANIFEST_INVALID' }] }]);
  expect(seen.splice(0)).toEqual(['PUT /v2/x']);
  const answer = await fetch(`http://${meddling.address}/v2/x`, { method: 'PUT', body: 'bytes' });
  expect([answer.status, answer.headers.get('x-answer'), await answer.text()]).toEqual([201, 'yes', 'bytes']);
  expect(seen).toEqual(['PUT /v2/x', `PUT /v2/x for ${meddling.address}`]);
  meddling[Symbol.dispose]();
  upstream.close();
});
