/** `dry-run: true` prints the plan, sets the outputs that follow from it, and contacts nothing. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CountingPort, openCountingPort } from '../support/counting-port.ts';
import { branchPush, type RunEvent, tagPush } from '../support/event.ts';
import { openSuite } from '../support/suite.ts';

const { action } = openSuite();
let counting: CountingPort;

beforeAll(async () => {
  counting = await openCountingPort();
});
afterAll(() => counting?.[Symbol.dispose]());

/** A runner whose engine, proxy and API are a port that counts who comes. */
function aRunner(env: Readonly<Record<string, string>> = {}, event: RunEvent = tagPush('v1.2.3')) {
  const proxy = `http://127.0.0.1:${counting.port}`;
  const runner = action.newRunner({
    engine: { DOCKER_HOST: `tcp://127.0.0.1:${counting.port}` },
    event,
    token: 'ghs_canary',
    env: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, https_proxy: proxy, GITHUB_API_URL: proxy, ...env },
  });
  runner.write('Dockerfile', 'FROM scratch\n');
  return runner;
}

test('the port that counts does count', async () => {
  const runner = aRunner();
  const step = await runner.main({ registry: `127.0.0.1:${counting.port}`, retries: '1' });
  expect(step.exitCode).toBe(1);
  expect(counting.takeContacts()).toBeGreaterThan(0);
});

test('the plan is printed with its reasons, and nothing is contacted', async () => {
  const runner = aRunner();
  const step = await runner.main({
    'dry-run': 'true',
    registry: `localhost:${counting.port}`,
    platforms: 'linux/arm64',
  });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  for (const line of [
    /Registry +localhost:\d+ +because `registry` names it/,
    /Repository +localhost:\d+\/octo-org\/app/,
    /Push +yes +because/,
    /Platforms +linux\/arm64/,
    /Tag +1\.2\.3 +from type=semver/,
    /Tag +latest/,
  ])
    expect(step.log).toMatch(line);
  expect(counting.takeContacts()).toBe(0);
  expect(runner.commands()).toEqual([]);
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(step).toMatchObject({ state: {}, env: {} });
});

describe('the outputs that follow from the plan', () => {
  test.each([
    {
      product: 'github.com',
      env: {},
      inputs: {},
      outputs: {
        image: 'ghcr.io/octo-org/app:1.2.3',
        registry: 'ghcr.io',
        repository: 'octo-org/app',
        tags: ['1.2.3', '1.2', '1', 'latest'].map((tag) => `ghcr.io/octo-org/app:${tag}`).join('\n'),
        'package-url': 'https://github.com/orgs/octo-org/packages/container/package/app',
      },
    },
    {
      product: 'GHE.com',
      env: { GITHUB_SERVER_URL: 'https://octo.ghe.com' },
      inputs: {},
      outputs: { image: 'containers.octo.ghe.com/octo-org/app:1.2.3', registry: 'containers.octo.ghe.com' },
    },
    {
      product: 'github.com with `registry: docker`',
      env: {},
      inputs: { registry: 'docker' },
      outputs: { image: 'docker.pkg.github.com/octo-org/app/app:1.2.3', repository: 'octo-org/app/app' },
    },
    {
      product: 'GHES',
      env: { GITHUB_SERVER_URL: 'https://ghes.example' },
      inputs: {},
      outputs: { image: 'docker.ghes.example/octo-org/app/app:1.2.3', 'package-url': '' },
    },
  ])('on $product', async ({ env, inputs, outputs }) => {
    const step = await aRunner(env).main({ 'dry-run': 'true', ...inputs });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(step.outputs).toMatchObject({
      ...outputs,
      version: '1.2.3',
      published: 'false',
      reason: '`dry-run` is true',
      digest: '',
      reference: '',
      imageid: '',
    });
    expect(step.outputs.labels).toContain('org.opencontainers.image.version=1.2.3');
    expect(counting.takeContacts()).toBe(0);
  });
});

test('what only a probe could tell is assumed, and marked so', async () => {
  const step = await aRunner({ GITHUB_SERVER_URL: 'https://ghes.example' }).main({ 'dry-run': 'true' });
  expect(step.log).toMatch(/Registry +docker\.ghes\.example +assumed: /);
  const { destinations } = JSON.parse(step.outputs.plan ?? '');
  expect(destinations).toMatchObject([{ registry: { isAssumed: true } }]);
});

test('what the payload lacks is not asked of the API', async () => {
  const runner = aRunner({ GITHUB_EVENT_PATH: '' });
  const inputs = { labels: "built={{commit_date 'YYYY'}}" };
  expect(await runner.main({ 'dry-run': 'true', ...inputs })).toMatchObject({ exitCode: 0, failure: '' });
  expect(counting.takeContacts()).toBe(0);
});

test('the plan holds every decision with its reason, and no token', async () => {
  const { outputs } = await aRunner({}, branchPush('main')).main({ 'dry-run': 'true', push: 'false', tags: '1.0' });
  expect(JSON.parse(outputs.plan ?? '')).toMatchObject({
    schema: 1,
    product: { kind: 'github.com' },
    destinations: [
      {
        registry: { registry: 'ghcr.io', reason: expect.any(String), isAssumed: false },
        repository: { registry: 'ghcr.io', path: 'octo-org/app' },
        credential: { kind: 'token', username: 'octocat', reason: expect.any(String) },
      },
    ],
    push: { value: false, reason: '`push` is false' },
  });
  expect(outputs.plan).not.toContain('ghs_canary');
});

test('a fault of the inputs is found by a dry run too', async () => {
  expect(await aRunner().main({ 'dry-run': 'true', tags: 'a/b' })).toMatchObject({ exitCode: 1, code: 'TAG_INVALID' });
});
