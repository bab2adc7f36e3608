/** A proxy in front of a registry that limits request bodies, as nginx does by default: the error names that limit. */

import { expect, test } from '@jest/globals';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'withoutBuildx', 'podman', 'registry');

const title = '413 Request Entity Too Large';
const html = `<html>\n<head><title>${title}</title></head>\n<body><center><h1>${title}</h1></center><hr><center>nginx</center></body>\n</html>\n`;

const startLimited = () =>
  startMeddlingRegistry(suite.registry, (request) =>
    /^(?:PATCH|PUT) \S+\/blobs\//.test(request) ? { status: 413, error: { html } } : undefined,
  );

const names = /^LAYER_TOO_LARGE: [\s\S]*limit on request bodies of localhost:\d+, or of a proxy in front of it/;

// The classic store's own five attempts take 50 s: unit/engine/build-failure has what it says in the end.
test.each([
  ['containerd', {}],
  ['withoutBuildx', {}],
  ['podman', { engine: 'podman' }],
] as const)('what is built is refused: %s', async (engine, inputs) => {
  using registry = await startLimited();
  const runner = suite.action.newRunner({ engine: suite[engine], repository: `octo-org/${uniqueName('large')}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const step = await runner.main({ registry: registry.address, tags: '1.0', ...inputs });
  expect(step).toMatchObject({ exitCode: 1, outputs: {} });
  expect(step.failure).toMatch(names);
  expect(step.failure).not.toContain('login page');
});

test('what our own client copies is refused the same way', async () => {
  using registry = await startLimited();
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${uniqueName('large')}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const built = await runner.main({ registry: suite.registry, image: `octo-org/${uniqueName('base')}`, tags: '1' });
  const source = `docker://${built.outputs.reference}`;
  const step = await runner.main({ registry: registry.address, source, tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 1, outputs: {} });
  expect(step.failure).toMatch(names);
});
