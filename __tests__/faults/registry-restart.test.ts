/** Distribution killed and started again while a blob is on its way. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { distribution, unpacked } from '../../lab/apt.js';
import { placeOf } from '../../lab/place.js';
import { parseRegistry } from '../../src/image/registry.ts';
import { parseRepository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import { listen } from '../support/memory-registry.ts';
import { aClient, anImage, pushImage, readAll, type TestBlob, type TestImage } from '../support/registry-client.ts';

let folder: string;
let program: string;
let port: number;
let running: ChildProcess;

async function start(): Promise<void> {
  running = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  const client = aClient();
  const registry = parseRegistry(`127.0.0.1:${port}`);
  for (let tries = 0; !(await client.ping(registry)).isRegistry; tries++) {
    if (tries > 100) throw new Error('the registry does not start');
    await sleep(50);
  }
  client.close();
}

async function kill(): Promise<void> {
  const ended = new Promise((resolve) => running.once('exit', resolve));
  running.kill('SIGKILL');
  await ended;
}

beforeAll(async () => {
  const machine = distribution();
  if (machine === undefined)
    throw new Error('This test starts a registry of its own, from the package docker-registry.');
  program = join(
    await unpacked(placeOf(process.env), machine, 'registry', ['docker-registry']),
    'usr/bin/docker-registry',
  );
  folder = mkdtempSync(join(tmpdir(), 'registry-restart-'));
  const holder = createServer();
  port = await listen(holder);
  await new Promise((resolve) => holder.close(resolve));
  const configuration = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: `127.0.0.1:${port}` },
  };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(configuration));
  await start();
});

afterAll(async () => {
  await kill();
  rmSync(folder, { recursive: true, force: true });
});

/** The registry dies when half of the layer has been sent, and comes back `after` milliseconds later. */
function dyingMidway(
  { blobs: [config, layer], manifest }: TestImage,
  after: number,
): { image: TestImage; deaths: () => number } {
  if (config === undefined || layer === undefined) throw new Error('an image of one layer was expected');
  let deaths = 0;
  const open: TestBlob['open'] = () =>
    Readable.from(
      (async function* () {
        const bytes = await readAll(layer.open());
        yield bytes.subarray(0, bytes.length / 2);
        if (deaths === 0) {
          deaths++;
          await sleep(50);
          await kill();
          setTimeout(start, after);
        }
        yield bytes.subarray(bytes.length / 2);
      })(),
      { objectMode: false },
    );
  return { image: { blobs: [config, { ...layer, open }], manifest }, deaths: () => deaths };
}

test('a registry that is killed in the middle of an upload and comes back has the whole image in the end', async () => {
  const repository = parseRepository(parseRegistry(`127.0.0.1:${port}`), 'octo/app');
  const v1 = parseTag('v1');
  const client = aClient({ retries: 10, sleep: (milliseconds) => sleep(Math.min(milliseconds, 300)) });
  const { image, deaths } = dyingMidway(anImage('restart'), 500);
  await pushImage(client, repository, image);
  await client.putManifest(repository, image.manifest, v1);
  expect(deaths()).toBe(1);
  expect(client.lines.length).toBeGreaterThan(0);
  expect((await client.getManifest(repository, v1)).digest).toBe(image.manifest.digest);
  for (const blob of image.blobs) await readAll(await client.getBlob(repository, blob));
  client.close();
}, 30_000);
