/** One run of buildx, whatever it builds: retries, a cache that cannot be written, and builders that are lost on the way. */

import { type PublishError, ToolError } from '../errors.ts';
import type { JsonObject } from '../text/json.ts';
import { isLostConnection, lastReason } from './build-failure.ts';
import type { CommandResult } from './command.ts';
import type { DockerPorts } from './docker.ts';
import type { DockerfileWarning } from './dockerfile-warnings.ts';
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

/** What is run. */
export interface BuildxCommand {
  /** For the log, if there is a retry. */
  readonly what: string;
  /** Whether the build writes a cache of its own. */
  readonly hasCacheTo: boolean;
  /** @param usesCacheTo `false` once that cache could not be written */
  readonly argv: (usesCacheTo: boolean) => Promise<readonly [string, ...string[]]> | readonly [string, ...string[]];
  /** The words of BuildKit in another form, before they are read. Default: as they are. */
  readonly wordsOf?: (stderr: string) => string;
  readonly failure: (result: CommandResult) => Promise<PublishError> | PublishError;
  /** Whether a failure is that of the command itself, whatever the builder does. */
  readonly isCheck?: boolean;
}

/** @throws what `failure` gives; ToolError BUILDER_DOWN */
export async function runBuildx(
  ports: BuildxPorts,
  { isMade }: Pick<EngineDecision, 'isMade'>,
  { builder, endpoints }: BuildxBuilder,
  { what, hasCacheTo, argv, wordsOf = (stderr) => stderr, failure, isCheck = false }: BuildxCommand,
): Promise<CommandResult> {
  const { run, onOutput, retry, warn } = ports;
  // A build has the attestations of the inputs and no others: buildx’s own default would turn a single image into an
  // index.
  const env = { ...ports.env, BUILDX_NO_DEFAULT_ATTESTATIONS: '1', BUILDX_METADATA_WARNINGS: '1' };
  let usesCacheTo = true;
  const attempt = async (): Promise<CommandResult> => {
    const ended = await run(await argv(usesCacheTo), { env, onOutput });
    if (ended.exitCode === 0) return ended;
    const result = { ...ended, stderr: wordsOf(ended.stderr) };
    if (isCheck) throw await failure(result);
    if (isMade && isLostConnection(result.stderr)) throw lostBuilder(builder ?? '', result);
    await throwIfNodeIsLost(endpoints, result);
    if (hasCacheTo && usesCacheTo && isCacheFailure(result.stderr)) {
      warn(`The cache could not be written, so the image goes without: ${lastReason(result.stderr)}`);
      usesCacheTo = false;
      return attempt();
    }
    throw await failure(result);
  };
  const result = await retry(what, attempt);
  for (const reason of ignoredCacheFailures(wordsOf(result.stderr))) warn(`The cache could not be written: ${reason}`);
  return result;
}

/**
 * What the engine calls an image. The containerd image store knows it by its manifest or index, the others by its configuration.
 * @param report of the image (`--metadata-file`)
 * @returns empty if the report has none
 */
export function imageIdIn(report: JsonObject, { kind }: Pick<EngineDecision, 'kind'>): string {
  const id = report[kind === 'docker-containerd' ? 'containerimage.digest' : 'containerimage.config.digest'];
  return typeof id === 'string' ? id : '';
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
