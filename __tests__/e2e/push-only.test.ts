/** A login that may push and not read, such as that of a robot: the image is published, and the log says that nobody could look. */

import { expect, test } from '@jest/globals';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'client');

const denied = { status: 403, error: { code: 'DENIED', message: 'requested access to the resource is denied' } };

const reads = /^(?:GET|HEAD) \/v2\/./;
/** docker itself asks for a blob before it pushes it, and gives up if that is refused. */
const readsContent = /^(?:GET \/v2\/.|HEAD \/v2\/.+\/manifests\/)/;

function startPushOnly(refused: RegExp) {
  return startMeddlingRegistry(suite.registry, (request) => (refused.test(request) ? denied : undefined));
}

const notRead = 'lets this login push and not read';

test('what docker pushes goes out under every tag', async () => {
  using registry = await startPushOnly(readsContent);
  const image = uniqueName('robot');
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${image}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const step = await runner.main({ registry: registry.address, tags: '1.0\nstable' });
  expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { published: 'true' } });
  expect(step.log).toContain(notRead);
  for (const tag of ['1.0', 'stable']) {
    expect(await suite.client.digestOf(`${suite.registry}/octo-org/${image}:${tag}`)).toBe(step.outputs.digest);
  }
});

test.each(['manifest', 'blobs'])('what our own client pushes does, too, with `verify: %s`', async (verify) => {
  using registry = await startPushOnly(reads);
  const image = uniqueName('robot');
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${image}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const built = await runner.main({ registry: suite.registry, image: `octo-org/${uniqueName('base')}`, tags: '1' });
  expect(built).toMatchObject({ exitCode: 0, failure: '' });
  const source = `docker://${built.outputs.reference}`;
  const step = await runner.main({ registry: registry.address, source, tags: '1.0\nlatest', verify });
  expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { published: 'true' } });
  expect(step.log).toContain(notRead);
  for (const tag of ['1.0', 'latest']) {
    expect(await suite.client.digestOf(`${suite.registry}/octo-org/${image}:${tag}`)).toBe(step.outputs.digest);
  }
});

test.each([
  ['the first', 0],
  ['the second', 1],
])('of two registries, where %s takes such a login, both have the image', async (_which, place) => {
  using registry = await startPushOnly(readsContent);
  const image = uniqueName('robot');
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${image}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const names = [`${registry.address}/octo-org/${image}`, `${suite.registry}/octo-org/${image}-other`];
  const images = (place === 0 ? names : names.toReversed()).join('\n');
  const step = await runner.main({ images, tags: '1.0\nstable' });
  expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { published: 'true' } });
  expect(step.log).toContain(notRead);
  for (const name of [image, `${image}-other`]) {
    for (const tag of ['1.0', 'stable']) {
      expect(await suite.client.digestOf(`${suite.registry}/octo-org/${name}:${tag}`)).toBe(step.outputs.digest);
    }
  }
});
