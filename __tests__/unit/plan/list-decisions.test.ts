import { describe, expect, test } from '@jest/globals';
import { gatherFaults } from '../../../src/errors.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { mergeInputDefaults, parseMergeInputs } from '../../../src/inputs/merge-inputs.ts';
import { parsePullInputs, pullInputDefaults } from '../../../src/inputs/pull-inputs.ts';
import { type DecisionLine, decisions, tagDecisions } from '../../../src/plan/list-decisions.ts';
import { type MergePlan, planMerge } from '../../../src/plan/plan-merge.ts';
import { planPull } from '../../../src/plan/plan-pull.ts';
import { noRegistryAuth } from '../../../src/registry/credential.ts';
import { aPlan, aRun, planned } from '../../support/builders.ts';

const inWorkflow = aRun({ GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '1' });

function aMerge(texts: Readonly<Partial<Record<keyof typeof mergeInputDefaults, string>>>): MergePlan {
  const faults = gatherFaults();
  const inputs = parseMergeInputs(
    (name) => texts[name] ?? (name === 'token' ? 'ghs_job' : mergeInputDefaults[name]),
    faults,
  );
  const facts = { metadata: { now: new Date('2026-01-02T03:04:05Z') }, registryAuth: noRegistryAuth };
  return planMerge(inputs, inWorkflow, facts).plan;
}

/** Of some decisions, what is said of these things. */
const about = (list: readonly DecisionLine[], ...things: readonly string[]): readonly DecisionLine[] =>
  list.filter(({ what }) => things.includes(what));

