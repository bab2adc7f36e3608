/** Pulls one reference into Docker or Podman. */

import type { EngineWish } from '../build/build-request.ts';
import { type DockerPorts, type Pulled, pull } from '../engine/docker.ts';
import { readEngineFacts } from '../engine/docker-info.ts';
import { type PodmanPorts, pullWithPodman } from '../engine/podman.ts';
import { chooseEngine, podmanPortsOf, writePodmanLogins } from '../engine/podman-fallback.ts';
import { ToolError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { formatTagReference } from '../image/reference.ts';
import type { Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import { latest, type PullPlan } from '../plan/plan-pull.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { StepProcess } from '../step/process.ts';
import type { StepInUse } from '../step/run-in-step.ts';

/** The engine into which the image goes. */
type PullEngine =
  | { readonly program: 'docker'; readonly ports: DockerPorts }
  | { readonly program: 'podman'; readonly ports: PodmanPorts };

export async function openPullEngine(
  wish: EngineWish,
  { docker, config }: StepInUse,
  { env, log }: StepProcess,
): Promise<PullEngine> {
  const readDocker = async () => ({ docker: await readEngineFacts(docker, config.currentContext) });
  const chosen = wish === 'docker' ? undefined : await chooseEngine(wish, docker.env, readDocker);
  if (chosen === undefined || !('podman' in chosen)) return { program: 'docker', ports: docker };
  log.info(`Engine: Podman, because ${chosen.podman}`);
  const ports = podmanPortsOf(docker, config.folder);
  await writePodmanLogins(ports, config.folder, env);
  return { program: 'podman', ports };
}

/** With which later steps of the job are logged in, too. */
export function loginVariables(engine: PullEngine): Readonly<Record<string, string>> {
  return engine.program === 'podman'
    ? { REGISTRY_AUTH_FILE: engine.ports.authFile }
    : { DOCKER_CONFIG: engine.ports.env.DOCKER_CONFIG ?? '' };
}

export async function pullImage(
  { destinations: [{ registry, repository }], tag, digest, reference }: PullPlan,
  { program, ports }: PullEngine,
  client: RegistryClient,
  platform: Platform | undefined,
): Promise<Pulled> {
  if (registry.kind === 'docker' && tag !== undefined) {
    // An engine cannot pull from a Docker registry, which knows no digests; our own client can.
    const { loadFromRegistry } = await import('./load-from-registry.ts');
    return loadFromRegistry(client, program, ports, repository, tag, platform);
  }
  if (platform !== undefined) await checkPlatform(client, repository, digest ?? tag ?? latest, platform, reference);
  if (program === 'docker') return pull(ports, reference, platform);
  // Podman does not say which digest it pulled: the step asks for the digest first, and pulls by it.
  const known = digest ?? (await client.getManifest(repository, tag ?? latest)).digest;
  return pullWithPodman(ports, repository, known, tag && formatTagReference(repository, tag), platform);
}

/** An engine takes an image of another platform, where that is the only one, and says so at most. */
async function checkPlatform(
  client: RegistryClient,
  repository: Repository,
  at: Tag | Digest,
  platform: Platform,
  reference: string,
): Promise<void> {
  const { summarise } = await import('../source/image-content.ts');
  const { remoteContent } = await import('../source/remote-image.ts');
  const { platforms } = await summarise(remoteContent(client, repository, await client.getManifest(repository, at)));
  const there = Object.keys(platforms);
  const wanted = `${platform.os}/${platform.architecture}`;
  if (there.length === 0 || there.some((each) => each === wanted || each.startsWith(`${wanted}/`))) return;
  throw new ToolError('PULL_FAILED', {
    message: `${reference} is for ${there.join(', ')}, not for ${formatPlatform(platform)}.`,
    remedy:
      'Set `platform` to a platform that the image has, or leave it out. Or publish the image for that platform, too.',
  });
}
