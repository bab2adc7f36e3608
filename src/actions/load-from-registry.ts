/**
 * Brings an image of a Docker registry into the engine. `docker pull` of a current engine asks such a registry for the
 * digest, which it does not know. So our own client fetches the image by its tag. The engine then loads it as an
 * archive (https://docs.docker.com/reference/cli/docker/image/load/).
 */

import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { DockerPorts, Pulled } from '../engine/docker.ts';
import { ToolError } from '../errors.ts';
import { type ImageManifest, parseImageConfig, parseImageManifest } from '../image/manifest.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { formatTagReference } from '../image/reference.ts';
import type { Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import type { RegistryClient } from '../registry/client.ts';
import { readWhole } from '../registry/read-whole.ts';

type Client = Pick<RegistryClient, 'getManifest' | 'getBlob'>;

/**
 * @param program the engine's
 * @param platform `undefined` for the one that there is
 * @throws RegistryError; InputError MANIFEST_INVALID; ToolError PULL_FAILED for another platform, or what the engine refuses
 */
export async function loadFromRegistry(
  client: Client,
  program: 'docker' | 'podman',
  { run, env, temp, onOutput }: Pick<DockerPorts, 'run' | 'env' | 'temp' | 'onOutput'>,
  repository: Repository,
  tag: Tag,
  platform: Platform | undefined,
): Promise<Pulled> {
  const reference = formatTagReference(repository, tag);
  const manifest = await client.getManifest(repository, tag);
  const image = parseImageManifest(manifest);
  const config = await readWhole(await client.getBlob(repository, image.config));
  refuseOtherPlatform(reference, config, platform);

  const file = join(temp, 'pulled.tar');
  try {
    await writeArchive(client, repository, reference, image, config, file);
    const result = await run([program, 'load', '--input', file], { env, onOutput });
    if (result.exitCode !== 0) {
      throw new ToolError('PULL_FAILED', {
        message: `The engine did not load ${reference}: ${result.stderr.trim() || `exit code ${result.exitCode}`}`,
        remedy: 'Read the engine’s message; its disk may be full.',
        detail: result.stderr,
      });
    }
  } finally {
    await rm(file, { force: true, maxRetries: 3 });
  }
  const inspected = await run([program, 'image', 'inspect', '--format', '{{.Id}}', reference], { env });
  // Podman leaves out the algorithm.
  return { imageId: inspected.stdout.trim().replace(/^(?!sha256:)/, 'sha256:'), digest: manifest.digest };
}

function refuseOtherPlatform(reference: string, config: Buffer, wanted: Platform | undefined): void {
  const { platform } = parseImageConfig(config);
  if (wanted === undefined || platform === undefined || formatPlatform(platform) === formatPlatform(wanted)) return;
  throw new ToolError('PULL_FAILED', {
    message: `${reference} is for ${formatPlatform(platform)}, not for ${formatPlatform(wanted)}: an image of a Docker registry has one platform.`,
    remedy: 'Leave `platform` out, or publish several platforms to a Container registry.',
  });
}

/** Layer by layer, so that memory stays the same whatever the size. */
async function writeArchive(
  client: Client,
  repository: Repository,
  reference: string,
  { layers }: ImageManifest,
  config: Buffer,
  file: string,
): Promise<void> {
  const archive = pack();
  const written = pipeline(archive, createWriteStream(file, { mode: 0o600 }));
  const names = layers.map(({ digest }) => `${digest.replace(':', '-')}.tar`);
  const fill = async (): Promise<void> => {
    const done = new Set<string>();
    for (const [index, layer] of layers.entries()) {
      const name = names[index] ?? '';
      // The same layer twice, such as an empty one, is one member.
      if (done.has(name)) continue;
      done.add(name);
      await pipeline(await client.getBlob(repository, layer), archive.entry({ name, size: layer.size }));
    }
    archive.entry({ name: 'config.json' }, config);
    const content = [{ Config: 'config.json', RepoTags: [reference], Layers: names }];
    archive.entry({ name: 'manifest.json' }, JSON.stringify(content));
    archive.finalize();
  };
  try {
    await fill();
  } catch (error) {
    archive.destroy();
    await written.catch(() => undefined);
    throw error;
  }
  await written;
}
