/** A step in the place of docker/metadata-action: what later steps read of it. */

import { expect, test } from '@jest/globals';
import { tagPush } from '../support/event.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'client');

test('a dry run leaves names as `json` and as variables for later steps', async () => {
  const repository = `octo-org/${uniqueName('meta')}`;
  const runner = suite.action.newRunner({ engine: suite.engine, event: tagPush('v1.2.3'), repository });
  const step = await runner.main({
    registry: suite.registry,
    'dry-run': 'true',
    'metadata-env': 'true',
    labels: 'team=octo',
    tags: 'type=semver,pattern={{version}}',
  });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  const tags = [`${suite.registry}/${repository}:1.2.3`, `${suite.registry}/${repository}:latest`];
  const json = JSON.parse(step.outputs.json ?? '');
  expect(json).toMatchObject({ tags, 'tag-names': ['1.2.3', 'latest'], labels: { team: 'octo' } });
  expect(json.annotations).toContainEqual(
    expect.stringMatching(/^manifest:org\.opencontainers\.image\.version=1\.2\.3$/),
  );
  expect(step.env).toMatchObject({
    DOCKER_METADATA_OUTPUT_VERSION: '1.2.3',
    DOCKER_METADATA_OUTPUT_TAGS: tags.join('\n'),
    DOCKER_METADATA_OUTPUT_TAG_NAMES: '1.2.3\nlatest',
    DOCKER_METADATA_OUTPUT_JSON: step.outputs.json,
  });
});

test('the version is an argument of the build', async () => {
  const repository = `octo-org/${uniqueName('meta')}`;
  const runner = suite.action.newRunner({ engine: suite.engine, event: tagPush('v1.2.3'), repository });
  runner.write(
    'Dockerfile',
    'FROM scratch\nARG VERSION\nARG DOCKER_METADATA_OUTPUT_VERSION\nCOPY Dockerfile /\nLABEL a="$VERSION" b="$DOCKER_METADATA_OUTPUT_VERSION"\n',
  );
  const args = 'VERSION={{meta.version}}-x\nDOCKER_METADATA_OUTPUT_VERSION';
  const step = await runner.main({ registry: suite.registry, 'build-args': args });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expect(await suite.client.labelsOf(step.outputs.image ?? '')).toMatchObject({ a: '1.2.3-x', b: '1.2.3' });
  expect(step.env).not.toHaveProperty('DOCKER_METADATA_OUTPUT_VERSION');
});
