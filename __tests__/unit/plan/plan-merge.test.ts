/** What `merge/` decides before anything is asked. */

import { describe, expect, test } from '@jest/globals';
import { gatherFaults } from '../../../src/errors.ts';
import type { Run } from '../../../src/github/workflow-run.ts';
import { type MergeInputs, mergeInputDefaults, parseMergeInputs } from '../../../src/inputs/merge-inputs.ts';
import { planMerge } from '../../../src/plan/plan-merge.ts';
import { noRegistryAuth } from '../../../src/registry/credential.ts';
import { aRun } from '../../support/builders.ts';
import '../../support/to-throw-code.ts';

type Texts = Readonly<Partial<Record<keyof typeof mergeInputDefaults, string>>>;

const ids = { GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '2' };
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

function mergeInputs(texts: Texts): MergeInputs {
  const faults = gatherFaults();
  const read = (name: keyof typeof mergeInputDefaults): string =>
    texts[name] ?? (name === 'token' ? 'ghs_job' : mergeInputDefaults[name]);
  const inputs = parseMergeInputs(read, faults);
  faults.throwIfAny();
  return inputs;
}

function planned(texts: Texts = {}, run: Run = aRun(ids)) {
  return planMerge(mergeInputs(texts), run, {
    metadata: { now: new Date('2026-01-02T03:04:05Z') },
    registryAuth: noRegistryAuth,
  });
}

describe('the legs', () => {
  test('are those that this run staged, of all attempts up to this one', () => {
    expect(planned().plan.legs).toEqual({ kind: 'staged', staging: { run: '7', attempt: 2, name: '' } });
  });

  test('are those of a name where `stage` is one', () => {
    const { legs } = planned({ stage: 'alpine' }).plan;
    expect(legs).toEqual({ kind: 'staged', staging: { run: '7', attempt: 2, name: 'alpine' } });
  });

  test.each([`${digest('a')}\n${digest('b')}`, `${digest('a')}, ${digest('b')},${digest('a')}`])(
    'are those of `digests` where it names some, each once: %j',
    (digests) => {
      expect(planned({ digests }).plan.legs).toEqual({ kind: 'digests', digests: [digest('a'), digest('b')] });
    },
  );

  test('that are named by their digests need no run', () => {
    expect(planned({ digests: digest('a'), stage: 'false' }, aRun()).plan.legs).toMatchObject({ kind: 'digests' });
  });
});

describe('the names', () => {
  test('are those of a publish', () => {
    const run = aRun({ ...ids, GITHUB_REF: 'refs/tags/v1.2.3' });
    const { destinations, description, push } = planned({}, run).plan;
    expect(destinations.map(({ repository }) => repository)).toEqual([
      { registry: 'ghcr.io', path: 'octo-org/octo-app' },
    ]);
    expect(description.tags.map(({ tag }) => tag)).toEqual(['1.2.3', '1.2', '1', 'latest']);
    expect(push.value).toBe(true);
  });

  test('come with annotations that are all of the index, and those of other levels are left out, which is said', () => {
    const text = 'a=1\nmanifest:b=2\nindex:c=3\nmanifest-descriptor[linux/arm64]:d=4\nindex-descriptor:e=5';
    const { plan, describe: again } = planned({ annotations: text });
    expect(plan.notes).toEqual([expect.stringContaining('manifest:b, index-descriptor:e of `annotations`')]);
    expect(planned({ annotations: 'a=1\nindex:c=3' }).plan.notes).toEqual([]);
    for (const { annotations } of [plan.description, again([])]) {
      const own = annotations.filter(({ name }) => name.length === 1);
      expect(own.map(({ level, name }) => `${level}:${name}`)).toEqual([
        'index:a',
        'index:c',
        'manifest-descriptor[linux/arm64]:d',
      ]);
      expect(annotations.filter(({ name }) => name.startsWith('org.')).every(({ level }) => level === 'index')).toBe(
        true,
      );
    }
  });

  test('never move backwards', () => {
    const run = aRun({ ...ids, GITHUB_REF: 'refs/tags/v1.2.3' });
    expect(
      planned({}, run)
        .describe(['2.0.0'])
        .tags.map(({ tag }) => tag),
    ).toEqual(['1.2.3', '1.2', '1']);
  });
});

describe('refused is', () => {
  test.each([
    ['a Docker registry', { registry: 'docker' }, ids, ['INDEX_UNSUPPORTED']],
    ['a merge outside of a run', {}, {}, ['RUN_UNKNOWN']],
    ['a run whose ID is no number', {}, { ...ids, GITHUB_RUN_ID: '7.1' }, ['RUN_UNKNOWN']],
    ['a run whose attempt is no number', {}, { ...ids, GITHUB_RUN_ATTEMPT: '0' }, ['RUN_UNKNOWN']],
    ['both at once', { registry: 'docker' }, {}, ['RUN_UNKNOWN', 'INDEX_UNSUPPORTED']],
    ['a digest that is none', { digests: `${digest('a')} sha256:abc` }, ids, ['DIGEST_INVALID']],
    ['nothing to merge', { stage: 'false' }, ids, ['INPUT_INVALID']],
    ['a name that is none', { stage: 'Alpine' }, ids, ['INPUT_INVALID']],
    ['a name that is too long', { stage: 'a'.repeat(33) }, ids, ['INPUT_INVALID']],
    ['a name that ends in a separator', { stage: 'alpine-' }, ids, ['INPUT_INVALID']],
    ['a platform that is none', { platforms: 'linux/vax' }, ids, ['PLATFORM_INVALID']],
  ] as const)('%s', (_title, texts, env, [code, ...more]) => {
    expect(() => planned(texts, aRun(env))).toThrowCode(code, ...more);
  });
});
