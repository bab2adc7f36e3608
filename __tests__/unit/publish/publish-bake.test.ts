import { describe, expect, test } from '@jest/globals';
import { BuildError, PermissionError, RegistryError } from '../../../src/errors.ts';
import type { Planned, PlannedBake } from '../../../src/plan/plan.ts';
import { publishBake } from '../../../src/publish/publish-bake.ts';
import { formatSummary } from '../../../src/report/job-summary.ts';
import { formatOutputs } from '../../../src/report/outputs.ts';
import { aRun, bakePlanned } from '../../support/builders.ts';
import { aWorld, type FakeWorld, withSlowPermission } from '../../support/fakes.ts';

const root = 'ghcr.io/octo-org/octo-app';
const [app, worker] = [`${root}/app`, `${root}/worker`];
const two = { app: {}, worker: {} };
const facts = { message: 'It failed.', remedy: 'Mend it.' };
const denied = new RegistryError('REGISTRY_REFUSED', { ...facts, status: 403, ociCodes: ['DENIED'] });

function publish({ plan, baked }: Planned & { readonly baked: PlannedBake }, world: FakeWorld) {
  return publishBake(plan, baked, world.ports);
}

describe('the targets of a bake file are published', () => {
  test('in this order: ask for all, build all, look at all, move the tags, `latest` of all last, ask for each', async () => {
    const world = aWorld();
    const outcome = await publish(bakePlanned(two, { tags: '1.0\n1\nlatest' }), world);
    expect(world.effects.slice(0, 7).toSorted()).toEqual([
      'checkLogins ghcr.io',
      `listTags ${app}`,
      `listTags ${worker}`,
      'logIn',
      `mayPush ${app}`,
      `mayPush ${worker}`,
      'readFacts',
    ]);
    expect(world.effects[7]).toBe('bakeByDigest app worker --push');
    const puts = world.effects.filter((effect) => effect.startsWith('putManifest'));
    expect(puts).toEqual(
      [`${app}:1.0`, `${app}:1`, `${worker}:1.0`, `${worker}:1`, `${app}:latest`, `${worker}:latest`].map(
        (each) => `putManifest ${each}`,
      ),
    );
    const firstPut = world.effects.indexOf(puts[0] ?? '');
    const reads = world.effects.flatMap((effect, index) => (effect.startsWith('findManifest') ? [index] : []));
    expect(Math.max(...reads)).toBeLessThan(firstPut);
    expect(outcome.ofTargets?.map(({ published }) => published)).toEqual([true, true]);
  });

  test('nowhere, if one registry refuses: nothing is built', async () => {
    const world = aWorld({ permission: { answer: 'refused', error: denied } });
    await expect(publish(bakePlanned(two, { tags: '1.0' }), world)).rejects.toMatchObject({ code: 'PUSH_DENIED' });
    expect(world.effects.filter((effect) => effect.startsWith('bake') || effect.startsWith('put'))).toEqual([]);
  });

  test('nowhere, if the engine fails first, at the registry that refuses: the refusal is told', async () => {
    const failing = { logIn: new RegistryError('CA_UNKNOWN', facts) };
    const world = aWorld({ permission: { answer: 'refused', error: denied }, failing });
    const slower = { ...world, ports: withSlowPermission(world) };
    await expect(publish(bakePlanned(two, { tags: '1.0' }), slower)).rejects.toMatchObject({ code: 'PUSH_DENIED' });
  });

  test('nowhere, if Dependabot’s token may not push: they are built', async () => {
    const run = aRun({ GITHUB_ACTOR: 'dependabot[bot]' });
    const world = aWorld({ permission: { answer: 'refused', error: denied } });
    const planned = bakePlanned(two, { tags: '1.0' }, run);
    const outcome = await publish(planned, world);
    expect(world.effects.at(-1)).toBe('bakeByDigest app worker');
    expect(outcome.ofTargets?.map(({ published, reason }) => [published, reason])).toEqual([
      [false, 'Dependabot started the run, and its token only reads'],
      [false, 'Dependabot started the run, and its token only reads'],
    ]);
  });

  test('and no tag moves if the build fails', async () => {
    const world = aWorld({ failing: { bakeByDigest: new BuildError('BUILD_FAILED', facts) } });
    await expect(publish(bakePlanned(two, { tags: '1.0' }), world)).rejects.toMatchObject({ code: 'BUILD_FAILED' });
    expect(world.effects.filter((effect) => effect.startsWith('put'))).toEqual([]);
  });

  test('and a tag that does not move says what has moved by then', async () => {
    const failure = new PermissionError('PUSH_DENIED', facts);
    const world = aWorld({ failing: { [`putManifest ${worker}:1.0`]: failure } });
    const failed = publish(bakePlanned(two, { tags: '1.0\nlatest' }), world);
    await expect(failed).rejects.toMatchObject({
      message: expect.stringMatching(/moved to it: none; not moved: 1\.0, latest\..* In \S+\/app moved: 1\.0\./),
    });
    expect(world.effects.filter((effect) => effect.includes('latest') && effect.startsWith('put'))).toEqual([]);
  });
});

test('the outputs have those of each, and the tags of all', async () => {
  const planned = bakePlanned(two, { tags: '1.0' });
  const outputs = formatOutputs(planned.plan, await publish(planned, aWorld()));
  expect(outputs).toMatchObject({ tags: `${app}:1.0\n${worker}:1.0`, image: `${app}:1.0`, published: 'true' });
  expect(JSON.parse(outputs.bake)).toMatchObject({
    app: { published: true, reason: '', tags: [`${app}:1.0`], image: `${app}:1.0` },
    worker: { published: true, reason: '', tags: [`${worker}:1.0`], image: `${worker}:1.0` },
  });
});

test('the summary has a part for each', async () => {
  const world = aWorld();
  const planned = bakePlanned(two, { tags: '1.0' });
  const outcome = await publish(planned, world);
  const summary = formatSummary(
    {
      participle: 'published',
      plan: planned.plan,
      outcome,
      isDryRun: false,
      spans: [],
      buildSteps: [],
      images: [],
      warnings: [],
    },
    (text) => text,
  );
  expect(summary).toContain('## Published 2 images');
  for (const [name, repository] of [
    ['app', app],
    ['worker', worker],
  ]) {
    expect(summary).toContain(`### <code>${name}</code>`);
    expect(summary).toContain(`docker pull ${repository}@sha256:`);
  }
});
