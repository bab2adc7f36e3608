/**
 * Builds an image that gets no tag, by whatever way this builder can.
 */

import { join } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { type EngineDecision, resolveDigestPush } from '../engine/resolve-engine.ts';
import type { Digest } from '../image/digest.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { SourceSpec } from '../image/transport.ts';

export interface UnnamedBuild {
  readonly imageId: string;
  /** buildx's own report, JSON; empty without. */
  readonly metadata: string;
  /** The digest, where the builder has pushed; else where the image is, for our own client to push. */
  readonly result: Digest | SourceSpec;
}

/**
 * @param temp the step's folder, which goes with the step
 * @throws BuildError BUILD_FAILED; PermissionError PUSH_DENIED; ToolError COMMAND_FAILED, DIGEST_MISSING
 */
export async function buildByDigest(
  engine: Pick<Engine, 'build'>,
  decision: EngineDecision,
  repositories: readonly Repository[],
  temp: string,
): Promise<UnnamedBuild> {
  const way = resolveDigestPush(decision);
  if (way === 'builder') {
    const names = repositories.map(formatRepository);
    const { digest, ...built } = await engine.build(decision, [], true, { kind: 'registries', names });
    if (digest === undefined) throw new Error('a push has no digest');
    return { ...built, result: digest };
  }
  const archive = { kind: 'archive', file: join(temp, 'unnamed.tar') } as const;
  const { imageId, metadata } = await engine.build(decision, [], false, way === 'archive' ? archive : undefined);
  const store = decision.kind === 'podman' ? 'containers-storage' : 'docker-daemon';
  const result: SourceSpec =
    way === 'archive' ? { kind: 'oci-archive', path: archive.file } : { kind: store, image: imageId };
  return { imageId, metadata, result };
}
