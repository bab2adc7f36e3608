/** Text that is written to look like commands and outputs: in builds, labels, inputs, the event and the Docker context. */

import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { branchPush } from '../support/event.ts';
import { startServer } from '../support/local-server.ts';
import { isMaskOf, parseCommands } from '../support/runner-files.ts';
import { type Runner, readActionManifest, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'busybox', 'client');
const token = `canary-${crypto.randomUUID()}`;

const ours = ['add-mask', 'group', 'endgroup', 'notice', 'warning', 'error'];

/** The runner ends a line at a lone carriage return, too (.NET, TextReader.ReadLine). */
function expectNoForeignCommand({ log }: Pick<StepResult, 'log'>): void {
  const commands = parseCommands(log.replaceAll('\r', '\n'));
  expect(commands.filter(({ name }) => !ours.includes(name))).toEqual([]);
  const masks = commands.filter(({ name }) => name === 'add-mask').map(({ data }) => data);
  expect(masks.filter((mask) => !isMaskOf(token, mask))).toEqual([]);
}

/** In the language of the shell's printf. */
const printed = [
  '::set-output name=digest::forged',
  '  ::add-mask::a',
  '##[error]forged',
  '::stop-commands::forged',
  '::forged::',
  '::endgroup::',
  '::error title=FORGED::forged',
  '\\r::error::forged\\r',
  '\\302\\205::warning::forged',
  '::save-state name=folder::/',
  'no newline at the end',
].join('\\n');

function aRunner(dockerfile: string, options = {}): Runner {
  const runner = suite.action.newRunner({
    engine: suite.engine,
    repository: `octo-org/${uniqueName('app')}`,
    token,
    ...options,
  });
  runner.write('Dockerfile', dockerfile);
  return runner;
}

test('what a build prints is no command to the runner, and forges no output', async () => {
  const runner = aRunner(
    `FROM ${suite.busybox}\nRUN echo ${uniqueName('run')} && printf '${printed}' && printf '${printed}' >&2\n`,
  );
  const step = await runner.main({ registry: suite.registry, tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expect(step.log).toContain('set-output name=digest::forged');
  expectNoForeignCommand(step);
  expect(step.commands.filter(({ name }) => name === 'error' || name === 'warning')).toEqual([]);
  expect(await suite.client.digestOf(step.outputs.image ?? '')).toBe(step.outputs.digest);
  expect(Object.keys(step.state)).toEqual(['folder', 'ended']);
  expect(step.state.folder?.startsWith(runner.temp)).toBe(true);
});

test('what a failing build prints is none either', async () => {
  const runner = aRunner(`FROM ${suite.busybox}\nRUN echo ${uniqueName('run')} && printf '${printed}' >&2; exit 3\n`);
  const step = await runner.main({ registry: suite.registry, tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED', outputs: {} });
  expectNoForeignCommand(step);
});

test('the engine of a context, and the name of one, give the runner no command', async () => {
  const forged = 'x\n::error::forged\n::set-output name=digest::forged\r##[error]forged';
  await using engine = await startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'api-version': '1.47' });
    response.end(JSON.stringify({ ServerVersion: forged, message: forged, Driver: [forged] }));
  });
  for (const env of [
    { DOCKER_HOST: `tcp://127.0.0.1:${engine.port}` },
    { DOCKER_HOST: '', DOCKER_CONTEXT: forged },
    { DOCKER_HOST: '', DOCKER_CONTEXT: '--debug' },
  ]) {
    const runner = aRunner('FROM scratch\n', { env });
    const step = await runner.main({ registry: suite.registry, tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 1, code: 'ENGINE_DOWN', outputs: {} });
    expectNoForeignCommand(step);
    expect(step.commands.filter(({ name }) => name === 'error')).toHaveLength(1);
    expect(runner.filesIn(runner.temp)).toEqual([]);
  }
});

