/**
 * An image that an engine holds, by its name or ID.
 */

import { InputError, type PublishError, ToolError } from '../errors.ts';
import { type EngineImage, formatSource } from '../image/transport.ts';
import type { CommandResult } from './command.ts';
import type { DockerPorts } from './docker.ts';
import { engineDown } from './docker-info.ts';
import { lastLine, means } from './tool-output.ts';

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

/** Podman keeps a storage for each user (https://docs.podman.io/en/latest/markdown/podman.1.html, "Rootless mode"). */
function ofRoot(image: string): string {
  return ` If an earlier step ran \`sudo podman build\`, the image is in the storage of root, which this step does not see: leave \`sudo\` out there, or run \`sudo podman save --format oci-archive --output image.tar ${image}\` and set \`source: oci-archive:image.tar\`.`;
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
  if (means(stderr, 'absent')) {
    return new InputError('SOURCE_MISSING', {
      message: `There is no image "${image.image}" (\`source: ${source}\`): ${reason}.`,
      remedy: `Give a name or ID that \`${program} images\` lists in an earlier step of this job.${image.kind === 'containers-storage' ? ofRoot(image.image) : ''}`,
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
