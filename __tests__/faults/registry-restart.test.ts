/** Distribution killed and started again while a blob is on its way. */

import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { placeOf } from '../../lab/place.js';
import { distributionProgram } from '../../lab/registry.js';
import { parseRepository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import { type OwnDistribution, startOwnDistribution } from '../support/own-distribution.ts';
import { aClient, anImage, pushImage, readAll, type TestBlob } from '../support/registry-client.ts';

let own: OwnDistribution;

beforeAll(async () => {
  own = await startOwnDistribution(await distributionProgram(placeOf(process.env)));
});

afterAll(() => own.close());

test('a registry that is killed in the middle of an upload and comes back has the whole image in the end', async () => {
  const repository = parseRepository(own.registry, 'octo/app');
  const v1 = parseTag('v1');
  const client = aClient({ retries: 10, sleep: (milliseconds) => sleep(Math.min(milliseconds, 300)) });
  const image = anImage('restart');
  let deaths = 0;
  let isBack: Promise<void> = Promise.resolve();

  /** When half of a blob has been sent the registry dies, once, and comes back half a second later. */
  async function* deadly({ open }: TestBlob): AsyncGenerator<Buffer> {
    const bytes = await readAll(open());
    yield bytes.subarray(0, bytes.length / 2);
    if (deaths++ === 0) {
      await sleep(50);
      await own.kill();
      isBack = sleep(500).then(() => own.start());
    }
    yield bytes.subarray(bytes.length / 2);
  }

  const blobs = image.blobs.map((blob) => ({
    ...blob,
    open: () => Readable.from(deadly(blob), { objectMode: false }),
  }));
  await pushImage(client, repository, { ...image, blobs });
  await client.putManifest(repository, image.manifest, v1);
  await isBack;

  expect(deaths).toBe(blobs.length + 1);
  expect(client.lines.length).toBeGreaterThan(0);
  expect((await client.getManifest(repository, v1)).digest).toBe(image.manifest.digest);
  for (const blob of image.blobs) await readAll(await client.getBlob(repository, blob));
  client.close();
});
