/**
 * Builds a leg and brings it to its repositories under no name but its digest.
 */

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
import { formatRepository, type Repository } from '../image/repository.ts';
import type { RegistryClient } from '../registry/client.ts';
import { openSource } from './open.ts';
import { pushImage } from './push.ts';
import type { SourceSpec } from './spec.ts';

export interface LegPorts {
  readonly docker: DockerPorts;
  readonly client: RegistryClient;
  readonly log: (line: string) => void;
}

/**
 * The builder pushes where it can do so without a tag; elsewhere our own client does, from an archive or from the engine.
 * @returns the image with its digest
 * @throws BuildError BUILD_FAILED; RegistryError; ToolError
 */
export async function buildByDigest(
  { docker, client, log }: LegPorts,
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
  // The step's folder goes with the step, and what is in it.
  const archive = { kind: 'archive', file: join(docker.temp, 'leg.tar') } as const;
  const leg = way === 'archive' ? { ...request, output: archive } : request;
  const built = await build(docker, decision, leg, [], repositories, false);
  const spec: SourceSpec =
    way === 'archive'
      ? { kind: 'oci-archive', path: archive.file }
      : { kind: 'docker-daemon', image: built.imageId };
  const source = await openSource(spec, { client, docker });
  try {
    for (const repository of repositories) await pushImage(client, source, repository, { log });
    return { ...built, digest: source.root.digest };
  } finally {
    await source.close();
  }
}
