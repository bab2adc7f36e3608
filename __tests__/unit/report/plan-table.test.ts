import { describe, expect, test } from '@jest/globals';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { formatPlan, formatTable, formatTags } from '../../../src/report/plan-table.ts';
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
  test('each decision with its reason', () => {
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

  test('what was not asked for, and who the runner is', () => {
    const inputs = {
      registry: 'localhost:5000',
      push: 'false',
      platforms: 'linux/amd64,linux/arm64',
      file: 'x/Dockerfile',
    };
    const lines = formatPlan(aPlan({ ...inputs, tags: '1' }));
    expect(lines).toContainEqual(
      expect.stringMatching(/^Login +as the runner is +because a token of GitHub is not sent/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^Push +no +because `push` is false$/));
    expect(lines).toContainEqual(expect.stringMatching(/^Context +\. +with x\/Dockerfile$/));
    expect(lines).toContainEqual(expect.stringMatching(/^Platforms +linux\/amd64, linux\/arm64$/));
  });

  test('an assumption is said to be one', () => {
    const lines = formatPlan(aPlan({ tags: '1' }, aRun({ GITHUB_SERVER_URL: 'https://ghes.example' })));
    expect(lines).toContainEqual(expect.stringMatching(/^Registry +docker\.ghes\.example +assumed: the run is on/));
  });

  test('a login of registry-auth is shown by its name', () => {
    const registryAuth = [{ registry: parseRegistry('docker.io'), username: 'robot' }];
    const { plan } = planned({ images: 'docker.io/octo/app', tags: '1' }, aRun(), { registryAuth });
    expect(formatPlan(plan)).toContainEqual(expect.stringMatching(/^Login +robot +because `registry-auth` has it$/));
  });

  test('each tag with its rule, each rule without a tag with its reason', () => {
    const run = aRun({ GITHUB_REF: 'refs/tags/v1.4.9' });
    const { describe: again } = planned({}, run);
    const lines = formatTags(again(['2.0.0', '1.5.0', '1.4', '1', 'latest']));
    expect(lines).toContainEqual(expect.stringMatching(/^Tag +1\.4\.9 +from type=semver/));
    expect(lines).toContainEqual(expect.stringMatching(/^Held +latest +not moved, because the registry has/));
    expect(lines).toContainEqual(expect.stringMatching(/^No tag +type=ref,event=branch\S* +/));
    expect(lines.filter((line) => /^No tag +latest/.test(line))).toEqual([]);
  });
});
