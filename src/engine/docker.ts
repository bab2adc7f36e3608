/**
 * The Docker engine of the runner, as the step uses it: log in, build, push.
 */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PermissionError, type PublishError, ToolError } from '../errors.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { formatFamiliarName, parseReference } from '../image/reference.ts';
import type { Registry } from '../image/registry.ts';
import type { Repository } from '../image/repository.ts';
import { judgeText } from '../registry/retry.ts';
import { buildFailure } from './build-failure.ts';
import type { BuildRequest } from './build-request.ts';
import { buildxArguments, commonArguments, findBuildx, selectedBuilder } from './buildx.ts';
import type { CommandResult, Environment, RunCommand } from './command.ts';
import { type EngineFacts, readEngineFacts } from './facts.ts';

/** An image that was built. */
export interface Built {
  /** What the engine calls it: the digest of its config, or of its manifest in the containerd image store. */
  readonly imageId: string;
  /** Digest of the manifest or index that was pushed; `undefined` where nothing was. */
  readonly digest: Digest | undefined;
  /** buildx's own result (`--metadata-file`), JSON; empty without buildx. */
  readonly metadata: string;
}

/** How the image is going to be built, with what the engine can do. */
export type BuilderDecision = {
  /** As a clause: "…, because REASON". */
  readonly reason: string;
} /** `load`: the build must be told to leave its result with the engine. */ & (
  | { readonly kind: 'classic'; readonly load?: true }
  /** `buildx`: the plugin's path. */
  | { readonly kind: 'buildx'; readonly buildx: string }
);

/** What a look at the runner told about building. */
export interface BuilderFacts {
  readonly engine: EngineFacts;
  /** The plugin's path. */
  readonly buildx: string | undefined;
  /** `undefined` for the daemon's own BuildKit. */
  readonly selectedBuilder: string | undefined;
}

/**
 * @param usesDockerRegistry whether a push goes to GitHub's Docker registry. buildx asks for a manifest by its digest once it
 *   has pushed it, which that registry cannot answer; `docker push` does not.
 * @throws ToolError ENGINE_CANNOT, naming what would do it
 */
export function resolveBuilder(
  { engine, buildx, selectedBuilder: selected }: BuilderFacts,
  build: BuildRequest,
  usesDockerRegistry = false,
): BuilderDecision {
  const several = build.platforms.length > 1;
  const wanted = build.platforms.map(formatPlatform).join(', ');
  if (buildx === undefined) {
    if (several) {
      throw new ToolError('ENGINE_CANNOT', {
        message: `The platforms ${wanted} cannot be built in one run: the Docker CLI of this runner has no buildx plugin.`,
        remedy: 'Install the docker-buildx plugin on the runner, or build each platform on a runner of its own.',
      });
    }
    return { kind: 'classic', reason: 'the Docker CLI of this runner has no buildx plugin' };
  }
  if (usesDockerRegistry && !several) {
    return {
      kind: 'classic',
      load: true,
      reason: 'a Docker registry takes what `docker push` pushes, not what buildx does',
    };
  }
  if (selected !== undefined)
    return { kind: 'buildx', buildx, reason: `the builder "${selected}" is selected on this runner` };
  if (several && engine.imageStore === 'classic') {
    throw new ToolError('ENGINE_CANNOT', {
      message: `The platforms ${wanted} cannot be built in one run: the classic image store of this Docker engine (${engine.serverVersion}) holds one platform of an image.`,
      remedy:
        'Enable the containerd image store ({"features": {"containerd-snapshotter": true}} in /etc/docker/daemon.json), select a docker-container builder (docker/setup-buildx-action), or build each platform on a runner of its own.',
    });
  }
  return { kind: 'buildx', buildx, reason: 'the engine’s own BuildKit needs no builder container' };
}

export interface DockerPorts {
  readonly run: RunCommand;
  /** With DOCKER_CONFIG set to the private configuration. */
  readonly env: Environment;
  /** Private folder for results; holds nothing secret. */
  readonly temp: string;
  /** Receives what builds and pushes print. */
  readonly onOutput: (text: string) => void;
  /** Runs an attempt again while its failure is transient. */
  readonly retry: <T>(what: string, attempt: () => Promise<T>) => Promise<T>;
}

/**
 * How a build can reach a registry without a tag: the builder pushes by digest itself; or it writes an archive, or leaves
 * the image in the engine, for our own client to push. The `docker` driver of buildx pushes under tags only.
 */
