/** A client whose waits cost nothing and are told, and small images to push through it. */

import { Readable } from 'node:stream';
import { type Digest, digestOf } from '../../src/image/digest.ts';
import { mediaTypes } from '../../src/image/manifest.ts';
import type { Repository } from '../../src/image/repository.ts';
import { type ClientOptions, createRegistryClient, type RegistryClient } from '../../src/registry/client.ts';
import { createUntilSeen } from '../../src/registry/read-back.ts';

export interface ToldClient extends RegistryClient {
  /** Milliseconds of each wait. */
  readonly waits: readonly number[];
  readonly lines: readonly string[];
}

export function aClient(options: Partial<ClientOptions> = {}): ToldClient {
  const waits: number[] = [];
  const lines: string[] = [];
  const client = createRegistryClient({
    credentials: () => undefined,
    environment: {},
    retries: 3,
    now: Date.now,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
    },
    random: () => 0.5,
    log: (line) => {
      lines.push(line);
    },
    ...options,
  });
  return { ...client, waits, lines };
}

/** Asks three times, and waits for nothing. */
export const untilSeenAtOnce = createUntilSeen({
  retries: 3,
  now: () => 0,
  sleep: async () => undefined,
  random: () => 0,
  log: () => undefined,
});

export interface TestBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly open: () => Readable;
}

export function aBlob(content: string | Buffer): TestBlob {
  const bytes = Buffer.from(content);
  return { digest: digestOf(bytes), size: bytes.length, open: () => Readable.from([bytes], { objectMode: false }) };
}

export interface TestImage {
  readonly blobs: readonly TestBlob[];
  readonly manifest: { readonly mediaType: string; readonly bytes: Buffer; readonly digest: Digest };
}

/** An image of one layer. */
export function anImage(seed: string, fields: Record<string, unknown> = {}): TestImage {
  const layer = aBlob(`layer of ${seed} `.repeat(5_000));
  const config = aBlob(
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers' }, seed }),
  );
  const describe = (mediaType: string, { digest, size }: TestBlob) => ({ mediaType, digest, size });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: describe('application/vnd.oci.image.config.v1+json', config),
      layers: [describe('application/vnd.oci.image.layer.v1.tar', layer)],
      ...fields,
    }),
  );
  return { blobs: [config, layer], manifest: { mediaType: mediaTypes.ociManifest, bytes, digest: digestOf(bytes) } };
}

/** Pushes the blobs of an image, then its manifest by digest. */
export async function pushImage(client: RegistryClient, repository: Repository, image: TestImage): Promise<void> {
  for (const blob of image.blobs) await client.pushBlob(repository, blob, blob.open);
  await client.putManifest(repository, image.manifest, image.manifest.digest);
}

/** All bytes of a stream. */
export async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
