import { describe, expect, test } from '@jest/globals';
import type { Run } from '../../../src/github/workflow-run.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import type { InputName } from '../../../src/inputs/publish-inputs.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { noRegistryAuth } from '../../../src/registry/credential.ts';
import { aRun, buildIn, planned } from '../../support/builders.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

const pullRequest = aRun({ GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/7/merge' });
const dependabot = aRun({ GITHUB_ACTOR: 'dependabot[bot]' });

function planWith(texts: Readonly<Partial<Record<InputName, string>>>, run: Run, registry = 'docker.io'): Plan {
  const empty = [{ registry: parseRegistry(registry), lacks: 'password' as const }];
  return planned(texts, run, { registryAuth: { ...noRegistryAuth, empty } }).plan;
}

describe('a secret of the build that is empty', () => {
  test.each([
    ['a pull request', {}, pullRequest],
    ['a run of Dependabot', {}, dependabot],
    ['a run that does not push', { push: 'false' }, aRun()],
  ])('is left out in %s, and said', (_, texts, run) => {
    const { plan } = planned({ ...texts, secrets: 'npm=\nkey=value' }, run);
    expect(buildIn(plan).secrets).toEqual([{ id: 'key', kind: 'input' }]);
    expect(plan.notes).toEqual(['The secret "npm" of `secrets` is empty in this run. The build goes on without it.']);
  });

  test('ends a run that publishes, and is named', () => {
    expect(thrownBy(() => planned({ secrets: 'npm=' }))).toMatchObject({
      code: 'SECRET_MISSING',
      message: 'The input `secrets` has the entry "npm", which is empty, and this run publishes what it builds.',
    });
  });
});

describe('an entry of `registry-auth` whose secret is empty', () => {
  const images = 'ghcr.io/octo-org/app\ndocker.io/octo/app';

  test.each([
    ['a pull request', {}, pullRequest],
    ['a run of Dependabot', {}, dependabot],
    ['a run that does not push', { push: 'false' }, aRun()],
  ])('is left out in %s, and said', (_, texts, run) => {
    const { destinations, notes } = planWith({ ...texts, images }, run);
    expect(destinations.map(({ credential }) => credential.kind)).toEqual(['token', 'runner']);
    expect(notes).toEqual([
      'The password for docker.io in `registry-auth` is empty in this run. The step goes on without this login.',
    ]);
  });

  test('ends a run that publishes to its registry, and is named', () => {
    expect(thrownBy(() => planWith({ images }, aRun()))).toMatchObject({
      code: 'SECRET_MISSING',
      message: 'The entry for docker.io in `registry-auth` has an empty password, and this run publishes to docker.io.',
    });
  });

  test('is left out in a run that publishes elsewhere', () => {
    expect(planWith({}, aRun()).notes).toEqual([expect.stringContaining('docker.io')]);
  });
});

test('a password that YAML may have cut is told how to be written, and not shown', () => {
  const commented = [parseRegistry('quay.io')];
  const { notes } = planned({}, aRun(), { registryAuth: { ...noRegistryAuth, commented } }).plan;
  expect(notes).toEqual([expect.stringMatching(/quay\.io.*YAML ends the password there.*toJSON/)]);
});
