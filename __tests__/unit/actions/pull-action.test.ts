import { describe, expect, test } from '@jest/globals';
import { gatherFaults } from '../../../src/errors.ts';
import { parsePullInputs, pullInputDefaults } from '../../../src/inputs/pull-inputs.ts';
import { type PullPlan, planPull } from '../../../src/plan/plan-pull.ts';
import { noRegistryAuth } from '../../../src/registry/credential.ts';
import { aRun } from '../../support/builders.ts';

const digest = `sha256:${'a'.repeat(64)}`;

function aPull(texts: Readonly<Partial<Record<keyof typeof pullInputDefaults, string>>>, run = aRun()): PullPlan {
  const faults = gatherFaults();
  const inputs = parsePullInputs(
    (name) => texts[name] ?? (name === 'token' ? 'ghs_job' : pullInputDefaults[name]),
    faults,
  );
  faults.throwIfAny();
  return planPull(inputs, run, noRegistryAuth);
}

describe('what is pulled', () => {
  test.each([
    ['the repository’s image, latest', {}, 'ghcr.io/octo-org/octo-app:latest'],
    ['a tag', { tag: '1.0' }, 'ghcr.io/octo-org/octo-app:1.0'],
    ['a digest', { digest }, `ghcr.io/octo-org/octo-app@${digest}`],
    ['both', { tag: '1.0', digest }, `ghcr.io/octo-org/octo-app:1.0@${digest}`],
    ['another image', { registry: 'localhost:5000', owner: 'a', image: 'B' }, 'localhost:5000/a/b:latest'],
    [
      'the image of a Docker registry',
      { registry: 'docker' },
      'docker.pkg.github.com/octo-org/octo-app/octo-app:latest',
    ],
  ])('%s', (_title, texts, reference) => {
    expect(aPull(texts).reference).toBe(reference);
  });

  test('a digest of a Docker registry is refused, which knows images by tag only', () => {
    expect(() => aPull({ registry: 'docker', digest })).toThrowCode('DIGEST_UNSUPPORTED');
  });

  test('a public image needs no token', () => {
    expect(aPull({ token: '' }).destinations[0].credential).toMatchObject({ kind: 'runner' });
  });

  test('the job’s token stays with its product', () => {
    const run = aRun({ GITHUB_SERVER_URL: 'https://ghes.example' });
    expect(aPull({ registry: 'ghcr.io' }, run).destinations[0].credential).toMatchObject({ kind: 'runner' });
    expect(aPull({ registry: 'docker' }, run).destinations[0].credential).toMatchObject({ kind: 'token' });
  });
});
