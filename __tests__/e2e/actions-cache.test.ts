/** `cache: gha`: BuildKit keeps its cache in GitHub's cache service, here one that speaks the same API. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ActionsCache, startActionsCache } from '../support/actions-cache.ts';
import { startBuildKit } from '../support/buildkit.ts';
import { branchPush, pullRequest, type RunEvent } from '../support/event.ts';
import { type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'busybox');

/** A run on a new machine: its builder has built nothing yet. */
async function runOn(
  event: RunEvent,
  variables: Readonly<Record<string, string>>,
  { image, inputs = {} }: { readonly image: string; readonly inputs?: Readonly<Record<string, string>> },
): Promise<StepResult> {
  await using buildkit = await startBuildKit();
  const runner = suite.action.newRunner({
    engine: suite.engine,
    event,
    repository: `octo-org/${image}`,
    token: 'ghs_canary',
  });
  runner.write('Dockerfile', `FROM ${suite.busybox}\nRUN echo ${image} > /slow.txt\n`);
  const step = await runner.main(
    { registry: suite.registry, cache: 'gha', builder: buildkit.endpoint, ...inputs },
    variables,
  );
  const commands = runner.commands();
  for (const { args } of commands) expect(args.join(' ')).not.toContain(variables.ACTIONS_RUNTIME_TOKEN);
  // Of all commands, only the build that keeps its cache there, and its repetition without a cache that cannot be written.
  const holders = commands.filter(({ env }) => Object.values(env).some((value) => value.includes(tokenOf(variables))));
  expect([...new Set(holders.map(({ args }) => args.find((arg) => arg === 'build')))]).toEqual(['build']);
  expect(commands.length).toBeGreaterThan(1);
  expect(step.log).not.toContain(variables.ACTIONS_RUNTIME_TOKEN);
  return step;
}

/** No empty text, which every other has in it. */
function tokenOf({ ACTIONS_RUNTIME_TOKEN = '' }: Readonly<Record<string, string>>): string {
  if (ACTIONS_RUNTIME_TOKEN === '') throw new Error('This run has no cache service.');
  return ACTIONS_RUNTIME_TOKEN;
}

const succeeded = { exitCode: 0, failure: '' };
const main = 'refs/heads/main';

describe('the cache of the default branch', () => {
  const image = uniqueName('gha');
  let cache: ActionsCache;
  beforeAll(async () => {
    cache = await startActionsCache();
    const step = await runOn(branchPush('main'), cache.variables([main]), { image });
    expect(step).toMatchObject(succeeded);
    expect(step.commands.filter(({ name }) => name === 'warning')).toEqual([]);
    expect(step.log).not.toContain('CACHED');
  });
  afterAll(async () => await cache?.[Symbol.asyncDispose]());

  test('is written by a push to it, layers and index', () => {
    expect(cache.entries().length).toBeGreaterThan(1);
    expect(cache.entries().every((entry) => entry.startsWith(`${main} `))).toBe(true);
    expect(cache.entries().filter((entry) => entry.includes(' index-'))).toHaveLength(1);
  });

  test('is read by the next push on a new machine, which builds nothing anew', async () => {
    const step = await runOn(branchPush('main'), cache.variables([main]), { image });
    expect(step).toMatchObject(succeeded);
    expect(step.log).toMatch(/CACHED/);
  });

  test('is read by another branch, which writes its own', async () => {
    const topic = 'refs/heads/topic';
    const step = await runOn(branchPush('topic'), cache.variables([topic, main]), { image });
    expect(step).toMatchObject(succeeded);
    expect(step.log).toMatch(/CACHED/);
    expect(cache.entries().some((entry) => entry.startsWith(`${topic} `))).toBe(true);
  });

  test('is read by a pull request, which writes none', async () => {
    const before = cache.entries();
    const step = await runOn(pullRequest(7), cache.variables(['refs/pull/7/merge', main]), { image });
    expect(step).toMatchObject(succeeded);
    expect(step.log).toMatch(/CACHED/);
    expect(cache.entries()).toEqual(before);
    expect(cache.asked.filter((each) => each.startsWith('CreateCacheEntry refs/pull'))).toEqual([]);
  });
});

test('`cache: auto` takes the service where the runner offers it, and says so', async () => {
  await using cache = await startActionsCache();
  const image = uniqueName('gha');
  const step = await runOn(branchPush('main'), cache.variables([main]), { image, inputs: { cache: 'auto' } });
  expect(step).toMatchObject(succeeded);
  expect(step.log).toContain('because the runner offers GitHub’s cache service');
  expect(cache.entries().length).toBeGreaterThan(1);
});

test.each([
  ['with `cache`', { cache: 'gha' }],
  ['with an entry that calls it an error', { cache: 'off', 'cache-to': 'type=gha,mode=max,ignore-error=false' }],
])('a service that is down costs the cache, with a warning, and not the publish, %s', async (_, inputs) => {
  const cache = await startActionsCache();
  const variables = cache.variables([main]);
  await cache[Symbol.asyncDispose]();
  const step = await runOn(branchPush('main'), variables, { image: uniqueName('gha'), inputs });
  expect(step).toMatchObject({ ...succeeded, outputs: { published: 'true' } });
  expect(step.commands.filter(({ name }) => name === 'warning').map(({ data }) => data)).toEqual([
    expect.stringContaining('The cache could not be written'),
  ]);
});
