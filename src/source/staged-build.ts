/**
 * Builds an image that gets no tag, by whatever way this builder can.
 */

import { join } from 'node:path';
import type { BuildRequest } from '../engine/build-request.ts';
import {
  type BuilderDecision,
  type BuilderFacts,
  build,
  type DockerPorts,
  resolveDigestPush,
} from '../engine/docker.ts';
import type { Digest } from '../image/digest.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { SourceSpec } from './spec.ts';

export interface UnnamedBuild {
  readonly imageId: string;
  /** buildx's own report, JSON; empty without. */
  readonly metadata: string;
  /** The digest, where the builder has pushed; else where the image is, for our own client to push. */
  readonly result: Digest | SourceSpec;
}

/**
 * @throws BuildError BUILD_FAILED; PermissionError PUSH_DENIED; ToolError COMMAND_FAILED, DIGEST_MISSING
 */
export async function buildByDigest(
  docker: DockerPorts,
  decision: BuilderDecision,
  facts: BuilderFacts,
  request: BuildRequest,
  repositories: readonly Repository[],
): Promise<UnnamedBuild> {
  const way = resolveDigestPush(facts, decision);
  if (way === 'builder') {
    const output = { kind: 'registries', names: repositories.map(formatRepository) } as const;
    const { digest, ...built } = await build(docker, decision, { ...request, output }, [], repositories, true);
    if (digest === undefined) throw new Error('a push has no digest');
    return { ...built, result: digest };
  }
  // The step's folder goes with the step, and what is in it.
  const archive = { kind: 'archive', file: join(docker.temp, 'leg.tar') } as const;
  const output = way === 'archive' ? { output: archive } : {};
  const { imageId, metadata } = await build(docker, decision, { ...request, ...output }, [], repositories, false);
  const result: SourceSpec =
    way === 'archive' ? { kind: 'oci-archive', path: archive.file } : { kind: 'docker-daemon', image: imageId };
  return { imageId, metadata, result };
}
