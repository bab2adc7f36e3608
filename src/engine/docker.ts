/**
 * The Docker CLI of the runner, as the step uses it: build without buildx, push, pull.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildOutput, BuildRequest } from '../build/build-request.ts';
import { PermissionError, type PublishError, ToolError } from '../errors.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { lastLines } from '../text/cut.ts';
import type { Environment } from '../text/environment.ts';
import { buildFailure } from './build-failure.ts';
import { commonArguments, resourceArguments } from './buildx-arguments.ts';
import type { CommandResult, RunCommand } from './command.ts';
import { secretArguments } from './secret-files.ts';
import { judgeText, lastLine, means } from './tool-output.ts';

/** An image that was built. */
export interface Built {
  /** What the engine calls it: the digest of its config, or of its manifest in the containerd image store. */
  readonly imageId: string;
  /** Digest of the manifest or index that was pushed; `undefined` where nothing was. */
  readonly digest: Digest | undefined;
  /** buildx's own result (`--metadata-file`), JSON; empty without buildx. */
  readonly metadata: string;
}

export interface DockerPorts {
  readonly run: RunCommand;
  /** With DOCKER_CONFIG set to the private configuration. */
  readonly env: Environment;
  /** Private folder for results; holds nothing secret. */
  readonly temp: string;
  /** Receives what builds and pushes print. */
  readonly onOutput: (text: string) => void;
  /** Ends what waits without a child when it fires; children end by themselves. */
  readonly signal: AbortSignal;
  /** Runs an attempt again while its failure is transient. */
  readonly retry: <T>(what: string, attempt: () => Promise<T>) => Promise<T>;
}

/** What a build is made with beside the request. */
export interface BuildTarget {
  /** One `name:tag` for each repository: a tag moves only once all it points at is there. */
  readonly references: readonly string[];
  readonly push: boolean;
  /** Where the image goes that is published later. buildx alone can choose: elsewhere it is in the engine. */
  readonly output?: BuildOutput | undefined;
  /** Private folder of this build; removed with what is in it. */
  readonly folder: string;
  /** ID of a secret → the file that holds it. */
  readonly secrets: ReadonlyMap<string, string>;
}

/**
 * Builds, tags and pushes with the plain commands of the CLI.
 * @param usesBuildKit whether the CLI is to use the BuildKit that it has of its own (18.09 to 20.10)
 * @throws BuildError BUILD_FAILED; PermissionError PUSH_DENIED; ToolError PUSH_FAILED, DIGEST_MISSING
 */
export async function buildWithDocker(
  ports: DockerPorts,
  usesBuildKit: boolean,
  request: BuildRequest,
  target: BuildTarget,
): Promise<Built> {
  const { run, onOutput, retry } = ports;
  const env = { ...ports.env, DOCKER_BUILDKIT: usesBuildKit ? '1' : '0' };
  const idFile = join(target.folder, 'image-id');
  const kit = [
    ...['--progress', 'plain'],
    ...secretArguments(request.secrets, target.secrets),
    ...request.ssh.flatMap((entry) => ['--ssh', entry]),
  ];
  const argv = [
    ...(['docker', 'build'] as const),
    ...target.references.slice(0, 1).flatMap((main) => ['--tag', main]),
    ...commonArguments(request),
    ...resourceArguments(request),
    ...(usesBuildKit ? kit : []),
    ...['--iidfile', idFile, request.context],
  ] as const;
  await retry('Build', async () => {
    const result = await run(argv, { env, onOutput });
    if (result.exitCode !== 0) throw buildFailure(request, result, false);
  });
  const imageId = (await readFile(idFile, 'utf8')).trim();
  for (const reference of target.references.slice(1)) await tagImage(ports, imageId, reference);
  let digest: Digest | undefined;
  if (target.push) for (const reference of target.references) digest = await pushReference(ports, reference);
  return { imageId, digest, metadata: '' };
}

/** Gives an image of the engine a further name. @throws ToolError PUSH_FAILED */
async function tagImage({ run, env, onOutput }: DockerPorts, imageId: string, reference: string): Promise<void> {
  const result = await run(['docker', 'tag', imageId, reference], { env, onOutput });
  if (result.exitCode !== 0) throw pushFailure(`docker tag ${imageId} ${reference}`, result, env);
}

/**
 * Lets the engine push one of its images.
 * @returns digest of the manifest that it pushed
 */
async function pushReference({ run, env, onOutput, retry }: DockerPorts, reference: string): Promise<Digest> {
  const result = await retry(`Push of ${reference}`, async () => {
    const attempt = await run(['docker', 'push', reference], { env, onOutput });
    if (attempt.exitCode !== 0) throw pushFailure(`docker push ${reference}`, attempt, env);
    return attempt;
  });
  return printedDigest(`docker push ${reference}`, result);
}

/**
 * Names an image of the Docker engine after its destination, and lets the engine push it.
 * @param reference `name:tag`
 * @returns digest of the manifest that the engine pushed
 * @throws PermissionError PUSH_DENIED; ToolError PUSH_FAILED, DIGEST_MISSING
 */
