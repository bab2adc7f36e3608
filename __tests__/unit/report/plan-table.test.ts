import { describe, expect, test } from '@jest/globals';
import { formatPlan, formatTable } from '../../../src/report/plan-table.ts';
import { aPlan, aRun, planned } from '../../support/builders.ts';

test('columns are aligned, the last one runs free', () => {
  expect(formatTable([])).toEqual([]);
  expect(
    formatTable([
      ['a', 'bb', 'c'],
      ['aaa', 'b', ''],
    ]),
  ).toEqual(['a    bb  c', 'aaa  b   ']);
});

describe('the plan, as a person reads it', () => {
  test('is each decision with its reason, then the tags', () => {
    const lines = formatPlan(aPlan({ tags: '1.0\nlatest', image: 'App' }));
    expect(lines).toEqual([
      'Product     github.com',
      'Registry    ghcr.io               because the run is on github.com',
      'Repository  ghcr.io/octo-org/app',
      'Login       x-access-token        because it belongs to the product of the token',
      'Push        yes                   because someone with write access pushed the branch or tag',
      'Context     .',
      'Tag  1.0     from 1.0',
      'Tag  latest  from latest',
    ]);
  });

  test('has each tag with its rule, and each rule without a tag with its reason', () => {
    const { plan, describe: again } = planned({}, aRun({ GITHUB_REF: 'refs/tags/v1.4.9' }));
    const lines = formatPlan({ ...plan, description: again(['2.0.0', '1.5.0', '1.4', '1', 'latest']) });
    expect(lines).toContainEqual(expect.stringMatching(/^Tag +1\.4\.9 +from type=semver/));
    expect(lines).toContainEqual(expect.stringMatching(/^Not moved +latest +because the registry has/));
    expect(lines).toContainEqual(expect.stringMatching(/^No tag +type=ref,event=branch\S* +/));
  });
});