test('a Docker context with links that lead out, a huge .dockerignore and names like options takes nothing along', async () => {
  const runner = aRunner('FROM scratch\nCOPY . /\n');
  mkdirSync(join(runner.workspace, '--output=type=local'));
  runner.write('--output=type=local/Dockerfile', 'FROM scratch\nCOPY . /\n');
  runner.write('--output=type=local/--push', '');
  runner.write('--output=type=local/::set-output name=digest::forged', '');
  runner.write('--output=type=local/.dockerignore', `${'x'.repeat(100)}\n`.repeat(4_000));
  symlinkSync('/etc/passwd', join(runner.workspace, '--output=type=local/absolute'));
  symlinkSync('../../../../../../etc', join(runner.workspace, '--output=type=local/relative'));
  symlinkSync('loop', join(runner.workspace, '--output=type=local/loop'));
  const step = await runner.main({ registry: suite.registry, context: '--output=type=local', tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expectNoForeignCommand(step);
  // The links went along as links.
  await expect(suite.client.contentOf(step.outputs.image ?? '', 'absolute')).resolves.toBe('');
  expect(readdirSync(runner.temp)).toEqual([]);
});

test('a .dockerignore that is larger than the engine takes fails the build, and says so', async () => {
  const runner = aRunner('FROM scratch\nCOPY . /\n');
  runner.write('.dockerignore', `${'x'.repeat(100)}\n`.repeat(30_000));
  const step = await runner.main({ registry: suite.registry, tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED', outputs: {} });
  expect(readdirSync(runner.temp)).toEqual([]);
});

test('labels, event and inputs that are written to forge outputs and commands do neither', async () => {
  const names = Object.keys(readActionManifest().outputs).sort();
  const piece = fc.constantFrom(
    ...[
      '\n',
      '\r',
      '\r\n',
      '::',
      '##[',
      ']',
      'set-output name=digest::forged',
      'add-mask::a',
      'digest=forged',
      'digest<<EOF',
    ],
    ...[
      'EOF',
      'ghadelimiter_',
      '%0A',
      '=',
      ',',
      '"',
      'com.example.a=',
      'text',
      '\u0085',
      '\u2028',
      '\0',
      ' ',
      '{{',
      'é',
    ],
  );
  const text = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join('').replaceAll('\0', ''));
  // What is mostly taken, and what is mostly refused.
  const label = text.map((each) => `com.example.a=${each.replaceAll(/["\r\n]/g, '')}`);
  const taken = fc.record({ labels: label, 'build-args': label, target: text });
  const others = { labels: text, annotations: text, tags: text, flavor: text, images: text, file: text };
  const inputs = fc.oneof(taken, fc.record(others, { requiredKeys: ['labels'] }));
  const runs = fc.sample(fc.tuple(inputs, text, text), { numRuns: 60, seed: 8 });
  let planned = 0;
  const judge = async ([texts, message, branch]: (typeof runs)[number]): Promise<void> => {
    const event = branchPush(branch.replaceAll(/[\s\0]/g, '') || 'main');
    const repository = { description: message, html_url: message };
    const payload = { ...event.payload, head_commit: { message, id: message, timestamp: message }, repository };
    const runner = aRunner('FROM scratch\n', { event: { ...event, payload } });
    const step = await runner.main({
      'dry-run': 'true',
      registry: suite.registry,
      tags: 'type=raw,value=1.0',
      ...texts,
    });
    expect([0, 1]).toContain(step.exitCode);
    expect(step.code).not.toBe('INTERNAL');
    if (step.exitCode === 0) {
      planned++;
      expect(Object.keys(step.outputs).sort()).toEqual(names);
      expect(step.outputs.digest).toBe('');
    } else expect(step.outputs).toEqual({});
    expectNoForeignCommand(step);
    expect(readdirSync(runner.temp)).toEqual([]);
    expect(runner.filesIn(runner.workspace)).toEqual(['Dockerfile']);
  };
  for (let at = 0; at < runs.length; at += 4) await Promise.all(runs.slice(at, at + 4).map(judge));
  expect(planned).toBeGreaterThan(5);
});

test('a publish writes below RUNNER_TEMP and into the runner’s files alone', async () => {
  const runner = aRunner('FROM scratch\nCOPY Dockerfile /\n');
  const files = join(runner.temp, '../file-commands');
  // Node itself forbids its process any other write (https://nodejs.org/api/permissions.html).
  const permissions = ['--permission', '--allow-child-process', '--allow-net', '--allow-fs-read=*'];
  const writes = [runner.temp, files].map((folder) => `--allow-fs-write=${folder}/*`);
  const isKnown = process.allowedNodeEnvironmentFlags.has('--allow-net');
  const NODE_OPTIONS = [...permissions.filter((each) => each !== '--allow-net' || isKnown), ...writes].join(' ');
  const step = await runner.main({ registry: suite.registry, tags: '1.0\nlatest' }, { NODE_OPTIONS });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expect(step.outputs.published).toBe('true');
  const refused = await runner.main(
    { registry: suite.registry, tags: '1.0' },
    { NODE_OPTIONS, RUNNER_TEMP: runner.home },
  );
  expect(refused.exitCode).toBe(1);
  expect(refused.failure).toContain('Access to this API has been restricted');
  expect(readFileSync(join(runner.home, '.docker/config.json'), 'utf8')).not.toContain(token);
});
