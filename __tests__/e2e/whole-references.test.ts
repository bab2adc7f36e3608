/** Whole references in `tags`, as docker/build-push-action takes them: exactly those are published. */

import { expect, test } from '@jest/globals';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'registry', 'client');

test.each(['engine', 'containerd'] as const)('each repository gets its own tags, and no other: %s', async (engine) => {
  const [one, other] = [`octo-org/${uniqueName('one')}`, `octo-org/${uniqueName('other')}`];
  const runner = suite.action.newRunner({ engine: suite[engine], repository: one });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const tags = `${suite.registry}/${one}:1.2\n${suite.registry}/${one}:1\n${suite.registry}/${other}:stable`;
  const step = await runner.main({ tags });
  expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { tags, published: 'true' } });
  expect(await suite.client.tagsOf(`${suite.registry}/${one}`)).toEqual(['1', '1.2']);
  expect(await suite.client.tagsOf(`${suite.registry}/${other}`)).toEqual(['stable']);
});
