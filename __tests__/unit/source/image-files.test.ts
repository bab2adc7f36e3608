/** What takes as long as a layer is large ends where it stands, once the step is asked to end. */

import { createHash } from 'node:crypto';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { parseDigest } from '../../../src/image/digest.ts';
import { contentMediaTypes } from '../../../src/image/manifest.ts';
import { openArchive, openFolder } from '../../../src/source/image-files.ts';
import { openLayout } from '../../../src/source/oci-layout.ts';
import { openDirectory } from '../../../src/source/podman-dir.ts';
import { aLayout, writeTree } from '../../support/tar.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const gibibyte = 1024 ** 3;
/** No real one: reading the file to its end takes seconds, and finds out. */
const digest = parseDigest(`sha256:${'a'.repeat(64)}`);

/** A file of zeros, which takes no room on the disk. */
function writeZeros(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, 4 * gibibyte);
}

const works: readonly {
  readonly what: string;
  readonly work: (temp: string, signal: AbortSignal) => Promise<unknown>;
}[] = [
  {
    what: 'a blob is proved',
    async work(_, signal) {
      const layout = aLayout();
      layout.list(layout.image('small'));
      const folder = writeTree(temporaryFolder(), layout.files);
      writeZeros(join(folder, `blobs/${digest.replace(':', '/')}`));
      const source = await openLayout(await openFolder(folder, signal), undefined);
      return source.proveBlob({ digest, size: 4 * gibibyte });
    },
  },
  {
    what: 'a layer is compressed',
    async work(temp, signal) {
      const folder = temporaryFolder();
      const layer = { mediaType: contentMediaTypes.ociLayer, digest, size: 4 * gibibyte };
      const manifest = JSON.stringify({
        schemaVersion: 2,
        config: { ...layer, mediaType: contentMediaTypes.ociConfig },
        layers: [layer],
      });
      const hex = createHash('sha256').update(manifest).digest('hex');
      const listed = {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: `sha256:${hex}`,
        size: manifest.length,
      };
      writeTree(folder, {
        'manifest.json': JSON.stringify({ schemaVersion: 2, manifests: [listed] }),
        [`${hex}.manifest.json`]: manifest,
      });
      writeZeros(join(folder, 'a'.repeat(64)));
      return openDirectory(await openFolder(folder, signal), temp);
    },
  },
  {
    what: 'an archive is decompressed',
    work(temp, signal) {
      const path = join(temporaryFolder(), 'image.tar.gz');
      // Members of gzip one after the other are one content.
      writeFileSync(path, Buffer.concat(Array(64).fill(gzipSync(Buffer.alloc(gibibyte / 16)))));
      return openArchive(path, temp, signal);
    },
  },
];

test.each(works)('while $what: it goes no further, and leaves nothing', async ({ work }) => {
  const temp = temporaryFolder();
  const termination = new AbortController();
  const working = work(temp, termination.signal);
  setTimeout(() => termination.abort(new Error('asked to end')), 200);
  await expect(working).rejects.toThrow('asked to end');
  expect(readdirSync(temp)).toEqual([]);
});
