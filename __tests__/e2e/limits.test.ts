/** What a registry would refuse is found before the first byte is sent, from the sizes that the manifests give. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openGitHubLab } from '../support/github-lab.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';
import { aLayout, writeTree } from '../support/tar.ts';

const github = await openGitHubLab();
const { action } = openSuite();
const folder = mkdtempSync(join(tmpdir(), 'publish-limits-'));
afterAll(() => {
  github[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const foreign = {
  mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  urls: ['https://example.com/layer'],
};

/** An image of a foreign layer; no blob of it has to be there. */
function foreignImage(): string {
  const layout = aLayout();
  layout.list(layout.image('windows', foreign));
  return writeTree(join(folder, uniqueName('foreign')), layout.files);
}

const inNamespace = github.mode === 'namespace' ? describe : describe.skip;

inNamespace('a source', () => {
  async function publish(registry: string, source: string) {
    const image = uniqueName('limits');
    const runner = github.newRunner(action, 'ghes.test', github.token('ghes.test', 'readWrite'));
    const step = await runner.main({ registry, image, source, tags: '1.0' });
    const sent = github.requests().filter(({ method, path }) => method === 'PUT' && path.includes(image));
    return { step, sent, image };
  }

  test('with a foreign layer is refused for the Docker registry', async () => {
    const { step, sent } = await publish('docker', `oci:${foreignImage()}`);
    expect(step).toMatchObject({ exitCode: 1, code: 'LAYER_FOREIGN' });
    expect(step.failure).toContain('`registry: container`');
    expect(sent).toEqual([]);
  });

  test('with a foreign layer goes to the Container registry, which is not sent the layer', async () => {
    const { step, sent } = await publish('container', `oci:${foreignImage()}`);
    expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
    expect(sent.filter(({ path }) => path.includes('/blobs/')).length).toBe(1);
  });

  test('with attestations is refused for the Docker registry', async () => {
    const layout = aLayout();
    const image = { ...layout.image('amd64'), platform: { os: 'linux', architecture: 'amd64' } };
    const attestation = { ...layout.image('attestation'), platform: { os: 'unknown', architecture: 'unknown' } };
    layout.list(layout.index([image, attestation]));
    const { step, sent } = await publish('docker', `oci:${writeTree(join(folder, 'attested'), layout.files)}`);
    expect(step).toMatchObject({ exitCode: 1, code: 'INDEX_UNSUPPORTED' });
    expect(sent).toEqual([]);
  });

  test('with zstd layers is refused for the Docker registry', async () => {
    const layout = aLayout();
    layout.list(layout.image('zstd', { mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' }));
    const { step, sent } = await publish('docker', `oci:${writeTree(join(folder, 'zstd'), layout.files)}`);
    expect(step).toMatchObject({ exitCode: 1, code: 'MEDIA_TYPE_UNSUPPORTED' });
    expect(sent).toEqual([]);
  });
});
