/**
 * A registry with the media types of OCI alone. Here it is Distribution behind a proxy that refuses Docker's with the answer
 * zot has for them (pkg/api/routes.go, UpdateManifest); Docker makes of it what people paste who push to a zot
 * (https://github.com/project-zot/zot/issues/3104).
 */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startBuildKit } from '../support/buildkit.ts';
import { tagPush } from '../support/event.ts';
import { runTool } from '../support/images.ts';
import { type MeddlingRegistry, startMeddlingRegistry } from '../support/meddling-registry.ts';
import { type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'withoutBuildx', 'podman', 'registry', 'client');
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';
let ociOnly: MeddlingRegistry;
let engines: Readonly<Record<'classic' | 'containerd' | 'without buildx' | 'podman', Readonly<Record<string, string>>>>;

beforeAll(async () => {
  const { engine: classic, containerd, withoutBuildx, podman, registry } = suite;
  engines = { classic, containerd, 'without buildx': withoutBuildx, podman };
  ociOnly = await startMeddlingRegistry(registry, (request, headers) => {
    const mediaType = headers['content-type'] ?? '';
    if (!/^PUT .*\/manifests\//.test(request) || !mediaType.includes('docker')) return undefined;
    return { status: 415, error: { code: 'MANIFEST_INVALID', message: 'manifest invalid', detail: { mediaType } } };
  });
});
afterAll(() => ociOnly?.[Symbol.dispose]());

interface Published {
  readonly step: StepResult;
  /** `registry/path`, past the proxy. */
  readonly name: string;
}

async function publish(
  engine: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Published> {
  const repository = `octo-org/${uniqueName('oci-only')}`;
  const runner = suite.action.newRunner({ engine, event: tagPush('v1.2.3'), repository, token: 'ghs_canary' });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const step = await runner.main({ registry: ociOnly.address, ...inputs });
  return { step, name: `${suite.registry}/${repository}` };
}

function expectRefusal({ exitCode, code, failure }: StepResult): void {
  expect({ exitCode, code }).toEqual({ exitCode: 1, code: 'MEDIA_TYPE_UNSUPPORTED' });
  expect(failure).toContain(`${ociOnly.address} refused the manifest`);
  expect(failure).toContain('`outputs: type=image,oci-mediatypes=true`');
  expect(failure).toContain('`"http": {"compat": ["docker2s2"]}`');
}

async function expectTagged({ step, name }: Published, mediaType: string): Promise<void> {
  expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
  expect(await suite.client.tagsOf(name)).toEqual(['1', '1.2', '1.2.3', 'latest']);
  expect(await suite.client.digestOf(`${name}:latest`)).toBe(step.outputs.digest);
  expect(await suite.client.manifestOf(`${name}:1.2.3`)).toMatchObject({ mediaType });
}

describe('an image with the media types of Docker', () => {
  test.each(['classic', 'containerd', 'without buildx'] as const)(
    'of the engine %s is refused with the cause and what to do',
    async (engine) => {
      const { step, name } = await publish(engines[engine]);
      expectRefusal(step);
      await expect(suite.client.tagsOf(name)).rejects.toThrow('NAME_UNKNOWN');
    },
  );

  test('that is copied is refused with the cause, as its digest stays', async () => {
    const source = `${suite.registry}/octo-org/${uniqueName('schema2')}:1`;
    const folder = suite.action.newRunner({ engine: engines.classic });
    folder.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
    await runTool(['docker', 'build', '--quiet', '--tag', source, folder.workspace], engines.classic);
    await runTool(['docker', 'push', source], engines.classic);
    expectRefusal((await publish(engines.classic, { source: `docker://${source}` })).step);
  });
});

describe('an image with the media types of OCI', () => {
  test('is what the remedy gives on the containerd image store', async () => {
    await expectTagged(await publish(engines.containerd, { outputs: 'type=image,oci-mediatypes=true' }), ociManifest);
  });

  test('is what a BuildKit of its own pushes', async () => {
    await using kit = await startBuildKit();
    await expectTagged(await publish(engines.containerd, { builder: kit.endpoint }), ociManifest);
  });

  test('is what Podman pushes', async () => {
    await expectTagged(await publish(engines.podman), ociManifest);
  });

  test('is what legs and their merge are', async () => {
    const repository = `octo-org/${uniqueName('oci-only')}`;
    const event = tagPush('v1.2.3');
    const env = { GITHUB_RUN_ID: '415', GITHUB_RUN_ATTEMPT: '1' };
    const inputs = { registry: ociOnly.address };
    for (const platforms of ['linux/amd64', 'linux/arm64']) {
      const leg = suite.action.newRunner({ engine: engines.containerd, event, repository, token: 'ghs_canary', env });
      leg.write('Dockerfile', `FROM scratch\nCOPY Dockerfile /\nLABEL of=${platforms}\n`);
      const step = await leg.main({ ...inputs, stage: 'true', platforms });
      expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
    }
    const merge = suite.action.newRunner({ subAction: 'merge', event, repository, token: 'ghs_canary', env });
    await expectTagged({ step: await merge.main(inputs), name: `${suite.registry}/${repository}` }, ociIndex);
  });
});
