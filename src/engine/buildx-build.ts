/**
 * A build by buildx: runs the command line, and reads the reports that it leaves.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildRequest } from '../build/build-request.ts';
import { can } from '../build/capabilities.ts';
import { BuildError, type PublishError, ToolError } from '../errors.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { isObject, type JsonObject } from '../text/json.ts';
import { buildFailure, isLostConnection, lastReason } from './build-failure.ts';
import { buildxArguments } from './buildx-arguments.ts';
import type { CommandResult } from './command.ts';
import type { BuildTarget, Built, DockerPorts } from './docker.ts';
import { type DockerfileWarning, parseWarnings } from './dockerfile-warnings.ts';
import { findSilentEndpoints } from './own-builder.ts';
import type { EngineDecision } from './resolve-engine.ts';

export interface BuildxPorts extends DockerPorts {
  readonly warn: (message: string) => void;
  /** Told of what BuildKit finds odd about the Dockerfile. */
  readonly onWarnings: (warnings: readonly DockerfileWarning[]) => void;
}

/** What the builder is beside the decision. */
export interface BuildxBuilder {
  readonly buildx: string;
  readonly builder: string | undefined;
  /** Of its nodes, as far as they are known. */
  readonly endpoints: readonly string[];
}

async function readText(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}

function parseMetadata(text: string): JsonObject {
  const values: unknown = text === '' ? {} : JSON.parse(text);
  return isObject(values) ? values : {};
}

/**
 * @throws BuildError BUILD_FAILED, CHECK_FAILED; PermissionError PUSH_DENIED; ToolError PUSH_FAILED, DIGEST_MISSING,
 *   BUILDER_DOWN
 */
export async function buildWithBuildx(
  ports: BuildxPorts,
  decision: EngineDecision,
  { buildx, builder, endpoints }: BuildxBuilder,
  request: BuildRequest,
  target: BuildTarget,
): Promise<Built> {
  const { run, onOutput, retry, warn } = ports;
  const { push, output } = target;
  const files = { metadata: join(target.folder, 'metadata.json'), imageId: join(target.folder, 'image-id') };
  const isStored = decision.kind !== 'builder';
  const call = {
    ...{ buildx, builder, push, output, isStored, files },
    references: target.references,
    canAnnotate: can(decision.kind, 'annotations') && !decision.isForClient,
    secrets: target.secrets,
  };
  // A build has the attestations of the inputs and no others: buildx’s own default would turn a single image into an
  // index.
  const env = { ...ports.env, BUILDX_NO_DEFAULT_ATTESTATIONS: '1', BUILDX_METADATA_WARNINGS: '1' };
  let build = request;
  const attempt = async (): Promise<CommandResult> => {
    const result = await run(buildxArguments(build, call), { env, onOutput });
    if (result.exitCode === 0) return result;
    if (request.call !== 'build') throw await checkFailure(request, result, files.metadata, ports);
    if (decision.isMade && isLostConnection(result.stderr)) throw lostBuilder(builder ?? '', result);
    await throwIfNodeIsLost(endpoints, result);
    if (build.cacheTo.length > 0 && isCacheFailure(result.stderr)) {
      warn(`The cache could not be written, so the image goes without: ${lastReason(result.stderr)}`);
      build = { ...build, cacheTo: [] };
      return attempt();
    }
    throw buildFailure(request, result, push);
  };
  const result = await retry(push ? 'Build and push' : 'Build', attempt);
  for (const reason of ignoredCacheFailures(result.stderr)) warn(`The cache could not be written: ${reason}`);
  const [text, imageFile] = await Promise.all([readText(files.metadata), readText(files.imageId)]);
  const metadata = parseMetadata(text);
  ports.onWarnings(parseWarnings(metadata));
  // The containerd image store knows an image by its manifest or index, the others by its configuration.
  const id = metadata[decision.kind === 'docker-containerd' ? 'containerimage.digest' : 'containerimage.config.digest'];
  const imageId = imageFile || (typeof id === 'string' ? id : '');
  const digest = push && request.call === 'build' ? parsePushedDigest(metadata) : undefined;
  return { imageId, digest, metadata: text };
}

