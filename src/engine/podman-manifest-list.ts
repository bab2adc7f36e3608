/**
 * Indexes in Podman's storage, which its commands call manifest lists (podman-manifest(1)). A list names images by digest,
 * and remembers of each where it is: in the storage, or in a registry, from where Podman fetches it when the list is copied.
 */

import { InputError, ToolError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { type IndexEntry, readEntries } from '../image/image-index.ts';
import { isObject, parseJson } from '../text/json.ts';
import type { CommandResult } from './command.ts';
import type { DockerPorts } from './docker.ts';
import { judgeText, lastLine } from './tool-output.ts';

type Commands = Pick<DockerPorts, 'run' | 'env'>;

/**
 * Whether a name or ID is that of an index (podman-manifest-exists(1): the exit code is 0 for one, 1 for anything else).
 * `podman image inspect` cannot tell: of an index it describes the image that is for this machine.
 * @throws ToolError ENGINE_MISSING
 */
export async function hasIndex({ run, env }: Commands, name: string): Promise<boolean> {
  return (await run(['podman', 'manifest', 'exists', name], { env })).exitCode === 0;
}

/**
 * What an index of the storage lists. Of any other name `podman manifest inspect` would ask a registry.
 * @throws ToolError COMMAND_FAILED
 */
async function readListed({ run, env }: Commands, name: string): Promise<readonly IndexEntry[]> {
  const result = await run(['podman', 'manifest', 'inspect', name], { env });
  if (result.exitCode !== 0) throw failure(`podman manifest inspect ${name}`, result, 'See what Podman says.');
  return readEntries({ bytes: Buffer.from(result.stdout) });
}

/**
 * Copies an index with every image that it lists into a folder, in the form that `openDirectory` reads. Signatures stay
 * behind: they are over manifests with other layers.
 * @param folder that is not there yet
 * @throws InputError SOURCE_INCOMPLETE for an index that lists nothing, or what Podman cannot get; ToolError COMMAND_FAILED
 */
export async function copyIndex(ports: DockerPorts, name: string, folder: string): Promise<void> {
  const { run, env, onOutput, retry } = ports;
  const listed = await readListed(ports, name);
  if (listed.length === 0) {
    throw new InputError('SOURCE_INCOMPLETE', {
      message: `The manifest list "${name}" lists no image: expected at least one.`,
      remedy: `Add each image in an earlier step of this job, with \`podman manifest add ${name} IMAGE\`.`,
    });
  }
  const command = ['podman', 'manifest', 'push', '--all', '--quiet', '--remove-signatures', name] as const;
  await retry(`Copy of ${name}`, async () => {
    const result = await run([...command, `dir:${folder}`], { env, onOutput });
    if (result.exitCode === 0) return;
    const absent = absentImages(listed, await readStored(ports));
    if (absent.length === 0) {
      throw failure(command.join(' '), result, 'Check that the disk of RUNNER_TEMP has room for the images.');
    }
    throw new InputError('SOURCE_INCOMPLETE', {
      message: `${absent.length} of the ${listed.length} images that the manifest list "${name}" lists are not in the storage of Podman, which could not fetch them either (${absent.join(', ')}): ${lastLine(result.stderr)}.`,
      remedy: `Add images that \`podman images --all\` lists, let Podman reach and read those that the list has by their name in a registry, or join what is in a registry with \`merge\`.`,
      detail: result.stderr,
      retryable: judgeText(result.stderr, 0).transient,
    });
  });
}

async function readStored({ run, env }: Commands): Promise<unknown> {
  return parseJson((await run(['podman', 'image', 'ls', '--all', '--format', 'json'], { env })).stdout);
}

/**
 * The images of an index that a storage does not have.
 * @param stored what `podman image ls --all --format json` prints
 */
export function absentImages(listed: readonly IndexEntry[], stored: unknown): readonly Digest[] {
  const known = new Set(
    (Array.isArray(stored) ? stored : []).flatMap((image: unknown): readonly string[] => {
      // An image that was pulled is known by the digest of its index, too, and the one or the other is the first.
      const { Digest: digest, RepoDigests: named } = isObject(image) ? image : {};
      return [digest, ...(Array.isArray(named) ? named : [])].flatMap((each) =>
        typeof each === 'string' ? [each.replace(/^.*@/, '')] : [],
      );
    }),
  );
  return listed.flatMap(({ digest }) => (known.has(digest) ? [] : [digest]));
}

function failure(command: string, { exitCode, stderr }: CommandResult, remedy: string): ToolError {
  return new ToolError('COMMAND_FAILED', {
    message: `\`${command}\` failed: ${lastLine(stderr) || `exit code ${exitCode}`}.`,
    remedy,
    detail: stderr,
  });
}
