/** Runners that are set up in odd ways: the step goes on, or says what is wrong with the runner. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { makeCertificate, startServer } from '../support/local-server.ts';
import { type Runner, type RunnerOptions, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

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
