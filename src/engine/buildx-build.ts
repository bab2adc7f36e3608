/**
 * A build by buildx: runs the command line, and reads the reports that it leaves.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildRequest } from '../build/build-request.ts';
import { can } from '../build/capabilities.ts';
import { BuildError, type PublishError, ToolError } from '../errors.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { type JsonObject, parseJsonObject } from '../text/json.ts';
import { buildFailure } from './build-failure.ts';
import { buildxArguments } from './buildx-arguments.ts';
import { type BuildxBuilder, type BuildxPorts, imageIdIn, runBuildx } from './buildx-run.ts';
import type { CommandResult } from './command.ts';
import type { BuildTarget, Built } from './docker.ts';
import { parseWarnings } from './dockerfile-warnings.ts';
import type { EngineDecision } from './resolve-engine.ts';

async function readText(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}

/**
 * @throws BuildError BUILD_FAILED, CHECK_FAILED; PermissionError PUSH_DENIED; ToolError PUSH_FAILED, DIGEST_MISSING,
 *   BUILDER_DOWN
 */
export async function buildWithBuildx(
  ports: BuildxPorts,
  decision: EngineDecision,
  builder: BuildxBuilder,
  request: BuildRequest,
  target: BuildTarget,
): Promise<Built> {
  const { push, output } = target;
  const files = { metadata: join(target.folder, 'metadata.json'), imageId: join(target.folder, 'image-id') };
  const call = {
    ...{ buildx: builder.buildx, builder: builder.builder, push, output, files },
    isStored: decision.kind !== 'builder',
    references: target.references,
    canAnnotate: can(decision.kind, 'annotations') && !decision.isForClient,
    secrets: target.secrets,
  };
  await runBuildx(ports, decision, builder, {
    what: push ? 'Build and push' : 'Build',
    hasCacheTo: request.cacheTo.length > 0,
    argv: (usesCacheTo) => buildxArguments(usesCacheTo ? request : { ...request, cacheTo: [] }, call),
    isCheck: request.call !== 'build',
    failure: (result) =>
      request.call === 'build'
        ? buildFailure(request, result, push)
        : checkFailure(request, result, files.metadata, ports),
  });
  const [text, imageFile] = await Promise.all([readText(files.metadata), readText(files.imageId)]);
  const metadata = parseJsonObject(text) ?? {};
  ports.onWarnings(parseWarnings(metadata));
  const imageId = imageFile || imageIdIn(metadata, decision);
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
  const warnings = parseWarnings(parseJsonObject(await readText(metadataFile)) ?? {});
  if (warnings.length === 0) return buildFailure(request, result, false);
  ports.onWarnings(warnings);
  return new BuildError('CHECK_FAILED', {
    message: `The Dockerfile has ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}.`,
    remedy: 'See them on the lines of the Dockerfile; `# check=skip=RULE` at its head leaves a rule out.',
  });
}
