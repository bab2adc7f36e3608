/** Pushes an image that an engine holds. */

import type { Digest } from '../image/digest.ts';
import type { EngineImage } from '../image/transport.ts';
import { mismatch } from './move-tags.ts';
import type { PublishPorts } from './ports.ts';
import { placeOpened } from './push-by-client.ts';
import { type Confirm, mainReference, movedOf, type Placed, type Produced, type Target, withMoved } from './target.ts';

/** @throws RegistryError DIGEST_MISMATCH */
export async function readBack(target: Target, digest: Digest, { registry }: PublishPorts): Promise<Placed> {
  const [tag, ...unmoved] = target.tags;
  if (tag === undefined) throw new Error('an image was pushed without a tag');
  const manifest = await registry.getManifest(target.repository, tag);
  if (manifest.digest !== digest) throw mismatch(target.repository, tag, digest, manifest.digest);
  return { target, manifest, unmoved, isSeen: true };
}

/** An image of an engine: the Docker engine pushes it, but not to the Docker registry. */
export async function placeEngineImage(
  image: EngineImage,
  targets: readonly Target[],
  confirm: Confirm,
  ports: PublishPorts,
): Promise<Produced> {
  const { log, source, runStage } = ports;
  // Podman's is one that was built here, and may be an index.
  const imageId = image.kind === 'docker-daemon' ? await source.readImageId(image) : image.image;
  const confirmed = await confirm(targets);
  const placed: Placed[] = [];
  const isByClient = ({ kind }: Target): boolean => kind === 'docker' || image.kind !== 'docker-daemon';
  for (const target of confirmed.filter((each) => !isByClient(each))) {
    for (const reference of mainReference(target)) {
      try {
        const digest = await runStage('push', `Push of ${reference}`, () => source.pushFromDaemon(imageId, reference));
        placed.push(await readBack(target, digest, ports));
      } catch (error) {
        throw placed.reduce<unknown>((told, other) => withMoved(told, other.target, movedOf(other)), error);
      }
    }
  }
  const byClient = confirmed.filter(isByClient);
  if (byClient.some(({ kind }) => kind === 'docker')) {
    log.info('The Docker registry gets the image from this action: engines and it do not understand each other.');
  }
  if (byClient.length > 0) {
    placed.push(...(await placeOpened({ spec: image, referrers: false }, byClient, ports)));
  }
  const inOrder = targets.flatMap((target) => placed.filter((each) => each.target === target));
  return { placed: inOrder, imageId, metadata: '' };
}
