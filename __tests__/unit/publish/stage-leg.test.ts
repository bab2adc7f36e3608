import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/image/digest.ts';
import { mediaTypes, type StoredManifest } from '../../../src/image/manifest.ts';
import { publishImage } from '../../../src/publish/publish-image.ts';
import { aRun, planned } from '../../support/builders.ts';
import { aWorld } from '../../support/fakes.ts';
import { aLeg } from '../../support/legs.ts';

const app = 'ghcr.io/octo-org/octo-app';
const run = aRun({ GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '1' });

/** An index of one platform, as buildx makes it of a leg with attestations. */
function anIndex(platform: string): StoredManifest {
  const manifests = aLeg([platform]).entries.map(({ descriptor }) => descriptor);
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
  return { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), bytes };
}

describe('a leg that is staged', () => {
  const manifest = anIndex('linux/arm64');

  test('is pushed by its digest and marked, and no tag of the image moves', async () => {
    const world = aWorld({ manifest });
    const outcome = await publishImage(planned({ stage: 'true' }, run), world.ports);
    expect(outcome).toMatchObject({
      published: false,
      digest: manifest.digest,
      imageId: 'sha256:image',
      platforms: { 'linux/arm64': expect.stringMatching(/^sha256:/) },
    });
    expect(outcome.description.tags).toEqual([]);
    expect([...world.tags.keys()]).toEqual([
      `${app}@${manifest.digest}`,
      `${app}:_staged.7.1.${manifest.digest.slice('sha256:'.length, 'sha256:'.length + 12)}`,
    ]);
  });

  test('says by which engine it is built, and which cache that uses', async () => {
    const world = aWorld({ manifest });
    await publishImage(planned({ stage: 'true', cache: 'registry' }, run), world.ports);
    expect(world.lines).toContain('Engine: Docker with buildx, containerd image store, because it is there');
    expect(world.lines).toContain('Cache: read from nothing, write to nothing, because it is a test');
  });

  test('says nothing of a cache that is off', async () => {
    const world = aWorld({ manifest });
    await publishImage(planned({ stage: 'true' }, run), world.ports);
    expect(world.lines.filter((line) => line.startsWith('Cache'))).toEqual([]);
  });
});
