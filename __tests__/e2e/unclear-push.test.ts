/** A registry that is busy and says so in a status alone: docker and buildx show its message, from which nobody can tell. */

import { expect, test } from '@jest/globals';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'withoutBuildx', 'registry', 'client');

test.each(['engine', 'containerd', 'withoutBuildx'] as const)('the push is made once more: %s', async (engine) => {
  const busy = { status: 429, error: { code: 'INJECTED', message: 'injected' } };
  let left = 1;
  using registry = await startMeddlingRegistry(suite.registry, (request) => {
    if (!/^PUT .*\/manifests\//.test(request) || left === 0) return undefined;
    left -= 1;
    return busy;
  });
  const image = `octo-org/${uniqueName('unclear')}`;
  const runner = suite.action.newRunner({ engine: suite[engine], repository: image });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const step = await runner.main({ registry: registry.address, tags: '1.0\nstable' });
  expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { published: 'true' } });
  expect(left).toBe(0);
  expect(await suite.client.digestOf(`${suite.registry}/${image}:1.0`)).toBe(step.outputs.digest);
});
