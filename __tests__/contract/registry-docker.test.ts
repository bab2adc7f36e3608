/** The client against a registry with the manners of a GHES Docker registry (docs/ghes.md). */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mediaTypes } from '../../src/image/manifest.ts';
import { parseRepository, type Repository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../support/memory-registry.ts';
import { aClient, anImage, type ToldClient } from '../support/registry-client.ts';

const v1 = parseTag('1.0');
const image = anImage('legacy', { mediaType: mediaTypes.dockerManifest });
const manifest = { ...image.manifest, mediaType: mediaTypes.dockerManifest };

describe('the Docker registry', () => {
  let registry: MemoryRegistry;
  let client: ToldClient;
  let repository: Repository;

  beforeAll(async () => {
    registry = await startMemoryRegistry({ personality: 'docker', auth: 'basic' });
    client = aClient({ credentials: () => ({ username: 'octocat', token: 'secret-token' }) });
    repository = parseRepository(registry.registry, 'octo/hello/app');
    for (const blob of image.blobs) await client.pushBlob(repository, blob, blob.open);
    await client.putManifest(repository, manifest, v1);
  });
  afterAll(async () => {
    client.close();
    await registry.close();
  });

  test('a HEAD that answers 405 is asked as GET, and the bytes give the digest that the header does not', async () => {
    const head = await client.headManifest(repository, v1);
    expect(head).toEqual({ mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.length });
    const asked = registry.requests
      .filter(({ target }) => target.endsWith('/manifests/1.0'))
      .map(({ method }) => method);
    expect(asked.slice(-2)).toEqual(['HEAD', 'GET']);
  });

  test('a tag that is not there is not there, though HEAD cannot tell', async () => {
    expect(await client.headManifest(repository, parseTag('2.0'))).toBeUndefined();
  });

  test('a digest header that is none is no fault of the content', async () => {
    const read = await client.getManifest(repository, v1);
    expect(read.digest).toBe(manifest.digest);
    expect(Buffer.from(read.bytes).equals(manifest.bytes)).toBe(true);
  });

  test('a manifest cannot be read by its digest', async () => {
    await expect(client.getManifest(repository, manifest.digest)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
  });

  test('an index is refused with the words of the registry', async () => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }));
    const put = client.putManifest(repository, { mediaType: mediaTypes.ociIndex, bytes }, parseTag('index'));
    await expect(put).rejects.toMatchObject({ code: 'REGISTRY_REFUSED', ociCodes: ['MANIFEST_INVALID'] });
  });

  test('a name of two segments is refused with the words of the registry', async () => {
    const short = parseRepository(registry.registry, 'octo/app');
    expect(await client.mayPush(short)).toMatchObject({
      answer: 'refused',
      error: { status: 404, words: expect.stringContaining(':owner/:repo_name/:image_name') },
    });
  });

  test('nothing had to be tried again', () => {
    expect(client.lines).toEqual([]);
  });
});
