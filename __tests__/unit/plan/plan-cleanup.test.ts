import { describe, expect, test } from '@jest/globals';
import { gatherFaults } from '../../../src/errors.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { cleanupInputDefaults, parseCleanupInputs } from '../../../src/inputs/cleanup-inputs.ts';
import { planCleanup } from '../../../src/plan/plan-cleanup.ts';
import { describeRules } from '../../../src/plan/retention-rules.ts';
import { noRegistryAuth } from '../../../src/registry/credential.ts';
import { formatPlan } from '../../../src/report/plan-table.ts';
import { aRun } from '../../support/builders.ts';
import '../../support/to-throw-code.ts';

function plan(
  texts: Partial<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  logins: readonly string[] = [],
) {
  const given = { token: 'ghs_canary', ...texts };
  const inputs = parseCleanupInputs(
    (name) => given[name as keyof typeof given] ?? cleanupInputDefaults[name],
    gatherFaults(),
  );
  const registryAuth = {
    ...noRegistryAuth,
    logins: logins.map((each) => ({ registry: parseRegistry(each), username: 'octo', password: 'secret' })),
  };
  return planCleanup(inputs, aRun(env), registryAuth);
}

describe('the way to delete', () => {
  test('is the packages API for a Container registry of the run’s own product', () => {
    expect(plan({}).way.value).toBe('packages-api');
    const tenant = { GITHUB_SERVER_URL: 'https://octo.ghe.com' };
    expect(plan({}, tenant).way.value).toBe('packages-api');
  });

  test('is the registry for any other', () => {
    expect(plan({ registry: 'registry.example.com', 'delete-tags': 'pr-*' }).way.value).toBe('registry');
  });

  test.each([
    { what: 'a Docker registry', texts: { registry: 'docker' } },
    {
      what: 'a Container registry of another GitHub',
      texts: { registry: 'ghcr.io', token: 'ghp_canary' },
      env: { GITHUB_SERVER_URL: 'https://octo.ghe.com' },
    },
    { what: 'a login that the API does not take', texts: {}, logins: ['ghcr.io'] },
  ])('is none for $what', ({ texts, env, logins }) => {
    expect(() => plan(texts, env, logins)).toThrowCode('CLEANUP_UNSUPPORTED');
  });

  test('another registry needs tags that may go, because it lists nothing else', () => {
    expect(() => plan({ registry: 'registry.example.com' })).toThrowCode('INPUT_INVALID');
  });
});

test('a clean-up that may meet a publish is warned of', () => {
  expect(plan({ 'keep-younger-than': '0', 'dry-run': 'false' }).notes).toEqual([expect.stringContaining('is 0')]);
  expect(plan({ 'keep-younger-than': '0' }).notes).toEqual([]);
});

test('the log has the rules in words', () => {
  const lines = formatPlan(plan({ 'delete-tags': 'pr-*', 'keep-versions': 'minor=1', 'keep-newest': '3' }));
  expect(lines.map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual(
    expect.arrayContaining([
      'May go | pr-*, versions without a tag',
      'Stays | latest, the 1 highest of minor, the newest 3, younger than 24 hours | whatever else is said',
      'Deletes by | the packages API | because the registry belongs to the product of the token',
      'Dry run | yes',
    ]),
  );
  const none = {
    deleteTags: [],
    deleteUntagged: false,
    keepTags: [],
    keepVersions: [],
    keepNewest: 0,
    keepYoungerThan: 0,
  };
  expect(describeRules(none)).toEqual({ mayGo: 'nothing', stays: 'nothing' });
});