function parsePushedDigest(metadata: JsonObject): Digest {
  const digest = metadata['containerimage.digest'];
  if (typeof digest === 'string' && isDigest(digest)) return digest;
  throw new ToolError('DIGEST_MISSING', {
    message: 'buildx pushed the image but reported no digest (containerimage.digest).',
    remedy: 'Update buildx on the runner to 0.8 or newer.',
  });
}

/** A check that found something, or could not be made. */
async function checkFailure(
  request: BuildRequest,
  result: CommandResult,
  metadataFile: string,
  ports: BuildxPorts,
): Promise<PublishError> {
  const warnings = parseWarnings(parseMetadata(await readText(metadataFile)));
  if (warnings.length === 0) return buildFailure(request, result, false);
  ports.onWarnings(warnings);
  return new BuildError('CHECK_FAILED', {
    message: `The Dockerfile has ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}.`,
    remedy: 'See them on the lines of the Dockerfile; `# check=skip=RULE` at its head leaves a rule out.',
  });
}

/** A builder of the step's own that went away in the middle of a build. */
function lostBuilder(name: string, { stderr }: CommandResult): ToolError {
  return new ToolError('BUILDER_DOWN', {
    message: `The builder ${name} went away during the build: ${lastReason(stderr)}.`,
    remedy: 'Find out what ended BuildKit, or the engine that it ran in (memory, disk). Then run the job again.',
    detail: stderr,
  });
}

/** A node that went away is named, since buildx only says that some connection ended. */
async function throwIfNodeIsLost(endpoints: readonly string[], { stderr }: CommandResult): Promise<void> {
  if (endpoints.length > 0 && /^ > \[internal\] (?:waiting for connection|booting buildkit)/m.test(stderr)) {
    const isCluster = endpoints.some((endpoint) => endpoint.startsWith('kubernetes://'));
    throw new ToolError('BUILDER_DOWN', {
      message: `The builder does not respond: ${endpoints.join(', ')} did not become ready (${lastReason(stderr)}).`,
      remedy: isCluster
        ? 'See in the cluster why no pod ran (`kubectl get events`): its image, a quota, a node selector. The account of the kubeconfig must be allowed to make and delete deployments, and to run commands in pods. `timeout=5m` behind `kubernetes://` waits longer.'
        : 'Read what BuildKit says there. If it needs TLS, set BUILDER_NODE_0_AUTH_TLS_CACERT, BUILDER_NODE_0_AUTH_TLS_CERT and BUILDER_NODE_0_AUTH_TLS_KEY.',
      detail: stderr,
    });
  }
  const isConnection =
    /Unavailable|connection refused|error reading from server|closing transport|EOF|deadline exceeded|connection error/;
  if (endpoints.length === 0 || !isConnection.test(stderr)) return;
  const silent = await findSilentEndpoints(endpoints, 3000);
  if (silent.length === 0) return;
  const list = silent.map(({ endpoint, reason }) => `${endpoint} (${reason})`).join(', ');
  throw new ToolError('BUILDER_DOWN', {
    message: `A node of the builder went away during the build: ${list}.`,
    remedy: 'Find out why BuildKit stopped there (memory, disk, a machine that was reclaimed). Then run the job again.',
    detail: stderr,
  });
}

/** How BuildKit names the export of a cache, to whatever place (cache/remotecache, `Name`). */
const cacheExport = 'exporting (?:cache|to GitHub Actions Cache)';
const cacheHead = new RegExp(`^ > ${cacheExport}[^\\n]*:`, 'm');

/** Whether it was the export of a cache that ended the build. A push that fails ends the exports beside it, too. */
export function isCacheFailure(stderr: string): boolean {
  return cacheHead.test(stderr) && !/^failed to push\b/.test(lastReason(stderr));
}

/** What BuildKit says of caches that it could not write, if `ignore-error` lets it go on without them. */
function ignoredCacheFailures(progress: string): readonly string[] {
  const exports = [...progress.matchAll(new RegExp(`^#(\\d+) ${cacheExport}`, 'gm'))].map(([, step = '']) => step);
  return [...new Set(exports)].flatMap((step) =>
    [...progress.matchAll(new RegExp(`^#${step} (?:\\d+\\.\\d+ )?(?:ERROR|error): (.+)$`, 'gm'))].map(
      ([, reason = '']) => reason,
    ),
  );
}
