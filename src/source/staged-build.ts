/**
 * Builds a leg and brings it to its repositories under no name but its digest.
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildRequest } from '../engine/build-request.ts';
import {
  type BuilderDecision,
  type BuilderFacts,
  type Built,
  build,
  type DockerPorts,
  resolveDigestPush,
} from '../engine/docker.ts';
import { ToolError } from '../errors.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { RegistryClient } from '../registry/client.ts';

/**
 * @returns the image with its digest
 * @throws BuildError BUILD_FAILED; RegistryError; ToolError
 */
export async function buildByDigest(
  docker: DockerPorts,
  _registry: RegistryClient,
  decision: BuilderDecision,
  facts: BuilderFacts,
  request: BuildRequest,
  repositories: readonly Repository[],
): Promise<Built> {
  const way = resolveDigestPush(facts, decision);
  if (way === 'builder') {
    const output = { kind: 'registries', names: repositories.map(formatRepository) } as const;
    return await build(docker, decision, { ...request, output }, [], repositories, true);
  }
  const file = join(docker.temp, 'leg.tar');
  try {
    if (way === 'archive') {
      await build(docker, decision, { ...request, output: { kind: 'archive', file } }, [], repositories, false);
    }
    throw new ToolError('ENGINE_CANNOT', { message: 'not yet', remedy: '' });
  } finally {
    await rm(file, { force: true });
  }
}
