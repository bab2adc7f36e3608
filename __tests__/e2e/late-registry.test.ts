/** A registry of several nodes: for a moment after its own 201 it answers with what it had before. */

import { expect, test } from '@jest/globals';
import { tagPush } from '../support/event.ts';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('containerd', 'registry', 'busybox', 'client');

const unknown = { status: 404, error: { code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' } };

/** Says of each manifest once, after it was written, that it is not there. */
async function startLateRegistry() {
  const late = new Set<string>();
  const written = new Set<string>();
  const refused: string[] = [];
  const meddling = await startMeddlingRegistry(suite.registry, (request) => {
    const [method = '', path = ''] = request.split(' ');
    if (!path.includes('/manifests/')) return undefined;
    if (method === 'PUT' && !written.has(path)) {
      written.add(path);
      late.add(path);
    }
    if (!['GET', 'HEAD'].includes(method) || !late.delete(path)) return undefined;
    refused.push(request);
    return unknown;
  });
  return { ...meddling, address: meddling.address, refused, [Symbol.dispose]: () => meddling[Symbol.dispose]() };
}

test('a publish waits until the registry shows the version, and each further tag', async () => {
  using registry = await startLateRegistry();
  const image = uniqueName('late');
  const runner = suite.action.newRunner({ engine: suite.containerd, repository: `octo-org/${image}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const step = await runner.main({ registry: registry.address, tags: '1.0\nstable' });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expect(registry.refused).toEqual(
    expect.arrayContaining([expect.stringMatching(/manifests\/1\.0$/), expect.stringMatching(/manifests\/stable$/)]),
  );
  expect(step.log).toContain('The registry does not show');
});

test('a leg is staged and merged although the registry shows leg and marker late', async () => {
  using registry = await startLateRegistry();
  const repository = `octo-org/${uniqueName('late-legs')}`;
  const env = { GITHUB_RUN_ID: `${Date.now()}`, GITHUB_RUN_ATTEMPT: '1' };
  const runner = suite.action.newRunner({ engine: suite.containerd, event: tagPush('v1.2.3'), repository, env });
  runner.write('Dockerfile', `FROM ${suite.busybox}\nCOPY Dockerfile /\n`);
  const leg = await runner.main({ registry: registry.address, stage: 'true', platforms: 'linux/amd64' });
  expect(leg).toMatchObject({ exitCode: 0, failure: '' });
  const merger = suite.action.newRunner({ subAction: 'merge', event: tagPush('v1.2.3'), repository, env });
  const merged = await merger.main({ registry: registry.address, platforms: 'linux/amd64' });
  expect(merged).toMatchObject({ exitCode: 0, failure: '' });
  expect(registry.refused.some((request) => /manifests\/_staged\./.test(request))).toBe(true);
});
