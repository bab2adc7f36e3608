/** `cgroup-parent` and `compression: estargz`, which not every engine of the lab can run: what really becomes of them. */

import { beforeAll, describe, expect, test } from '@jest/globals';
import { lab } from '../support/lab.ts';
import { type RunnerOptions, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'withoutBuildx', 'registry', 'busybox', 'client');
/** BuildKit's image, and a base image that its network reaches. */
let images: { readonly image: string; readonly busybox: string };

beforeAll(async () => {
  const found = await lab['buildkit-image']();
  if (found.image === null) throw new Error('BuildKit’s image is made by a Go toolchain on Debian.');
  images = found;
});

async function publish(
  dockerfile: string,
  inputs: Readonly<Record<string, string>>,
  options: RunnerOptions = { engine: suite.engine },
) {
  const runner = suite.action.newRunner({
    repository: `octo-org/${uniqueName('app')}`,
    token: 'ghs_canary',
    ...options,
  });
  runner.write('Dockerfile', dockerfile);
  const step = await runner.main({ registry: suite.registry, tags: '1.0', ...inputs });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expect(await runner.post(step)).toMatchObject({ exitCode: 0 });
  return step;
}

describe('`cgroup-parent` is the parent of what a RUN runs in', () => {
  const made = { provenance: 'true' };
  test.each<[string, () => RunnerOptions, Readonly<Record<string, string>>]>([
    ['the classic store', () => ({ engine: suite.engine }), {}],
    ['the containerd store', () => ({ engine: suite.containerd }), {}],
    ['a builder that the step makes', () => ({ engine: suite.engine }), made],
    ['an engine without BuildKit', () => ({ engine: suite.withoutBuildx, env: { DOCKER_BUILDKIT: '0' } }), {}],
  ])('with %s', async (_title, options, inputs) => {
    const base = inputs === made ? images.busybox : suite.busybox;
    const step = await publish(
      `FROM ${base}\nRUN echo ${uniqueName('x')}; cat /proc/self/cgroup > /cgroup.txt\n`,
      { 'cgroup-parent': '/publish-test', 'builder-image': images.image, ...inputs },
      options(),
    );
    const groups = await suite.client.contentOf(step.outputs.reference ?? '', 'cgroup.txt');
    expect(groups).toMatch(/\/publish-test\/\S/);
  });
});

test('`compression: estargz` leaves layers that say where their table of contents is', async () => {
  const inputs = { compression: 'estargz', 'builder-image': images.image };
  const step = await publish('FROM scratch\nCOPY Dockerfile /Dockerfile\n', inputs);
  const reference = step.outputs.reference ?? '';
  const { layers } = await suite.client.manifestOf(reference);
  const [layer] = layers as { mediaType: string; annotations: Record<string, string> }[];
  expect(layers).toHaveLength(1);
  expect(layer?.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+gzip');
  expect(layer?.annotations['containerd.io/snapshot/stargz/toc.digest']).toMatch(/^sha256:[0-9a-f]{64}$/);
  // What reads the layer as plain gzip finds the files.
  expect(await suite.client.contentOf(reference, 'Dockerfile')).toContain('FROM scratch');
});
