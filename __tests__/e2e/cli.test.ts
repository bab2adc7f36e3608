/** The same publish from a terminal: Git tells what the runner would. */

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { type Runner, readActionManifest, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const suite = openSuite('engine', 'registry', 'client');

/** A terminal in a checkout of `OWNER/NAME` at one commit of the branch `work`. */
async function aCheckout(repository: string): Promise<Runner> {
  const terminal = suite.action.newRunner({ engine: suite.engine });
  cpSync(join(examples, 'hello'), join(terminal.workspace, 'examples/hello'), { recursive: true });
  await git(terminal, 'init', '--quiet', '--initial-branch', 'work');
  await git(terminal, 'remote', 'add', 'origin', `git@github.com:${repository}.git`);
  await git(terminal, 'add', '.');
  await git(terminal, 'commit', '--quiet', '--message', 'feat: hello');
  return terminal;
}

async function git(terminal: Runner, ...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=Octo', '-c', 'user.email=octo@example.com'];
  const { exitCode, log } = await terminal.run(['git', ...identity, ...args]);
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${log}`);
  return log.trim();
}

const helloTo = (...more: string[]): string[] => ['--context', 'examples/hello', '--registry', suite.registry, ...more];

describe('in a checkout', () => {
  let terminal: Runner;
  let image: string;
  beforeAll(async () => {
    image = uniqueName('app');
    terminal = await aCheckout(`octo-org/${image}`);
  });

  test('the image is published under the tags of the command line, and standard output is its names', async () => {
    const { exitCode, stdout, log } = await terminal.terminal('cli.js', helloTo('--tags', '1.0', '--tags=latest'));
    expect({ exitCode, log }).toEqual({ exitCode: 0, log: expect.stringContaining('Published') });
    const name = `${suite.registry}/octo-org/${image}`;
    const digest = await suite.client.digestOf(`${name}:1.0`);
    expect(stdout).toBe(`${name}@${digest}\n${name}:1.0\n${name}:latest\n`);
    expect(await suite.client.digestOf(`${name}:latest`)).toBe(digest);
    expect(await suite.client.contentOf(`${name}@${digest}`, 'hello.txt')).toContain('Hello');
    expect(await suite.client.labelsOf(`${name}:1.0`)).toMatchObject({
      'org.opencontainers.image.revision': await git(terminal, 'rev-parse', 'HEAD'),
    });
    expect(terminal.filesIn(terminal.temp)).toEqual([]);
  });

  test('without --tags the branch is the tag, and on a git tag its version', async () => {
    const onBranch = await terminal.terminal('cli.js', helloTo('--dry-run'));
    expect(onBranch).toMatchObject({ exitCode: 0, stdout: `${suite.registry}/octo-org/${image}:work\n` });
    await git(terminal, 'tag', 'v3.1.4');
    await git(terminal, 'checkout', '--quiet', '--detach');
    const onTag = await terminal.terminal('cli.js', helloTo('--dry-run'));
    expect(onTag.stdout.split('\n')).toContain(`${suite.registry}/octo-org/${image}:3.1.4`);
  });
});

test('outside of any repository the folder gives the name', async () => {
  const terminal = suite.action.newRunner({ engine: suite.engine });
  terminal.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const tag = uniqueName('t');
  // Git must not find a repository above the temporary folder.
  const env = { GIT_CEILING_DIRECTORIES: terminal.workspace };
  const { exitCode, stdout } = await terminal.terminal('cli.js', ['--registry', suite.registry, '--tags', tag], env);
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining(`${suite.registry}/workspace:${tag}\n`),
  });
  expect(await suite.client.tagsOf(`${suite.registry}/workspace`)).toContain(tag);
});

test('the login of the Docker CLI is used where no --token is given', async () => {
  const account = await lab['registry-auth']();
  const auth = Buffer.from(`${account.username}:${account.password}`).toString('base64');
  const terminal = suite.action.newRunner({
    engine: suite.engine,
    dockerConfig: { auths: { [account.address]: { auth } } },
  });
  terminal.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const image = uniqueName('app');
  const { exitCode, log } = await terminal.terminal('cli.js', [
    ...['--registry', account.address, '--owner', 'octo-org', '--image', image, '--tags', '1.0'],
  ]);
  expect({ exitCode, log }).toEqual({ exitCode: 0, log: expect.stringContaining('Published') });
  expect(log).not.toContain(auth);
  expect(await suite.client.tagsOf(`${account.address}/octo-org/${image}`)).toEqual(['1.0']);
  expect(terminal.filesIn(terminal.temp)).toEqual([]);
});

test.each([
  { argv: ['--help'], folder: '.' },
  { argv: ['plan', '-h'], folder: '.' },
  { argv: ['merge', '-h'], folder: 'merge' },
  { argv: ['pull', '--help'], folder: 'pull' },
])('$argv says what action.yml says of every input, and does nothing', async ({ argv, folder }) => {
  const terminal = suite.action.newRunner({ engine: suite.engine });
  const { exitCode, stdout } = await terminal.terminal('cli.js', argv);
  expect(exitCode).toBe(0);
  const words = stdout.replaceAll(/\s+/g, ' ');
  const { inputs } = readActionManifest(folder);
  for (const [name, { description }] of Object.entries(inputs))
    expect(words).toContain(`--${name} VALUE ${description.trim().replaceAll(/\s+/g, ' ')}`);
  expect(words).toContain('Default: the variable GITHUB_TOKEN');
  expect(words).not.toContain('${{');
  expect(words).toContain('Exit codes:');
  expect(terminal.commands()).toEqual([]);
});

describe('plan', () => {
  test('prints each tag with its rule, and publishes nothing', async () => {
    const terminal = await aCheckout('octo-org/planned');
    const { exitCode, stdout } = await terminal.terminal('cli.js', [
      'plan',
      ...helloTo('--tags', 'type=ref,event=branch'),
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Registry +localhost:5000 +because `registry` names it$/m);
    expect(stdout).toMatch(/^Tag +work +from type=ref,event=branch$/m);
    expect(terminal.commands()).toEqual([]);
  });

  test('as JSON is the plan, and nothing else is on standard output', async () => {
    const terminal = await aCheckout('octo-org/planned');
    const { exitCode, stdout } = await terminal.terminal('cli.js', ['plan', '--json', ...helloTo('--tags', '1.0')]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      destinations: [{ repository: { path: 'octo-org/planned' } }],
    });
    expect(terminal.commands()).toEqual([]);
  });
});

test('pull gets what publish put there', async () => {
  const image = uniqueName('app');
  const terminal = await aCheckout(`octo-org/${image}`);
  await terminal.terminal('cli.js', helloTo('--tags', '1.0'));
  const digest = await suite.client.digestOf(`${suite.registry}/octo-org/${image}:1.0`);
  const pulled = await terminal.terminal('cli.js', ['pull', '--registry', suite.registry, '--tag', '1.0']);
  expect(pulled).toMatchObject({ exitCode: 0, stdout: `${suite.registry}/octo-org/${image}:1.0\n${digest}\n` });
});

test('promote puts a tag on what is there, and its digest stays', async () => {
  const image = uniqueName('app');
  const terminal = await aCheckout(`octo-org/${image}`);
  const name = `${suite.registry}/octo-org/${image}`;
  await terminal.terminal('cli.js', helloTo('--tags', '1.0'));
  const digest = await suite.client.digestOf(`${name}:1.0`);
  const promoted = await terminal.terminal('cli.js', ['promote', `${name}:1.0`, '--tags', 'production']);
  expect(promoted).toMatchObject({ exitCode: 0, stdout: `${name}@${digest}\n${name}:production\n` });
  expect(await suite.client.digestOf(`${name}:production`)).toBe(digest);
});

describe('what a build prints', () => {
  const failing = 'FROM scratch\nCOPY nowhere /\n';
  const build = ['--image', 'output', '--tags', '1.0'];

  test('is not shown where nobody looks, unless it fails', async () => {
    const terminal = await aCheckout('octo-org/quiet');
    const quiet = await terminal.terminal('cli.js', helloTo(...build));
    expect(quiet.log).not.toContain('load build definition');
    terminal.write('Dockerfile', failing);
    const { exitCode, log } = await terminal.terminal('cli.js', ['--registry', suite.registry, ...build]);
    expect(exitCode).toBe(1);
    expect(log).toContain('error: BUILD_FAILED');
    expect(log).toContain('>>> COPY nowhere /');
  });

  test('is shown in a CI system', async () => {
    const terminal = await aCheckout('octo-org/ci');
    const { log } = await terminal.terminal('cli.js', helloTo(...build), { CI: 'true' });
    expect(log).toContain('load build definition');
  });
});

test.each([
  { what: 'an option that is no input', args: ['--tag', '1.0'], code: 'INPUT_INVALID', says: '--tags' },
  { what: 'a value that is none', args: ['--push', 'maybe'], code: 'INPUT_INVALID', says: '`push` is "maybe"' },
  { what: 'a context that is not there', args: ['--context', 'nowhere'], code: 'CONTEXT_MISSING', says: '"nowhere"' },
])('$what is $code, on standard error, with exit code 2', async ({ args, code, says }) => {
  const terminal = suite.action.newRunner({ engine: suite.engine });
  terminal.write('Dockerfile', 'FROM scratch\n');
  const { exitCode, stdout, log } = await terminal.terminal('cli.js', ['--registry', suite.registry, ...args]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(log).toContain(`error: ${code}: `);
  expect(log).toContain(says);
  expect(terminal.commands()).toEqual([]);
});

test('a terminal that is interrupted ends with 130 and leaves nothing', async () => {
  const { busybox } = await lab.images();
  const terminal = suite.action.newRunner({ engine: suite.engine });
  terminal.write('Dockerfile', `FROM ${busybox}\nRUN echo ${uniqueName('run')}; sleep 20\n`);
  const running = terminal.startTerminal('cli.js', ['--registry', suite.registry, '--tags', '1.0']);
  while (!terminal.commands().some(({ args }) => args.includes('build'))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  running.process.kill('SIGINT');
  expect(await running.ended).toMatchObject({ exitCode: 130, log: expect.stringContaining('CANCELLED') });
  expect(terminal.filesIn(terminal.temp)).toEqual([]);
});
