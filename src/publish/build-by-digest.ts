/** Builds an image that gets no tag, in the way that the builder supports. */

import { join } from 'node:path';
import type { BuildRequest } from '../build/build-request.ts';
import type { Built } from '../engine/docker.ts';
import type { Engine } from '../engine/engine.ts';
import { type EngineDecision, resolveDigestPush } from '../engine/resolve-engine.ts';
import { ToolError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { SourceSpec } from '../image/transport.ts';

/** What the engine says of a build. */
interface Report {
  readonly imageId: string;
  /** buildx's own report, JSON; empty if another tool built. */
  readonly metadata: string;
}

export interface UnnamedBuild extends Report {
  /** The digest, if the builder has pushed; else where the image is, for our own client to push. */
  readonly result: Digest | SourceSpec;
}

/**
 * @param temp the step's folder, which goes with the step
 * @throws BuildError BUILD_FAILED; PermissionError PUSH_DENIED; ToolError COMMAND_FAILED, DIGEST_MISSING
 */
export async function buildByDigest(
  engine: Pick<Engine, 'build'>,
  request: BuildRequest,
  decision: EngineDecision,
  repositories: readonly Repository[],
  temp: string,
): Promise<UnnamedBuild> {
  const way = resolveDigestPush(decision);
  if (way === 'builder') {
    const { digest, ...report } = await pushByDigest(engine, request, decision, repositories);
    return { ...report, result: digest };
  }
  const archive = { kind: 'archive', file: join(temp, 'unnamed.tar') } as const;
  const { imageId, metadata } = await engine.build(
    request,
    decision,
    [],
    false,
    way === 'archive' ? archive : undefined,
  );
  const store = decision.kind === 'podman' ? 'containers-storage' : 'docker-daemon';
  const result: SourceSpec =
    way === 'archive' ? { kind: 'oci-archive', path: archive.file } : { kind: store, image: imageId };
  return { imageId, metadata, result };
}

/**
 * A builder outside of the engine builds, and pushes by digest.
 * @throws BuildError BUILD_FAILED; PermissionError PUSH_DENIED; ToolError COMMAND_FAILED, DIGEST_MISSING
 */
export async function pushByDigest(
  engine: Pick<Engine, 'build'>,
  request: BuildRequest,
  decision: EngineDecision,
  repositories: readonly Repository[],
): Promise<Report & { readonly digest: Digest }> {
  const names = repositories.map(formatRepository);
  const { imageId, metadata, ...built } = await engine.build(request, decision, [], true, {
    kind: 'registries',
    names,
  });
  return { imageId, metadata, digest: pushedDigest(built) };
}

/**
 * The digest of a push.
 * @throws ToolError DIGEST_MISSING
 */
export function pushedDigest({ digest }: Pick<Built, 'digest'>): Digest {
  if (digest !== undefined) return digest;
  throw new ToolError('DIGEST_MISSING', {
    message: 'The builder pushed the image but reported no digest.',
    remedy: 'Update the builder on the runner.',
  });
}
