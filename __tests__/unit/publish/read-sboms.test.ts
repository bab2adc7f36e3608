import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { digestOf } from '../../../src/image/digest.ts';
import { mediaTypes, type StoredManifest, storedManifest } from '../../../src/image/manifest.ts';
import { parseRepositoryName } from '../../../src/image/reference.ts';
import { readSboms } from '../../../src/publish/read-sboms.ts';
import type { RegistryClient } from '../../../src/registry/client.ts';

const repository = parseRepositoryName('ghcr.io/octo-org/app');
const spdx = 'https://spdx.dev/Document';

function descriptorOf({ mediaType, digest, bytes }: StoredManifest, platform: string, annotations = {}) {
  const [os, architecture] = platform.split('/');
  return { mediaType, digest, size: bytes.length, platform: { os, architecture }, annotations };
}

function written(fields: object, mediaType: string = mediaTypes.ociManifest): StoredManifest {
  return storedManifest(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields })));
}

const blob = (text: string) => ({ digest: digestOf(Buffer.from(text)), size: text.length });
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', ...blob('{}') };

/** An index of one image, and what its builder attested: predicates by their type. */
function anIndex(...statements: readonly { readonly type: string; readonly text: string }[]) {
  const image = written({ config, layers: [] });
  const layers = statements.map(({ type, text }) => ({
    mediaType: 'application/vnd.in-toto+json',
    ...blob(text),
    annotations: { 'in-toto.io/predicate-type': type },
  }));
  const attestations = written({ config, layers });
  const reference = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': image.digest,
  };
  const manifests = [descriptorOf(image, 'linux/amd64'), descriptorOf(attestations, 'unknown/unknown', reference)];
  const client = {
    getManifest: async () => attestations,
    getBlob: async (_: unknown, { digest }: { readonly digest: string }) =>
      Readable.from([Buffer.from(statements.find(({ text }) => blob(text).digest === digest)?.text ?? '')]),
  } as unknown as RegistryClient;
  return { client, image, index: written({ manifests }, mediaTypes.ociIndex) };
}

test('an SBOM is the predicate of the builder’s statement, and is of one image', async () => {
  const { client, image, index } = anIndex(
    { type: 'https://slsa.dev/provenance/v0.2', text: '{"predicate": {"builder": {}}}' },
    { type: spdx, text: '{"predicate": {"spdxVersion": "SPDX-2.3"}}' },
  );
  expect(await readSboms(client, repository, index)).toEqual([
    { image: expect.objectContaining({ digest: image.digest }), type: spdx, content: { spdxVersion: 'SPDX-2.3' } },
  ]);
});

test('an image without SBOM has none, and neither has one that is no index', async () => {
  const { client, image, index } = anIndex({ type: 'https://slsa.dev/provenance/v1', text: '{"predicate": {}}' });
  expect(await readSboms(client, repository, index)).toEqual([]);
  expect(await readSboms(client, repository, image)).toEqual([]);
});
