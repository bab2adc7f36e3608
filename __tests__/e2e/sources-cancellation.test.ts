/** A run that is cancelled while a blob is on its way: the step ends at once, tags nothing and leaves nothing. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';
import { aLayout, writeTree } from '../support/tar.ts';

const suite = openSuite('registry');
const folder = mkdtempSync(join(tmpdir(), 'publish-cancelled-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends a publish in the middle of an upload', async (signal) => {
  const layout = aLayout();
  layout.list(layout.image(uniqueName('cancelled')));
  const path = writeTree(join(folder, uniqueName('layout')), layout.files);
  const requests: string[] = [];
  let reached = (): void => {};
  const isUploading = new Promise<void>((resolve) => {
    reached = resolve;
  });
  using registry = await startMeddlingRegistry(suite.registry, async (request) => {
    requests.push(request);
    if (!request.startsWith('PUT')) return;
    reached();
    // The registry takes the upload and does not answer.
    await new Promise(() => {});
  });
  const runner = suite.action.newRunner({ repository: `octo-org/${uniqueName('app')}` });
  const { process: step, ended } = runner.start({ registry: registry.address, source: `oci:${path}`, tags: '1.0' });
  await isUploading;
  const begun = performance.now();
  step.kill(signal);
  const { exitCode, code, log } = await ended;
  const milliseconds = performance.now() - begun;
  expect({ code, log }).toEqual({ code: 'CANCELLED', log: expect.any(String) });
  expect(exitCode).toBe(signal === 'SIGINT' ? 130 : 143);
  // A runner gives a step 7.5 s before it sends the second signal; without the first, the registry would be waited for.
  expect(milliseconds).toBeLessThan(60_000);
  expect(requests.filter((request) => request.includes('/manifests/') && request.startsWith('PUT'))).toEqual([]);
  expect(runner.filesIn(runner.temp)).toEqual([]);
});
