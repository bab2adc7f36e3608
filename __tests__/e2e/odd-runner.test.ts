/** Runners that are set up in odd ways: the step goes on, or says what is wrong with the runner. */

import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { makeCertificate, startServer } from '../support/local-server.ts';
import { type Runner, type RunnerOptions, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const suite = openSuite('engine', 'registry', 'client');

function aRunner(options: RunnerOptions = {}): Runner {
  const repository = `octo-org/${uniqueName('app')}`;
  const runner = suite.action.newRunner({ engine: suite.engine, repository, ...options });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  return runner;
}

test('a password that is a word of PATH, HOME and DOCKER_HOST takes none of them from the engine', async () => {
  // A word that stands everywhere cannot be looked for in what the step leaves.
  const runner = aRunner({ isRecorded: false });
  // The lab's registry takes any login; each word stands in a variable without which nothing runs.
  const words = [runner.home, suite.engine.DOCKER_HOST ?? '', runner.bin].map((path) => path.split('/').at(-1) ?? '');
  for (const word of words) {
    const login = `- {registry: "${suite.registry}", username: octocat, password: ${word}}`;
    const step = await runner.main({ registry: suite.registry, tags: '1.0', 'registry-auth': login });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(await suite.client.digestOf(step.outputs.image ?? '')).toBe(step.outputs.digest);
  }
});

test('the folder for temporary files may be the Docker configuration, too', async () => {
  const runner = aRunner();
  writeFileSync(join(runner.temp, 'config.json'), readFileSync(join(runner.home, '.docker/config.json')));
  const step = await runner.main({ registry: suite.registry, tags: '1.0' }, { DOCKER_CONFIG: runner.temp });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expect(readdirSync(runner.temp)).toEqual(['config.json']);
});

test('a folder for temporary files with blanks and quotes in its name serves', async () => {
  const runner = aRunner();
  const temp = join(runner.temp, `a "b" 'c' $d`);
  const step = await runner.main({ registry: suite.registry, tags: '1.0' }, { RUNNER_TEMP: temp });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expect(readdirSync(temp)).toEqual([]);
});

describe('what is wrong with the runner is said, and is no defect of the action', () => {
  test.each([
    ['RUNNER_TEMP is a file', 'RUNNER_TEMP', 'FILE_REFUSED'],
    ['GITHUB_OUTPUT is a folder', 'GITHUB_OUTPUT', 'FILE_REFUSED'],
    ['GITHUB_STATE is a folder', 'GITHUB_STATE', 'FILE_REFUSED'],
    ['the event payload is a folder', 'GITHUB_EVENT_PATH', 'RUN_UNKNOWN'],
  ])('%s', async (_title, variable, code) => {
    const runner = aRunner();
    const file = runner.write('file', '');
    const value = variable === 'RUNNER_TEMP' ? file : runner.workspace;
    const step = await runner.main({ registry: suite.registry, tags: '1.0' }, { [variable]: value });
    expect(step).toMatchObject({ exitCode: 1, code });
    expect(readdirSync(runner.temp)).toEqual([]);
  });
});

test('a certificate that nobody vouches for is refused, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
  await using server = await startServer((_, response) => response.end('{}'), makeCertificate('127.0.0.1'));
  const runner = suite.action.newRunner({ engine: suite.engine, env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
  const source = `docker://${server.registry}/octo-org/app:1`;
  const step = await runner.main({ registry: suite.registry, source, tags: '1' });
  expect(step).toMatchObject({ exitCode: 1, code: 'CA_UNKNOWN', outputs: {} });
  // Nobody speaks to it before it has proved who it is.
  expect(server.requests).toEqual([]);
});

describe('nobody reads the log any more: the step goes on to its end, and leaves no login', () => {
  test('of a workflow, whose output is closed while it builds', async () => {
    const repository = `octo-org/${uniqueName('app')}`;
    const runner = suite.action.newRunner({ engine: suite.engine, repository });
    const lines = Array.from({ length: 40 }, (_, number) => `COPY Dockerfile /${number}`).join('\n');
    runner.write('Dockerfile', `FROM scratch\n${lines}\n`);
    const step = runner.start({ registry: suite.registry, tags: '1.0' });
    step.process.stdout?.once('data', () => step.process.stdout?.destroy());
    const { exitCode, outputs } = await step.ended;
    expect({ exitCode, digest: outputs.digest }).toEqual({
      exitCode: 0,
      digest: await suite.client.digestOf(`${suite.registry}/${repository}:1.0`),
    });
    expect(readdirSync(runner.temp)).toEqual([]);
  });

  test('of a terminal whose windows are closed', async () => {
    const runner = aRunner();
    const args = ['--registry', suite.registry, '--owner', 'octo-org', '--image', uniqueName('app'), '--tags', '1.0'];
    const command = runner.startTerminal('cli.js', args, { CI: 'true' });
    command.process.stderr?.once('data', () => command.process.stderr?.destroy());
    command.process.stdout?.destroy();
    expect((await command.ended).exitCode).toBe(0);
    expect(readdirSync(runner.temp)).toEqual([]);
  });
});

test.each([
  ['cannot be written', '/sys/none'],
  ['is a link to itself', 'loop'],
  ['has a name that is too long', `/tmp/${'x'.repeat(300)}`],
])('a folder for temporary files that %s is FILE_REFUSED', async (_, where) => {
  const runner = aRunner();
  const temp = where.startsWith('/') ? where : join(runner.workspace, where);
  if (where === 'loop') symlinkSync(temp, temp);
  const step = await runner.main({ registry: suite.registry, tags: '1.0' }, { RUNNER_TEMP: temp });
  expect(step).toMatchObject({ exitCode: 1, code: 'FILE_REFUSED' });
});

test('a folder for temporary files may be a link to one', async () => {
  const runner = aRunner();
  const temp = join(runner.workspace, 'link');
  symlinkSync(runner.temp, temp);
  const step = await runner.main({ registry: suite.registry, tags: '1.0' }, { RUNNER_TEMP: temp });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expect(await runner.post(step, { RUNNER_TEMP: temp })).toMatchObject({ exitCode: 0, log: '' });
  expect(await runner.post(step, { RUNNER_TEMP: temp })).toMatchObject({ exitCode: 0, log: '' });
  expect(readdirSync(runner.temp)).toEqual([]);
});

test.each([
  ['is missing', '/nonexistent/home'],
  ['is unknown', ''],
  ['cannot be written', '/proc'],
])('a HOME that %s is no reason to fail', async (_, home) => {
  const runner = aRunner();
  const step = await runner.main({ registry: suite.registry, tags: '1.0' }, { HOME: home });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
});

/** A mount namespace of its own, in which the folder for temporary files has so little room. */
function withRoom(kilobytes: number): { readonly enter: readonly string[]; readonly temp: string } {
  const temp = temporaryFolder();
  const script = `mount -t tmpfs -o size=${kilobytes}k none ${temp} && shift && "$@"; code=$?; echo "LEFT:$(ls -A ${temp}):"; exit $code`;
  return { enter: ['unshare', '--mount', 'sh', '-c', script, 'sh'], temp };
}

// Only root may mount.
(process.getuid?.() === 0 ? describe : describe.skip)('a full disk', () => {
  test.each([
    ['for the login', 4, { tags: '1.0' }],
    ['for an archive that is decompressed', 512, { tags: '1.0', source: 'oci-archive:image.tar.gz' }],
  ])('%s is FILE_REFUSED, and leaves nothing', async (_, kilobytes, inputs) => {
    const { enter, temp } = withRoom(kilobytes);
    const runner = aRunner({ enter });
    // More than a page, which the private folder has to hold.
    mkdirSync(join(runner.home, '.docker/contexts'), { recursive: true });
    writeFileSync(join(runner.home, '.docker/contexts/large'), Buffer.alloc(16_384));
    writeFileSync(join(runner.workspace, 'image.tar.gz'), gzipSync(Buffer.alloc(2_000_000)));
    const step = await runner.main({ registry: suite.registry, ...inputs }, { RUNNER_TEMP: temp });
    expect(step).toMatchObject({ exitCode: 1, code: 'FILE_REFUSED' });
    expect(step.failure).toContain('ENOSPC');
    expect(step.log).toContain('LEFT::');
  });
});
