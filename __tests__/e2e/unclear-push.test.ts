/** A registry that is busy and says so in a status alone: docker and buildx show its message, from which nobody can tell. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type BuildKit, startBuildKit } from '../support/buildkit.ts';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'withoutBuildx', 'podman', 'registry', 'client');
let buildKit: BuildKit;
beforeAll(async () => {
  buildKit = await startBuildKit();
});
afterAll(() => buildKit?.[Symbol.asyncDispose]());

test.each([
  ['the classic store', 'engine', () => ({})],
  ['the containerd store', 'containerd', () => ({})],
  ['Docker without buildx', 'withoutBuildx', () => ({})],
  ['Podman', 'podman', () => ({ engine: 'podman' })],
  ['a builder outside of the engine', 'engine', () => ({ builder: buildKit.endpoint })],
] as const)('the push is made once more: %s', async (_, engine, inputs) => {
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
  const step = await runner.main({ registry: registry.address, tags: '1.0\nstable', ...inputs() });
  expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { published: 'true' } });
  expect(left).toBe(0);
  expect(await suite.client.digestOf(`${suite.registry}/${image}:1.0`)).toBe(step.outputs.digest);
});