export function resolveDigestPush(
  { engine, selectedBuilder: selected }: BuilderFacts,
  decision: BuilderDecision,
): 'builder' | 'archive' | 'engine' {
  if (decision.kind === 'buildx' && selected !== undefined) return 'builder';
  return decision.kind === 'buildx' && engine.imageStore === 'containerd' ? 'archive' : 'engine';
}

/** @returns what the engine is and how it would build */
export async function readBuilderFacts(
  { run, env }: Pick<DockerPorts, 'run' | 'env'>,
  config: {
    readonly folder: string;
    readonly currentContext: string | undefined;
    readonly pluginFolders: readonly string[];
  },
): Promise<BuilderFacts> {
  const [engine, buildx, selected] = await Promise.all([
    readEngineFacts(run, env, config.currentContext),
    findBuildx(config.folder, config.pluginFolders),
    selectedBuilder(config.folder, env),
  ]);
  return { engine, buildx, selectedBuilder: selected };
}

/**
 * Logs in with `docker login --password-stdin`: the password is on no command line.
 * @throws PermissionError LOGIN_REFUSED; ToolError ENGINE_MISSING
 */
export async function logIn(
  { run, env, retry }: DockerPorts,
  registry: Registry,
  username: string,
  password: string,
): Promise<void> {
  await retry(`Login to ${registry}`, async () => {
    const argv = ['docker', 'login', registry, '--username', username, '--password-stdin'] as const;
    const result = await run(argv, { env, input: password });
    if (result.exitCode !== 0) throw loginRefused(registry, result);
  });
}

