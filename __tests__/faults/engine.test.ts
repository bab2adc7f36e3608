/**
 * The whole publish of an engine through faults: the bundled step, the engine's own push. It succeeds where the fault passes,
 * and fails where it does not; whatever happens, each tag is at its old image or at the whole new one.
 */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseImageManifest } from '../../src/image/manifest.ts';
import { parseRegistry } from '../../src/image/registry-name.ts';
import { parseRepository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import { type FaultPoint, type FaultProxy, faultPoints, startFaultProxy } from '../support/fault-proxy.ts';
import { lab } from '../support/lab.ts';
import { answer, expiredToken, goDuration, passingFaults } from '../support/passing-faults.ts';
import { aClient, anImage, pushImage, readAll } from '../support/registry-client.ts';
import { type RunnerOptions, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'registry');
const tags = ['1.0', 'latest'].map((tag) => parseTag(tag));
const old = anImage('old');
const direct = aClient();
const engines = ['Docker with the classic image store', 'Docker with the containerd image store', 'Podman'] as const;
type Engine = (typeof engines)[number];
let options: Readonly<Record<Engine, RunnerOptions>>;
let held = 0;

beforeAll(async () => {
  options = {
    'Docker with the classic image store': { engine: suite.engine },
    'Docker with the containerd image store': { engine: suite.containerd },
    Podman: { engine: (await lab['podman-builds']()).environment },
  };
});
afterAll(() => {
  direct.close();
  process.stderr.write(
    `Publishing with an engine through faults: ${held} of ${passing.length + lasting.length} cases hold.\n`,
  );
});

const faults = passingFaults(1);

/**
 * Which of the requests at a point meets the fault. The first POST is the question whether the step may push, as is the first
 * token. The next token is that of the login of a Docker engine.
 */
function visitsOf(engine: Engine, point: FaultPoint): readonly number[] {
  if (point === 'token') return engine === 'Podman' ? [1, 2] : [2, 3];
  return point === 'POST' ? [1] : [0];
}
/** One fault of each kind. */
const kinds = ['503', goDuration, 'reset within the body', 'truncated answer'];
const passing = engines.flatMap((engine) =>
  faultPoints.flatMap((point) =>
    visitsOf(engine, point).flatMap((visit) =>
      [
        ...faults.filter(({ title }) => engine !== 'Podman' || kinds.includes(title)),
        ...(point === 'token' ? [] : [expiredToken]),
      ].map((fault) => ({ engine, point, visit, ...fault })),
    ),
  ),
);
/** The classic image store sends a blob five times, for 50 s, before it says that it was refused. */
const lasting = [
  ...(['blob HEAD', 'POST', 'PUT', 'manifest PUT'] as const).map(
    (point) => ({ engine: 'Docker with the containerd image store', point }) as const,
  ),
  { engine: 'Docker with the classic image store', point: 'manifest PUT' } as const,
];

interface Published {
  readonly step: StepResult;
  /** What the tags point at now. */
  readonly digests: readonly string[];
}

/** Publishes over tags that are at an old image, through a proxy that does harm; what is tagged afterwards is whole. */
async function publishThrough(engine: Engine, harm: (proxy: FaultProxy) => void): Promise<Published> {
  const repository = `octo-org/${uniqueName('fault')}`;
  const place = parseRepository(parseRegistry(suite.registry), repository);
  await pushImage(direct, place, old);
  for (const tag of tags) await direct.putManifest(place, old.manifest, tag);
  const runner = suite.action.newRunner({ ...options[engine], repository, token: `canary-${crypto.randomUUID()}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY app.txt /\n');
  runner.write('app.txt', uniqueName('new'));
  await using proxy = await startFaultProxy(new URL(`http://${suite.registry}/`), { asksForToken: true });
  harm(proxy);
  const step = await runner.main({ registry: proxy.registry, username: 'octocat', tags: tags.join('\n') });
  expect(proxy.pending).toBe(0);
  const found = await Promise.all(tags.map((tag) => direct.getManifest(place, tag)));
  for (const manifest of found) {
    const { config, layers } = parseImageManifest(manifest);
    for (const blob of [config, ...layers]) await readAll(await direct.getBlob(place, blob));
  }
  return { step, digests: found.map(({ digest }) => digest) };
}

describe('a fault that passes', () => {
  test.concurrent.each(passing)(
    '$title at $point (after $visit): $engine publishes',
    async ({ engine, point, visit, fault }) => {
      const { step, digests } = await publishThrough(engine, (proxy) => {
        proxy.inject(point, { kind: 'none' }, visit);
        proxy.inject(point, fault);
      });
      expect(step).toMatchObject({ exitCode: 0, failure: '' });
      expect(digests).toEqual([step.outputs.digest, step.outputs.digest]);
      held++;
    },
  );
});

describe('a fault that does not pass', () => {
  test.concurrent.each(lasting)(
    '400 at $point: the publish of $engine fails at once, and no tag moves',
    async ({ engine, point }) => {
      const { step, digests } = await publishThrough(engine, (proxy) => {
        if (point === 'POST') proxy.inject(point, { kind: 'none' });
        proxy.inject(point, answer(400, 'UNSUPPORTED', 'no'));
      });
      expect(step).toMatchObject({ exitCode: 1, code: 'PUSH_FAILED', outputs: {} });
      expect(step.log).not.toMatch(/trying (?:again|once more)/i);
      expect(digests).toEqual([old.manifest.digest, old.manifest.digest]);
      held++;
    },
  );
});
