/**
 * Podman, where there is no Docker: `podman build` and `push` with the step's private authentication file.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildRequest } from '../build/build-request.ts';
import { ToolError } from '../errors.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { formatDigestReference, parseReference } from '../image/reference.ts';
import { hostOf, isLoopbackHost, type Registry } from '../image/registry-name.ts';
import type { Repository } from '../image/repository.ts';
import { buildFailure } from './build-failure.ts';
import { commonArguments, resourceArguments } from './buildx-arguments.ts';
import type { CommandResult } from './command.ts';
import { type BuildTarget, type Built, type DockerPorts, type Pulled, pullFailure, pushFailure } from './docker.ts';
import { endContainers } from './podman-containers.ts';
import { secretArguments } from './secret-files.ts';
import { lastLine } from './tool-output.ts';

export interface PodmanPorts extends DockerPorts {
  /** In the step's private folder (containers-auth.json(5), which is the form of Docker's config.json). */
  readonly authFile: string;
}

/** A registry of this machine may speak plain HTTP, as Docker allows it too (dockerd, "insecure registries"). */
export function tlsOptions(registry: Registry): readonly string[] {
  return isLoopbackHost(hostOf(registry).replace(/:\d+$/, '')) ? ['--tls-verify=false'] : [];
}

/**
 * @throws BuildError BUILD_FAILED; PermissionError PUSH_DENIED; ToolError PUSH_FAILED, DIGEST_MISSING
 */
export async function buildWithPodman(ports: PodmanPorts, request: BuildRequest, target: BuildTarget): Promise<Built> {
  const { env, onOutput, retry, authFile } = ports;
  const idFile = join(target.folder, 'image-id');
  const isIndex = request.platforms.length > 1;
  // An index that gets no name still needs one; an image does not.
  const [main = `localhost/publish-docker-package:${crypto.randomUUID()}`] = target.references;
  // Podman adds to an index that has the name already, and does not build one in the place of an image; it takes the name
  // from an image only. That there is neither is no failure.
  const former = isIndex ? ([['manifest', 'rm'], ['untag']] as const) : [];
  for (const removal of former) await ports.run(['podman', ...removal, main], { env });
  const argv = [
    ...(['podman', 'build', '--authfile', authFile] as const),
    // Podman 4 takes a layer of one platform out of its cache for another.
    ...(isIndex
      ? ['--layers=false', '--manifest', main]
      : target.references.slice(0, 1).flatMap((reference) => ['--tag', reference])),
    ...commonArguments({ ...request, network: request.network === 'default' ? '' : request.network }),
    ...resourceArguments(request),
    ...secretArguments(request.secrets, target.secrets),
    ...request.ssh.flatMap((entry) => ['--ssh', entry]),
    ...request.buildContexts.flatMap((entry) => ['--build-context', entry]),
    ...request.annotations.flatMap(({ level, name, value }) =>
      /^manifest(?:\[|$)/.test(level) ? ['--annotation', `${name}=${value}`] : [],
    ),
    ...['--iidfile', idFile, request.context],
  ] as const;
  await retry('Build', async () => {
    const result = await ports.run(argv, { env, onOutput, askToEnd: endContainers });
    if (result.exitCode !== 0) throw buildFailure(request, result, false);
  });
  const command = async (...args: string[]): Promise<CommandResult> => {
    const result = await ports.run(['podman', ...args], { env, onOutput });
    if (result.exitCode !== 0) throw pushFailure(`podman ${args.join(' ')}`, result);
    return result;
  };
  const imageId = isIndex ? '' : (await readFile(idFile, 'utf8')).trim();
  // An index is pushed from its one name to each of the others.
  if (!isIndex) for (const reference of target.references.slice(1)) await command('tag', imageId, reference);
  const digest = target.push ? await push(ports, target, isIndex, command) : undefined;
  // An index has no configuration; its digest identifies it, and in the storage an ID of its own.
  if (isIndex) return { imageId: digest ?? (await readIndexId(main, command)), digest, metadata: '' };
  return { imageId, digest, metadata: '' };
}

/** The record that has the name; `podman image inspect` would give the image in it that is for this machine. */
async function readIndexId(name: string, command: (...args: string[]) => Promise<CommandResult>): Promise<string> {
  const { stdout } = await command('image', 'ls', '--no-trunc', '--quiet', '--filter', `reference=${name}`);
  return stdout.trim();
}

async function push(
  { retry, authFile }: PodmanPorts,
  { references, folder }: BuildTarget,
  isIndex: boolean,
  command: (...args: string[]) => Promise<CommandResult>,
): Promise<Digest> {
  const digestFile = join(folder, 'digest');
  const [main = 'image'] = references;
  for (const reference of references) {
    const { registry } = parseReference(reference).repository;
    await retry(`Push of ${reference}`, () =>
      command(
        ...(isIndex ? ['manifest', 'push', '--all'] : ['push']),
        ...['--authfile', authFile, '--digestfile', digestFile],
        ...tlsOptions(registry),
        ...[isIndex ? main : reference, `docker://${reference}`],
      ),
    );
  }
  const digest = (await readFile(digestFile, 'utf8').catch(() => '')).trim();
  if (isDigest(digest)) return digest;
  throw new ToolError('DIGEST_MISSING', {
    message: 'Podman pushed the image but reported no digest (--digestfile).',
    remedy: 'Update Podman on the runner to 2.1 or newer.',
  });
}

/**
 * Pulls what the registry has under a digest, and gives it a name.
 * @param name `name:tag`; `undefined` where the digest is the name
 * @param platform `undefined` for the machine's own
 * @throws PermissionError PULL_DENIED; ToolError PULL_FAILED
 */
export async function pullWithPodman(
  { run, env, onOutput, retry, authFile }: PodmanPorts,
  repository: Repository,
  digest: Digest,
  name: string | undefined,
  platform: Platform | undefined,
): Promise<Pulled> {
  const reference = formatDigestReference(repository, digest);
  const options = [
    ...['--authfile', authFile],
    ...tlsOptions(repository.registry),
    ...(platform === undefined ? [] : ['--platform', formatPlatform(platform)]),
  ];
  const imageId = await retry(`Pull of ${name ?? reference}`, async () => {
    const result = await run(['podman', 'pull', ...options, reference], { env, onOutput });
    if (result.exitCode !== 0) throw pullFailure('podman', name ?? reference, result);
    return `sha256:${lastLine(result.stdout)}`;
  });
  if (name !== undefined) {
    const tagged = await run(['podman', 'tag', imageId, name], { env, onOutput });
    if (tagged.exitCode !== 0) throw pullFailure('podman', name, tagged);
  }
  return { imageId, digest };
}
