/** Opens an image of an engine for our own client: the engine saves it, and it is read from there. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandResult } from '../engine/command.ts';
import type { DockerPorts } from '../engine/docker.ts';
import { readImageId } from '../engine/engine-image.ts';
import { copyIndex, hasIndex } from '../engine/podman-manifest-list.ts';
import { lastLine } from '../engine/tool-output.ts';
import { ToolError } from '../errors.ts';
import type { EngineImage } from '../image/transport.ts';
import { openDockerArchive } from '../source/docker-archive.ts';
import { closedOnFailure, openArchive, openFolder } from '../source/image-files.ts';
import type { ImageSource } from '../source/image-source.ts';
import { openDirectory } from '../source/podman-dir.ts';

/**
 * Writes the image to the disk and opens what was written. In Podman's storage a name may also be that of an index (a
 * "manifest list"), whose other commands take the one image of it that is for this machine.
 * @throws InputError SOURCE_MISSING, SOURCE_AMBIGUOUS, SOURCE_INCOMPLETE; ToolError COMMAND_FAILED, ENGINE_MISSING
 */
export async function openEngineImage(ports: DockerPorts, image: EngineImage): Promise<ImageSource> {
  const path = join(ports.temp, `saved-${crypto.randomUUID()}`);
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 });
  const isIndex = image.kind === 'containers-storage' && (await hasIndex(ports, image.image));
  try {
    const source = await (isIndex ? openIndex(ports, image, path) : openImage(ports, image, path));
    const close = async (): Promise<void> => {
      await source.close();
      await remove();
    };
    return { ...source, close };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function openImage(ports: DockerPorts, image: EngineImage, file: string): Promise<ImageSource> {
  const { run, env, temp, onOutput, signal } = ports;
  await readImageId(ports, image);
  const argv =
    image.kind === 'docker-daemon'
      ? (['docker', 'image', 'save', '--output', file, image.image] as const)
      : (['podman', 'image', 'save', '--quiet', '--format', 'docker-archive', '--output', file, image.image] as const);
  const result = await run(argv, { env, onOutput });
  if (result.exitCode !== 0) throw saveFailure(`${argv.slice(0, 3).join(' ')} ${image.image}`, result);
  return closedOnFailure(await openArchive(file, temp, signal), (files) => openDockerArchive(files, undefined, temp));
}

async function openIndex(ports: DockerPorts, image: EngineImage, folder: string): Promise<ImageSource> {
  await copyIndex(ports, image.image, folder);
  return closedOnFailure(await openFolder(folder, ports.signal), (files) => openDirectory(files, ports.temp));
}

function saveFailure(command: string, { exitCode, stderr }: CommandResult): ToolError {
  return new ToolError('COMMAND_FAILED', {
    message: `\`${command}\` failed: ${lastLine(stderr) || `exit code ${exitCode}`}.`,
    remedy: 'Check that the disk of RUNNER_TEMP has room for the image.',
    detail: stderr,
  });
}