describe('the decisions of a plan', () => {
  test('say what was decided, and why', () => {
    expect(decisions(aPlan({ tags: '1.0', image: 'App' }))).toEqual([
      { what: 'Product', which: 'github.com', why: '' },
      { what: 'Registry', which: 'ghcr.io', why: 'because the run is on github.com' },
      { what: 'Repository', which: 'ghcr.io/octo-org/app', why: '' },
      { what: 'Login', which: 'x-access-token', why: 'because it belongs to the product of the token' },
      { what: 'Push', which: 'yes', why: 'because someone with write access pushed the branch or tag' },
      { what: 'Context', which: '.', why: '' },
    ]);
  });

  test('have those that were asked for', () => {
    const inputs = { platforms: 'linux/amd64,linux/arm64', file: 'x/Dockerfile', cache: 'gha', 'if-exists': 'skip' };
    expect(about(decisions(aPlan(inputs)), 'Dockerfile', 'Platforms', 'Cache', 'If it exists')).toEqual([
      { what: 'Dockerfile', which: 'x/Dockerfile', why: '' },
      { what: 'Platforms', which: 'linux/amd64, linux/arm64', why: '' },
      { what: 'Cache', which: 'gha', why: '' },
      { what: 'If it exists', which: 'skip', why: '' },
    ]);
  });

  test.each([
    ['several platforms', { platforms: 'linux/amd64,linux/arm64' }, ['`platforms` (several)']],
    ['a cache elsewhere and provenance', { cache: 'gha', provenance: 'true' }, ['`cache: gha`', '`provenance`']],
    ['nothing of the kind', { platforms: 'linux/arm64', cache: 'inline' }, []],
    ['what no builder does either', { platforms: 'linux/amd64,linux/arm64', load: 'true' }, []],
    ['a builder of its own', { platforms: 'linux/amd64,linux/arm64', builder: 'mine' }, []],
    ['Podman', { platforms: 'linux/amd64,linux/arm64', engine: 'podman' }, []],
  ])('name the inputs for which an engine may need a builder: %s', (_title, texts, inputs) => {
    const plan = aPlan(texts);
    const lines = about(decisions(plan), 'Builder');
    expect(plan.builderNeeds ?? []).toHaveLength(inputs.length);
    expect(lines.map(({ which }) => which)).toEqual(inputs.length === 0 ? [] : ['if needed']);
    for (const input of inputs) expect(lines[0]?.why).toContain(input);
  });

  test('say of an assumption that it is one', () => {
    const list = decisions(aPlan({ tags: '1' }, aRun({ GITHUB_SERVER_URL: 'https://ghes.example' })));
    expect(about(list, 'Registry')).toMatchObject(
      [{ which: 'docker.ghes.example', why: /^assumed: the run is on/ }].map(({ which, why }) => ({
        which,
        why: expect.stringMatching(why),
      })),
    );
  });

  test('name who logs in: the runner, or whom `registry-auth` names', () => {
    expect(about(decisions(aPlan({ registry: 'localhost:5000' })), 'Login')).toEqual([
      { what: 'Login', which: 'the login of the runner', why: expect.stringMatching(/^because a token of GitHub/) },
    ]);
    const logins = [{ registry: parseRegistry('docker.io'), username: 'robot', password: 'canary-password' }];
    const { plan } = planned({ images: 'docker.io/octo/app' }, aRun(), { registryAuth: { ...noRegistryAuth, logins } });
    expect(about(decisions(plan), 'Login')).toEqual([
      { what: 'Login', which: 'robot', why: 'because `registry-auth` has it' },
    ]);
  });

  test('say of an image that exists where it comes from, and nothing of a build', () => {
    const list = decisions(aPlan({ source: 'docker://ghcr.io/octo-org/app:1.0', referrers: 'true' }));
    expect(about(list, 'Source', 'Context')).toEqual([
      {
        what: 'Source',
        which: 'docker://ghcr.io/octo-org/app:1.0',
        why: 'with the signatures and attestations that refer to it',
      },
    ]);
  });

  test('say of a leg for which merge it is', () => {
    expect(about(decisions(aPlan({ stage: 'alpine' }, inWorkflow)), 'Stage')).toEqual([
      {
        what: 'Stage',
        which: 'run 7, attempt 1, image "alpine"',
        why: 'because `stage` is set; the merge sets the tags',
      },
    ]);
  });

  test('say of a merge what it merges', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(about(decisions(aMerge({ platforms: 'linux/amd64' })), 'Legs', 'Platforms', 'Context')).toEqual([
      { what: 'Legs', which: 'run 7, attempt 1', why: 'because `digests` is empty' },
      { what: 'Platforms', which: 'linux/amd64', why: '' },
    ]);
    expect(about(decisions(aMerge({ digests: digest })), 'Legs')).toEqual([
      { what: 'Legs', which: digest, why: 'because `digests` names them' },
    ]);
  });

  test('say of a pull what it pulls', () => {
    const inputs = parsePullInputs((name) => pullInputDefaults[name], gatherFaults());
    expect(decisions(planPull(inputs, aRun(), noRegistryAuth))).toEqual([
      { what: 'Product', which: 'github.com', why: '' },
      { what: 'Registry', which: 'ghcr.io', why: 'because the run is on github.com' },
      { what: 'Repository', which: 'ghcr.io/octo-org/octo-app', why: '' },
      { what: 'Login', which: 'the login of the runner', why: 'because no token was given' },
      { what: 'Image', which: 'ghcr.io/octo-org/octo-app:latest', why: '' },
    ]);
  });

  test('have no credential of a URL', () => {
    const list = decisions(aPlan({ context: 'https://robot:hunter2@git.example/app.git' }));
    expect(about(list, 'Context')).toEqual([
      { what: 'Context', which: 'https://robot:***@git.example/app.git', why: '' },
    ]);
  });
});

describe('the tags of an image', () => {
  const { describe: again, plan } = planned({}, aRun({ GITHUB_REF: 'refs/tags/v1.4.9' }));

  test('are those that a rule gives, those that stay where they are, and the rules that give none, with the reason', () => {
    const list = tagDecisions(again(['2.0.0', '1.5.0', '1.4', '1', 'latest']));
    expect(list).toContainEqual({ kind: 'given', tag: '1.4.9', rule: 'type=semver,pattern={{version}}' });
    expect(list).toContainEqual({
      kind: 'held',
      tag: 'latest',
      rule: 'type=semver,pattern={{version}}',
      reason: expect.stringContaining('the registry has 2.0.0'),
    });
    expect(list).toContainEqual({ kind: 'none', rule: 'type=ref,event=branch', reason: 'the run is for no branch' });
  });

  test('say why there is no `latest`, unless it is given or stays where it is', () => {
    const isOfLatest = ({ rule }: { readonly rule: string }): boolean => rule === 'latest';
    expect(tagDecisions(plan.description).filter(isOfLatest)).toEqual([]);
    expect(tagDecisions(again(['2.0.0'])).filter(isOfLatest)).toEqual([]);
    expect(tagDecisions(aPlan({ tags: 'main' }).description).filter(isOfLatest)).toEqual([
      { kind: 'none', rule: 'latest', reason: expect.stringContaining('is no release') },
    ]);
  });
});
