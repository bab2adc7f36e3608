/** Each tag is asked of the registry after the push, and must be what was pushed. */

import { expect, test } from '@jest/globals';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'client');

/** Publishes 1.0 and stable, while another run moves a tag to its own image just before a request. */
async function publishWhile(moves: string, before: RegExp, inputs: Readonly<Record<string, string>> = {}) {
  const image = uniqueName('app');
  const repository = `octo-org/${image}`;
  let isMoved = false;
  const meddling = await startMeddlingRegistry(suite.registry, async (request) => {
    if (isMoved || !before.test(request)) return;
    isMoved = true;
    await suite.client.tag(`${suite.registry}/${repository}:theirs`, moves);
  });
  try {
    const runner = suite.action.newRunner({ engine: suite.engine, repository });
    runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /\n');
    runner.write('hello.txt', 'Theirs\n');
    const theirs = await runner.main({ registry: suite.registry, tags: 'theirs' });
    runner.write('hello.txt', 'Ours\n');
    const step = await runner.main({ registry: meddling.address, tags: '1.0\nstable', ...inputs });
    return { runner, step, isMoved, name: `${meddling.address}/${repository}`, theirs: theirs.outputs.digest };
  } finally {
    meddling[Symbol.dispose]();
  }
}

test.each([
  { which: 'the main tag', tag: '1.0', before: /^GET .*\/manifests\/1\.0$/ },
  { which: 'a further tag', tag: 'stable', before: /^HEAD .*\/manifests\/stable$/ },
])('$which moved by someone else fails the step, naming both digests', async ({ tag, before }) => {
  const { runner, step, isMoved, name, theirs } = await publishWhile(tag, before);
  expect(isMoved).toBe(true);
  expect(step).toMatchObject({ exitCode: 1, code: 'DIGEST_MISMATCH', outputs: {} });
  expect(step.failure).toContain(`${name}:${tag} is ${theirs} after the push of sha256:`);
  expect(step.failure).toContain('`concurrency`');
  expect(runner.filesIn(runner.temp)).toEqual([]);
});

test('nobody moved a tag: the same registry is published to', async () => {
  const { step, isMoved } = await publishWhile('1.0', /^DELETE .*nothing/);
  expect(isMoved).toBe(false);
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
});

test('`verify: off` does not ask for the further tags', async () => {
  const { step, isMoved } = await publishWhile('stable', /^HEAD .*\/manifests\/stable$/, { verify: 'off' });
  expect(isMoved).toBe(false);
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
});
