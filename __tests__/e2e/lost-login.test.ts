/** A registry that agrees to a publish and refuses it in the middle: a token that expired, a login or a right that is lost. */

import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Fault, FaultPoint } from '../support/fault-proxy.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { answer } from '../support/passing-faults.ts';
import { type RunnerOptions, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'registry', 'client');
let engines: Readonly<Record<string, RunnerOptions>>;

beforeAll(() => {
  const { engine, containerd } = suite;
  engines = {
    'buildx with the classic image store': { engine },
    'buildx with the containerd image store': { engine: containerd },
    'docker push': { engine, dockerConfig: { cliPluginsExtraDirs: [] } },
  };
});

interface Published {
  readonly step: StepResult;
  /** What the tags point at now. */
  readonly digests: readonly string[];
  /** What they pointed at before. */
  readonly before: string;
  readonly proxy: FaultProxy;
}

/** Publishes a second time over the same tags, through a proxy that does harm. */
async function publishAgain(options: RunnerOptions, harm: (proxy: FaultProxy) => void): Promise<Published> {
  const repository = `octo-org/${uniqueName('lost')}`;
  const runner = suite.action.newRunner({ ...options, repository, token: `canary-${crypto.randomUUID()}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY app.txt /\n');
  runner.write('app.txt', uniqueName('first'));
  const first = await runner.main({ registry: suite.registry, username: 'octocat', tags: '1.0\nlatest' });
  expect(first).toMatchObject({ exitCode: 0, failure: '' });
  runner.write('app.txt', uniqueName('second'));
  await using proxy = await startFaultProxy(new URL(`http://${suite.registry}/`), { asksForToken: true });
  harm(proxy);
  const step = await runner.main({ registry: proxy.registry, username: 'octocat', tags: '1.0\nlatest' });
  expect(runner.filesIn(runner.temp)).toEqual([]);
  const tags = ['1.0', 'latest'].map((tag) => suite.client.digestOf(`${suite.registry}/${repository}:${tag}`));
  return { step, digests: await Promise.all(tags), before: first.outputs.digest ?? '', proxy };
}

/** Of the engine's push, behind the upload with which the step asks whether it may push. */
function harmPush(proxy: FaultProxy, point: FaultPoint, fault: Fault, times = 1): void {
  if (point === 'POST') proxy.inject(point, { kind: 'none' });
  proxy.inject(point, fault, times);
}

const points = ['POST', 'PUT', 'manifest PUT'] as const;
const denied = answer(403, 'DENIED', 'requested access to the resource is denied');

/**
 * Where the engine is refused. One with a classic image store sends a blob five times, for 50 s, before it says that it was
 * refused (moby, distribution/xfer, `maxUploadAttempts`): there it is refused at the manifest.
 */
const engineCases = [
  { name: 'buildx with the classic image store', refusedAt: ['manifest PUT'] },
  { name: 'buildx with the containerd image store', refusedAt: points },
  { name: 'docker push', refusedAt: ['manifest PUT'] },
] as const;

describe.each(engineCases)('$name', ({ name, refusedAt }) => {
  test.concurrent.each(refusedAt)(
    'a token that expires at %s costs one more attempt, with a new one',
    async (point) => {
      const { step, digests } = await publishAgain(engines[name] ?? {}, (proxy) =>
        harmPush(proxy, point, { kind: 'expired token' }),
      );
      expect(step).toMatchObject({ exitCode: 0, failure: '' });
      expect(step.log.match(/trying once more, with a new token/g)).toHaveLength(1);
      expect(digests).toEqual([step.outputs.digest, step.outputs.digest]);
    },
  );

  test.concurrent.each(refusedAt.flatMap((point) => ([401, 403] as const).map((status) => ({ point, status }))))(
    'a login that is lost at $point (the token endpoint says $status) is TOKEN_EXPIRED, and no tag moves',
    async ({ point, status }) => {
      const { step, digests, before } = await publishAgain(engines[name] ?? {}, (proxy) =>
        harmPush(proxy, point, { kind: 'lost login', status }),
      );
      expect(step).toMatchObject({ exitCode: 1, code: 'TOKEN_EXPIRED', outputs: {} });
      expect(step.failure).toContain('when this step began, and refuses it now');
      expect(step.failure).toContain('Renew the login for 127.0.0.1');
      expect(step.log).not.toContain('trying once more');
      expect(digests).toEqual([before, before]);
    },
  );

  test.concurrent.each(refusedAt)(
    'a right that is missing at %s is PUSH_DENIED at once, and no tag moves',
    async (point) => {
      const { step, digests, before } = await publishAgain(engines[name] ?? {}, (proxy) =>
        harmPush(proxy, point, denied, 20),
      );
      expect(step).toMatchObject({ exitCode: 1, code: 'PUSH_DENIED', outputs: {} });
      expect(step.log).not.toMatch(/trying (?:again|once more)/i);
      expect(digests).toEqual([before, before]);
    },
  );
});

test('a token that expires when buildx reads back what it pushed costs one more attempt, too', async () => {
  const { step, digests } = await publishAgain(engines['buildx with the classic image store'] ?? {}, (proxy) =>
    harmPush(proxy, 'manifest GET', { kind: 'expired token' }),
  );
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expect(step.log).toContain('trying once more, with a new token');
  expect(digests).toEqual([step.outputs.digest, step.outputs.digest]);
});

test('a login that is lost between the tags is TOKEN_EXPIRED, and each tag is whole', async () => {
  const { step, digests, before } = await publishAgain(
    engines['buildx with the classic image store'] ?? {},
    (proxy) => {
      proxy.inject('manifest PUT', { kind: 'none' });
      proxy.inject('manifest PUT', { kind: 'lost login', status: 401 });
    },
  );
  expect(step).toMatchObject({ exitCode: 1, code: 'TOKEN_EXPIRED', outputs: {} });
  const [version, latest] = digests;
  expect(latest).toBe(before);
  expect(version).not.toBe(before);
});