export async function pushFromDaemon(ports: DockerPorts, imageId: string, reference: string): Promise<Digest> {
  await tagImage(ports, imageId, reference);
  return pushReference(ports, reference);
}

/**
 * docker asks a notary server for signatures, and writes them there, if DOCKER_CONTENT_TRUST is on
 * (https://docs.docker.com/engine/security/trust/). GitHub's registries have none, nor has any other that is not Docker's own.
 * @returns `undefined` if it is off
 */
function contentTrustFailure(message: string, detail: string, env: Environment): PublishError | undefined {
  // As Go's strconv.ParseBool reads it.
  if (!/^(?:1|t|true)$/i.test(env.DOCKER_CONTENT_TRUST ?? '')) return undefined;
  return new ToolError('CONTENT_TRUST_FAILED', {
    message: `${message} DOCKER_CONTENT_TRUST is on, so docker asked a notary server for signatures.`,
    remedy:
      'Set `DOCKER_CONTENT_TRUST: 0` in the `env` of this step. To sign the image, sign its digest in a later step, for example with cosign.',
    detail,
  });
}

/**
 * A command of an engine that failed to push; the words are those of `docker push` and `podman push`.
 * @param env of docker, whose DOCKER_CONTENT_TRUST may be what failed
 */
export function pushFailure(command: string, { exitCode, stderr }: CommandResult, env: Environment = {}): PublishError {
  const message = `\`${command}\` failed: ${lastLine(stderr) || `exit code ${exitCode}`}.`;
  if (means(stderr, 'refused')) {
    const remedy = 'Let this login push to the repository, in the settings of the registry.';
    return new PermissionError('PUSH_DENIED', { message, remedy, detail: stderr });
  }
  const untrusted = contentTrustFailure(message, stderr, env);
  if (untrusted !== undefined) return untrusted;
  return new ToolError('PUSH_FAILED', {
    message,
    remedy: 'See the output of the command above.',
    detail: stderr,
    retryable: judgeText(stderr, 0).transient,
  });
}

/**
 * The digest of a manifest or index as `docker push` ("TAG: digest: sha256:… size: …") and `docker pull`
 * ("Digest: sha256:…", https://docs.docker.com/reference/cli/docker/image/pull/) print it: what the registry has under the
 * reference. `RepoDigests` has every digest that the image was ever known by in a repository, in no order of time.
 * @param command that succeeded
 * @throws ToolError DIGEST_MISSING
 */
export function printedDigest(command: string, { stdout }: CommandResult): Digest {
  const digest = /\bdigest: (sha256:[0-9a-f]{64})\b/i.exec(stdout)?.[1] ?? '';
  if (isDigest(digest)) return digest;
  throw new ToolError('DIGEST_MISSING', {
    message: `\`${command}\` succeeded but named no digest.`,
    remedy:
      'Update Docker on the runner. If `docker` is Podman there, set `engine: podman`, or `source: containers-storage:NAME`.',
    detail: lastLines(stdout, 2000),
  });
}

/** An image that was pulled. */
export interface Pulled {
  readonly imageId: string;
  readonly digest: Digest;
}

/**
 * @param reference `name[:tag][@digest]`
 * @param platform `undefined` for the engine's own
 * @throws PermissionError PULL_DENIED; ToolError PULL_FAILED, DIGEST_MISSING
 */
export async function pull(
  { run, env, onOutput, retry }: DockerPorts,
  reference: string,
  platform: Platform | undefined,
): Promise<Pulled> {
  const options = platform === undefined ? [] : ['--platform', formatPlatform(platform)];
  const digest = await retry(`Pull of ${reference}`, async () => {
    const result = await run(['docker', 'pull', ...options, reference], { env, onOutput });
    if (result.exitCode !== 0) throw pullFailure('docker', reference, result, env);
    return printedDigest(`docker pull ${reference}`, result);
  });
  const inspected = await run(['docker', 'image', 'inspect', '--format', '{{.Id}}', reference], { env });
  if (inspected.exitCode !== 0) throw pullFailure('docker', reference, inspected);
  return { imageId: inspected.stdout.trim(), digest };
}

/** A pull that failed; the words are those of `docker pull` and `podman pull`. */
export function pullFailure(
  program: 'docker' | 'podman',
  reference: string,
  result: CommandResult,
  env: Environment = {},
): PublishError {
  const reason = lastLine(result.stderr) || `${program} pull ended with exit code ${result.exitCode}`;
  const facts = { message: `${reference} could not be pulled: ${reason}.`, detail: result.stderr };
  if (means(result.stderr, 'refused')) {
    const remedy = 'Let this login read the repository, in the settings of the registry.';
    return new PermissionError('PULL_DENIED', { ...facts, remedy });
  }
  const untrusted = contentTrustFailure(facts.message, result.stderr, env);
  if (untrusted !== undefined) return untrusted;
  const remedy = 'Check that the image, its tag and its platform exist in the registry.';
  return new ToolError('PULL_FAILED', { ...facts, remedy, retryable: judgeText(result.stderr, 0).transient });
}
