/** Reproducible images: the same commit, built by two engines of one version at different times, gives one digest. */

import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startBuildKit } from '../support/buildkit.ts';
import { branchPush, headSha } from '../support/event.ts';
import { type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('containerd', 'registry', 'busybox', 'client');

const event = branchPush('main');
const commit = { id: headSha, timestamp: '2026-01-02T04:04:05+01:00' };
const withTime = { ...event, payload: { ...event.payload, head_commit: commit } };
const made = '2026-01-02T03:04:05Z';

/** Builds without a cache. @param mtime of the file that is copied, in seconds */
async function publish(repository: string, mtime: number, inputs = {}): Promise<StepResult> {
  const runner = suite.action.newRunner({ engine: suite.containerd, event: withTime, repository });
  const lines = [`FROM ${suite.busybox}`, 'RUN echo made > /made.txt && mkdir /folder', 'COPY hello.txt /folder/'];
  runner.write('Dockerfile', `${lines.join('\n')}\n`);
  runner.write('hello.txt', 'hello\n');
  utimesSync(join(runner.workspace, 'hello.txt'), mtime, mtime);
  const step = await runner.main({ registry: suite.registry, reproducible: 'true', 'no-cache': 'true', ...inputs });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  return step;
}

test('two BuildKits give one digest, whatever the times of the files are', async () => {
  await using first = await startBuildKit();
  await using second = await startBuildKit();
  const repository = `octo-org/${uniqueName('reproducible')}`;
  const one = await publish(repository, 1_900_000_000, { builder: first.endpoint });
  const other = await publish(repository, 1_800_000_000, { builder: second.endpoint });
  expect(other.outputs.digest).toBe(one.outputs.digest);
  const { created, history, config } = await suite.client.configOf(one.outputs.reference ?? '');
  expect(created).toBe(made);
  const times = Array.isArray(history) ? history.map((each) => Object(each).created) : [];
  expect(times.slice(-2)).toEqual([made, made]);
  expect(Object(config).Labels['org.opencontainers.image.created']).toBe('2026-01-02T03:04:05.000Z');
});

test('an engine with the containerd image store gives the same digest again, and the content of another BuildKit', async () => {
  const repository = `octo-org/${uniqueName('reproducible')}`;
  const one = await publish(repository, 1_900_000_000);
  const other = await publish(repository, 1_800_000_000);
  expect(other.outputs.digest).toBe(one.outputs.digest);
  // Its compressor may be another one, so what is the same is what is in the layers, and the config.
  await using buildkit = await startBuildKit();
  const third = await publish(repository, 1_900_000_000, { builder: buildkit.endpoint });
  const [{ config: here }, { config: there }] = await Promise.all(
    [one, third].map(({ outputs: { reference = '' } }) => suite.client.manifestOf(reference)),
  ).then((manifests) => manifests.map(Object));
  expect(there).toEqual(here);
});

test('`if-exists: update` publishes an image once, and again only if it is another one', async () => {
  const repository = `octo-org/${uniqueName('updated')}`;
  const update = (inputs = {}): Promise<StepResult> =>
    publish(repository, 1_900_000_000, { 'if-exists': 'update', tags: 'nightly\nedge', ...inputs });
  const first = await update();
  expect(first.outputs.published).toBe('true');
  const name = `${suite.registry}/${repository}`;
  const again = await update();
  expect(again.outputs).toMatchObject({
    published: 'false',
    digest: first.outputs.digest,
    reason: `${name}:nightly already points at this image, and \`if-exists\` is update`,
  });
  // As after a run that was interrupted.
  const other = await update({ labels: 'other=1', tags: 'edge' });
  expect(other.outputs.published).toBe('true');
  const last = await update();
  expect(last.outputs).toMatchObject({ published: 'true', digest: first.outputs.digest });
  for (const tag of ['nightly', 'edge'])
    expect(await suite.client.digestOf(`${name}:${tag}`)).toBe(last.outputs.digest);
});

test('a commit whose time nobody knows is refused, with the variable to set', async () => {
  const runner = suite.action.newRunner({ engine: suite.containerd, env: { GITHUB_ACTIONS: 'false' } });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const step = await runner.main({ registry: suite.registry, reproducible: 'true' });
  expect(step).toMatchObject({ exitCode: 1, code: 'INPUTS_CONTRADICT' });
  expect(step.failure).toContain('SOURCE_DATE_EPOCH');
});
