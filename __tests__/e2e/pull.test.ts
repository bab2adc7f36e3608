/** The other half, `pull/`: resolves and logs in as a publish does, pulls, and leaves as little. */

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { withoutMasks } from '../support/runner-files.ts';
import { copyAction, type Runner, readActionManifest, type StepResult, uniqueName } from '../support/step.ts';

jest.setTimeout(60_000);

const action = copyAction();
const repository = `octo-org/${uniqueName('app')}`;
let engine: Record<string, string>;
let login: { registry: string; username: string; token: string };
let published: StepResult;

beforeAll(async () => {
  const [{ environment }, { address, username = '', password = '' }] = await Promise.all([
    lab.engine(),
    lab['registry-auth'](),
  ]);
  engine = environment;
  login = { registry: address, username, token: password };
  const runner = action.newRunner({ engine, repository });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  published = await runner.main({ ...login, tags: '1.0\nlatest' });
  expect(published).toMatchObject({ exitCode: 0, failure: '' });
});
afterAll(() => action[Symbol.dispose]());

/** A runner that does not have the image yet. */
async function aRunner(): Promise<Runner> {
  const runner = action.newRunner({ engine, repository, subAction: 'pull' });
  await runner.run(['docker', 'image', 'rm', '--force', published.outputs.imageid ?? '']);
  return runner;
}

test.each([
  { what: 'without a tag', inputs: {}, image: () => `${login.registry}/${repository}:latest` },
  { what: 'by a tag', inputs: { tag: '1.0' }, image: () => published.outputs.image },
  {
    what: 'by the digest',
    inputs: () => ({ digest: published.outputs.digest ?? '' }),
    image: () => published.outputs.reference,
  },
])('pulls $what what was published', async ({ inputs, image }) => {
  const runner = await aRunner();
  const step = await runner.main({ ...login, ...(typeof inputs === 'function' ? inputs() : inputs) });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  const { digest, imageid } = published.outputs;
  expect(step.outputs).toEqual({ image: image(), digest, imageid });
  expect(Object.keys(step.outputs).sort()).toEqual(Object.keys(readActionManifest('pull').outputs).sort());
  expect(await runner.run(['docker', 'image', 'inspect', step.outputs.image ?? ''])).toMatchObject({ exitCode: 0 });
  expect(withoutMasks(step.log)).not.toContain(login.token);
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
});

test('an image that is not there fails the step, and leaves nothing', async () => {
  const runner = await aRunner();
  const step = await runner.main({ ...login, tag: 'missing' });
  expect(step).toMatchObject({ exitCode: 1, outputs: {} });
  expect(step.code).not.toBe('INTERNAL');
  expect(step.failure).toContain(`${login.registry}/${repository}:missing`);
  expect(runner.filesIn(runner.temp)).toEqual([]);
});

test('a digest that is none is refused before any docker command', async () => {
  const runner = action.newRunner({ engine, repository, subAction: 'pull' });
  const step = await runner.main({ ...login, digest: 'sha256:123' });
  expect(step).toMatchObject({ exitCode: 1, code: 'DIGEST_INVALID', failure: expect.stringContaining('"sha256:123"') });
  expect(runner.commands()).toEqual([]);
});