function loginRefused(registry: Registry, result: CommandResult): PermissionError {
  const reason = lastLine(result.stderr) || `docker login ended with exit code ${result.exitCode}`;
  return new PermissionError('LOGIN_REFUSED', {
    message: `${registry} refused the login: ${reason}.`,
    remedy: `Check \`token\`: the job’s own token (leave it out), or a classic personal access token with the scope write:packages of the product that ${registry} belongs to.`,
    detail: result.stderr,
    retryable: judgeText(result.stderr, 0).transient,
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim().replace(/\.$/, '') ?? '';
}

/**
 * Builds the image and, when asked to, pushes it under one tag of each repository: a tag moves only once all it points at
 * is there.
 * @param references one `name:tag` for each repository
 * @throws BuildError BUILD_FAILED, PermissionError PUSH_DENIED, ToolError COMMAND_FAILED
 */
export async function build(
  ports: DockerPorts,
  decision: BuilderDecision,
  request: BuildRequest,
  references: readonly string[],
  repositories: readonly Repository[],
  push: boolean,
): Promise<Built> {
  const folder = await mkdtemp(join(ports.temp, 'build-'));
  try {
    return decision.kind === 'buildx'
      ? await buildWithBuildx(ports, decision.buildx, request, references, push, folder)
      : await buildClassic(ports, decision.load ?? false, request, references, repositories, push, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function buildWithBuildx(
  { run, env, onOutput, retry }: DockerPorts,
  buildx: string,
  request: BuildRequest,
  references: readonly string[],
  push: boolean,
  folder: string,
): Promise<Built> {
  const files = { metadata: join(folder, 'metadata.json'), imageId: join(folder, 'image-id') };
  const argv = buildxArguments(buildx, request, references, push, files);
  await retry(push ? 'Build and push' : 'Build', async () => {
    // Attestations are asked for or absent: buildx’s own default would turn a single image into an index.
    const result = await run(argv, { env: { ...env, BUILDX_NO_DEFAULT_ATTESTATIONS: '1' }, onOutput });
    if (result.exitCode !== 0) throw buildFailure(request, result, push);
  });
  const [metadata, imageId] = await Promise.all([
    readFile(files.metadata, 'utf8').catch(() => ''),
    readFile(files.imageId, 'utf8').catch(() => ''),
  ]);
  return { imageId: imageId.trim(), digest: push ? parsePushedDigest(metadata) : undefined, metadata };
}

function parsePushedDigest(metadata: string): Digest {
  const values: unknown = metadata === '' ? {} : JSON.parse(metadata);
  const digest =
    typeof values === 'object' && values !== null && 'containerimage.digest' in values
      ? values['containerimage.digest']
      : '';
  if (typeof digest === 'string' && isDigest(digest)) return digest;
  throw new ToolError('DIGEST_MISSING', {
    message: 'buildx pushed the image but reported no digest (containerimage.digest).',
    remedy: 'Update buildx on the runner to 0.8 or newer.',
  });
}

async function buildClassic(
  { run, env, onOutput, retry }: DockerPorts,
  load: boolean,
  request: BuildRequest,
  references: readonly string[],
  repositories: readonly Repository[],
  push: boolean,
  folder: string,
): Promise<Built> {
  const idFile = join(folder, 'image-id');
  const argv = [
    'docker',
    'build',
    ...references.slice(0, 1).flatMap((main) => ['--tag', main]),
    ...(load ? ['--load'] : []),
    ...commonArguments(request),
    '--iidfile',
    idFile,
    request.context,
  ] as const;
  await retry('Build', async () => {
    const result = await run(argv, { env: { ...env, BUILDX_NO_DEFAULT_ATTESTATIONS: '1' }, onOutput });
    if (result.exitCode !== 0) throw buildFailure(request, result, false);
  });
  const imageId = (await readFile(idFile, 'utf8')).trim();
  const command = async (...args: string[]): Promise<CommandResult> => {
    const result = await run(['docker', ...args], { env, onOutput });
    if (result.exitCode !== 0) throw pushFailure(`docker ${args.join(' ')}`, result);
    return result;
  };
  for (const reference of references.slice(1)) await command('tag', imageId, reference);
  if (!push) return { imageId, digest: undefined, metadata: '' };
  for (const reference of references) await retry(`Push of ${reference}`, () => command('push', reference));
  const inspected = await run(['docker', 'image', 'inspect', '--format', '{{json .RepoDigests}}', imageId], { env });
  return { imageId, digest: repoDigest(JSON.parse(inspected.stdout.trim() || '[]'), repositories), metadata: '' };
}

/** A failure of a command that talks to a registry. */
function pushFailure(command: string, result: CommandResult): ToolError {
  return new ToolError('PUSH_FAILED', {
    message: `\`${command}\` failed: ${lastLine(result.stderr) || `exit code ${result.exitCode}`}.`,
    remedy: 'See the output of the command above.',
    detail: result.stderr,
    retryable: judgeText(result.stderr, 0).transient,
  });
}

/** The digest by which the engine knows an image in one of the repositories, from its `RepoDigests`. */
function repoDigest(entries: unknown, repositories: readonly Repository[]): Digest {
  const names = repositories.map((repository) => `${formatFamiliarName(repository)}@`);
  for (const entry of Array.isArray(entries) ? entries : []) {
    const name = typeof entry === 'string' ? names.find((candidate) => entry.startsWith(candidate)) : undefined;
    const digest = name === undefined ? '' : String(entry).slice(name.length);
    if (isDigest(digest)) return digest;
  }
  throw new ToolError('DIGEST_MISSING', {
    message: 'The engine has the image but knows no digest of it (RepoDigests).',
    remedy: 'Install the docker-buildx plugin on the runner, which reports the digest it pushed.',
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
  await retry(`Pull of ${reference}`, async () => {
    const result = await run(['docker', 'pull', ...options, reference], { env, onOutput });
    if (result.exitCode !== 0) throw pullFailure(reference, result);
  });
  const format = '{"imageId":{{json .Id}},"digests":{{json .RepoDigests}}}';
  const inspected = await run(['docker', 'image', 'inspect', '--format', format, reference], { env });
  const answer: unknown = inspected.exitCode === 0 ? JSON.parse(inspected.stdout) : {};
  const isAnswer = typeof answer === 'object' && answer !== null && 'imageId' in answer && 'digests' in answer;
  const name = parseReference(reference).repository;
  return {
    imageId: isAnswer ? String(answer.imageId) : '',
    digest: repoDigest(isAnswer ? answer.digests : [], [name]),
  };
}

function pullFailure(reference: string, result: CommandResult): PublishError {
  const reason = lastLine(result.stderr) || `docker pull ended with exit code ${result.exitCode}`;
  const facts = { message: `${reference} could not be pulled: ${reason}.`, detail: result.stderr };
  if (/denied|unauthorized|forbidden/i.test(result.stderr)) {
    const remedy =
      'Grant the job `permissions: {packages: read}`, and this repository read access to the package (package settings, Manage Actions access).';
    return new PermissionError('PULL_DENIED', { ...facts, remedy });
  }
  const remedy = 'Check that the image, its tag and its platform exist in the registry.';
  return new ToolError('PULL_FAILED', { ...facts, remedy, retryable: judgeText(result.stderr, 0).transient });
}
