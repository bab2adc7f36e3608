/** What the steps of a suite leave in an engine of the lab. */

import { spawnSync } from 'node:child_process';

/**
 * Removes images, if an engine is the lab's with the containerd image store. That goes through all of its images whenever one is
 * pushed: with 1,800 of them a push that is refused kept two processors busy for 15 s, with a dozen for 1 s.
 * @param engine the environment with which `docker` talks to it
 * @param isMeant takes `REPOSITORY:TAG`
 */
export function removeImages(engine: Readonly<Record<string, string>>, isMeant: (reference: string) => boolean): void {
  if (!engine.DOCKER_HOST?.includes('/engine-containerd/')) return;
  const docker = (...args: readonly string[]): string =>
    spawnSync('docker', args, { env: { ...process.env, ...engine }, encoding: 'utf8', timeout: 120_000 }).stdout ?? '';
  const listed = docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}').split('\n');
  const meant = listed.filter((each) => !each.includes('<none>') && isMeant(each));
  if (meant.length > 0) docker('image', 'rm', '--force', ...meant);
}
