/** Small tar archives, written by the machine's tar in the format that a test wants. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOf } from '../../src/image/digest.ts';
import { mediaTypes } from '../../src/image/manifest.ts';

export function writeTree(folder: string, files: Readonly<Record<string, string | Buffer>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** @param options of GNU tar, such as `--format=pax` */
export function tarOf(folder: string, archive: string, ...options: readonly string[]): string {
  execFileSync('tar', ['--create', '--file', archive, '--directory', folder, ...options, '.']);
  return archive;
}

export interface Described {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** An OCI layout under construction. */
export interface Layout {
  readonly files: Record<string, string | Buffer>;
  blob(mediaType: string, content: Buffer | string): Described;
  /** An image of one layer, which holds the seed. */
  image(seed: string, layer?: Partial<Described> & { readonly urls?: readonly string[] }): Described;
  index(manifests: readonly object[]): Described;
  /** Writes index.json. */
  list(...manifests: readonly object[]): Layout;
}

export function aLayout(): Layout {
  const files: Record<string, string | Buffer> = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' };
  const layout: Layout = {
    files,
    blob(mediaType, content) {
      const bytes = Buffer.from(content);
      const digest = digestOf(bytes);
      files[`blobs/${digest.replace(':', '/')}`] = bytes;
      return { mediaType, digest, size: bytes.length };
    },
    image(seed, layer = {}) {
      const config = layout.blob(
        'application/vnd.oci.image.config.v1+json',
        json({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [] } }),
      );
      const held = { ...layout.blob('application/vnd.oci.image.layer.v1.tar+gzip', `layer of ${seed}`), ...layer };
      const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [held] };
      return layout.blob(mediaTypes.ociManifest, json(manifest));
    },
    index: (manifests) =>
      layout.blob(mediaTypes.ociIndex, json({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })),
    list(...manifests) {
      files['index.json'] = json({ schemaVersion: 2, manifests });
      return layout;
    },
  };
  return layout;
}

/** A name in index.json. */
export function named(described: Described, name: string): object {
  return { ...described, annotations: { 'org.opencontainers.image.ref.name': name } };
}
