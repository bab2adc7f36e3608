/** Registries of other makes than Distribution 2.8: built, staged and merged, promoted, and pulled again. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Registry } from '../../src/image/registry-name.ts';
import { startCraneRegistry } from '../support/crane-registry.ts';
import { lab } from '../support/lab.ts';
import { startOwnDistribution } from '../support/own-distribution.ts';
import { type Runner, type RunnerOptions, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'registry', 'client');
const succeeded = { exitCode: 0, failure: '' };

const makes = [
  { make: 'crane’s registry', start: startCraneRegistry },
  {
    make: 'Distribution 3',
    async start() {
      const { path } = await lab.distribution3();
      if (path === null) throw new Error('This suite runs Distribution 3, which the lab builds: it needs Go.');
      return startOwnDistribution(path);
    },
  },
];

describe.each(makes)('$make', ({ start }) => {
  let registry: Registry;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ registry, close } = await start());
  });
  afterAll(() => close?.());

  function aRunner(repository: string, options: RunnerOptions = {}): Runner {
    const runner = suite.action.newRunner({ engine: suite.engine, repository, ...options });
    runner.write('Dockerfile', 'FROM scratch\nARG TARGETARCH\nCOPY text /${TARGETARCH:-none}\n');
    runner.write('text', `${repository}\n`);
    return runner;
  }

  test.each(['engine', 'containerd'] as const)(
    'takes what %s builds, under each tag, and gives it back',
    async (which) => {
      const repository = `octo-org/${uniqueName('built')}`;
      const inputs = { registry, tags: '1.0\n1\nlatest', verify: 'blobs' };
      const { outputs, ...step } = await aRunner(repository, { engine: suite[which] }).main(inputs);
      expect(step).toMatchObject(succeeded);
      expect(await suite.client.tagsOf(`${registry}/${repository}`)).toEqual(['1', '1.0', 'latest']);
      for (const tag of ['1', '1.0', 'latest']) {
        expect(await suite.client.digestOf(`${registry}/${repository}:${tag}`)).toBe(outputs.digest);
      }
      expect(await suite.client.contentOf(outputs.reference ?? '', 'amd64')).toBe(`${repository}\n`);

      const again = await aRunner(repository).main({ ...inputs, 'if-exists': 'skip' });
      expect(again).toMatchObject({ ...succeeded, outputs: { published: 'false', digest: outputs.digest } });
      const puller = aRunner(repository, { subAction: 'pull' });
      expect(await puller.main({ registry, tag: '1.0' })).toMatchObject({
        ...succeeded,
        outputs: { digest: outputs.digest },
      });
    },
  );

  test('gets its legs merged, and no marker stays', async () => {
    const repository = `octo-org/${uniqueName('merged')}`;
    const env = { GITHUB_RUN_ID: `${Date.now()}` };
    for (const platforms of ['linux/amd64', 'linux/arm64']) {
      const leg = aRunner(repository, { engine: suite.containerd, env });
      expect(await leg.main({ registry, stage: 'true', platforms })).toMatchObject(succeeded);
    }
    const merging = aRunner(repository, { subAction: 'merge', env });
    const merged = await merging.main({ registry, tags: '1.0', platforms: 'linux/amd64,linux/arm64' });
    expect(merged).toMatchObject(succeeded);
    expect(Object.keys(JSON.parse(merged.outputs.platforms ?? ''))).toEqual(['linux/amd64', 'linux/arm64']);
    expect(await suite.client.tagsOf(`${registry}/${repository}`)).toEqual(['1.0']);
    expect(await suite.client.digestOf(`${registry}/${repository}:1.0`)).toBe(merged.outputs.digest);
  });

  test('gives and takes what is promoted, with the same digest', async () => {
    const repository = `octo-org/${uniqueName('promoted')}`;
    const { outputs } = await aRunner(repository).main({ registry, tags: '1.0' });
    const source = `docker://${outputs.reference}`;
    const away = await aRunner(repository).main({ registry: suite.registry, source, tags: 'away' });
    const within = await aRunner(`${repository}-other`).main({ registry, source, tags: 'within' });
    const back = await aRunner(`${repository}-back`).main({
      registry,
      source: `docker://${away.outputs.image}`,
      tags: '2',
    });
    for (const step of [away, within, back]) {
      expect(step).toMatchObject(succeeded);
      expect(await suite.client.digestOf(step.outputs.image ?? '')).toBe(outputs.digest);
    }
  });
});
