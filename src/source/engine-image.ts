/**
 * An image that an engine holds: pushed by the Docker engine itself, which knows what it pushed before and compresses
 * only what is new; or written to the disk, for Podman and for a registry that the engine does not get along with.
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, lastLine } from '../engine/command.ts';
import { type DockerPorts, printedDigest, pushFailure } from '../engine/docker.ts';
import { engineDown } from '../engine/facts.ts';
import { InputError, type PublishError, ToolError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { type EngineImage, formatSource } from '../image/transport.ts';
import { openDirectory } from './directory.ts';
import { openDockerArchive } from './docker-archive.ts';
import { closedOnFailure, openArchive, openFolder } from './files.ts';
import type { ImageSource } from './image-source.ts';
import { copyIndex, hasIndex } from './podman-index.ts';

const programs = { 'docker-daemon': 'docker', 'containers-storage': 'podman' } as const;

/**
 * @returns the ID by which the engine knows the image
 * @throws InputError SOURCE_MISSING, SOURCE_AMBIGUOUS; ToolError ENGINE_MISSING, ENGINE_DOWN, COMMAND_FAILED
 */
export async function readImageId({ run, env }: Pick<DockerPorts, 'run' | 'env'>, image: EngineImage): Promise<string> {
  const program = programs[image.kind];
  const result = await run([program, 'image', 'inspect', '--format', '{{.Id}}', image.image], { env });
  if (result.exitCode === 0) return result.stdout.trim();
  throw notFound(image, await countIds({ run, env }, image), result);
}

/**
 * How many IDs begin with what names an image: Docker says of an ID that several images begin with that there is no such
 * image. Asked only of what may be an ID, since Podman takes its time for a storage of many images (seconds for 300).
 */
async function countIds({ run, env }: Pick<DockerPorts, 'run' | 'env'>, { kind, image }: EngineImage): Promise<number> {
  const prefix = image.replace(/^sha256:/, '');
  if (!/^[0-9a-f]+$/.test(prefix)) return 0;
  const { stdout } = await run([programs[kind], 'image', 'ls', '--all', '--no-trunc', '--quiet'], { env });
  const ids = new Set(stdout.split('\n').map((line) => line.trim().replace(/^sha256:/, '')));
  return [...ids].filter((id) => id.startsWith(prefix)).length;
}

function notFound(image: EngineImage, fitting: number, { exitCode, stderr }: CommandResult): PublishError {
  const program = programs[image.kind];
  const source = formatSource(image);
  const reason = lastLine(stderr) || `exit code ${exitCode}`;
  if (fitting > 1) {
    return new InputError('SOURCE_AMBIGUOUS', {
      message: `"${image.image}" is the beginning of ${fitting} image IDs (\`source: ${source}\`): expected the name or ID of one.`,
      remedy: `Give more of the ID, or a name that \`${program} images\` lists.`,
      detail: stderr,
    });
  }
  if (/no such (?:image|object)|not known|not found|invalid reference/i.test(stderr)) {
    return new InputError('SOURCE_MISSING', {
      message: `There is no image "${image.image}" (\`source: ${source}\`): ${reason}.`,
      remedy: `Give a name or ID that \`${program} images\` lists in an earlier step of this job.`,
      detail: stderr,
    });
  }
  // Docker's CLI puts its own name for the daemon before what it was answered.
  if (program === 'docker' && !stderr.includes('Error response from daemon')) return engineDown(reason);
  return new ToolError('COMMAND_FAILED', {
    message: `\`${program} image inspect\` failed: ${reason}.`,
    remedy: 'See the output of the command above.',
    detail: stderr,
  });
}

/**
 * Names the image after its destination and lets the Docker engine push it.
 * @param reference `name:tag`
 * @returns digest of the manifest that the engine pushed
 * @throws InputError SOURCE_MISSING, SOURCE_AMBIGUOUS; PermissionError PUSH_DENIED; ToolError PUSH_FAILED, DIGEST_MISSING
 */
export async function pushFromDaemon(ports: DockerPorts, imageId: string, reference: string): Promise<Digest> {
  const { run, env, onOutput, retry } = ports;
  const tagged = await run(['docker', 'tag', imageId, reference], { env, onOutput });
  if (tagged.exitCode !== 0) throw pushFailure(`docker tag ${imageId} ${reference}`, tagged);
  const pushed = await retry(`Push of ${reference}`, async () => {
    const result = await run(['docker', 'push', reference], { env, onOutput });
    if (result.exitCode !== 0) throw pushFailure(`docker push ${reference}`, result);
    return result;
  });
  return printedDigest(`docker push ${reference}`, pushed);
}

/**
 * Writes the image to the disk and opens what was written. In Podman's storage a name may also be that of an index (a
 * "manifest list"), whose other commands take the one image of it that is for this machine.
 * @throws InputError SOURCE_MISSING, SOURCE_AMBIGUOUS, SOURCE_INCOMPLETE; ToolError COMMAND_FAILED, ENGINE_MISSING
 */
export async function openEngineImage(ports: DockerPorts, image: EngineImage): Promise<ImageSource> {
  const path = join(ports.temp, `saved-${crypto.randomUUID()}`);
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
  const isIndex = image.kind === 'containers-storage' && (await hasIndex(ports, image.image));
  try {
    const source = await (isIndex ? openIndex(ports, image, path) : openImage(ports, image, path));
    const close = async (): Promise<void> => {
      await source.close();
      await remove();
    };
    return { ...source, name: formatSource(image), close };
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
